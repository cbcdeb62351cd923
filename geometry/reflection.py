"""Colours of hidden places as their mirror images show them, where a subject is symmetric in shape and colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Camera, Float, Int
from .arrays import Points
from .axes import project
from .filters import sample
from .foreground import Foreground
from .symmetry import Mirror, find_mirror
from .visibility import View

__all__ = ["Reflection", "find_reflection"]

# How far in depth a mirror image may lie from the surface the picture shows there, in the view frame's unit: up to the
# first it is trusted, from the second on not.
_NEAR, _FAR = 0.03, 0.06
# Trust from which a vertex takes part in comparing both halves, and the fewest such pairs as a share of all vertices.
_SEEN, _PAIRS = 0.5, 0.01
# The halves agree where their colours differ by at most this part of what chance pairs differ by, or by so many of 255;
# beyond the last they never do.
_PART, _EQUAL, _UNLIKE = 0.5, 12.0, 60.0


@dataclass(frozen=True)
class Reflection:
    """A mirror plane, and the picture that shows what lies on the other side of it.

    ``hidden`` float32 [V]: 1 at vertices that need their images, 0 where the camera sees the surface, however badly.
    """

    mirror: Mirror
    hidden: Float
    camera: Camera
    view: View
    foreground: Foreground

    def colours(self, points: Float) -> tuple[Float, Float]:
        """The picture's colours float32 [N, 3] of the mirror images of points [N, 3] of the view frame, and how far to
        trust each, float32 [N] in 0..1: 0 where the image itself is hidden, or no surface is near it."""
        return _look_up(self.mirror.reflect(points), self.camera, self.view, self.foreground)


def _look_up(points: Float, camera: Camera, view: View, foreground: Foreground) -> tuple[Float, Float]:
    u, v, depth = project(points, camera)
    x, y = foreground.position(u, v)
    off = view.distance(u, v, depth)
    near = np.clip((_FAR - off) / (_FAR - _NEAR), 0, 1)
    half = view.size / 2
    trust = near * sample(view.trust, (u + 1) * half, (1 - v) * half) * sample(foreground.presence, x, y)
    return sample(foreground.colour, x, y), trust.astype(np.float32)


def find_reflection(
    vertices: Float, triangles: Int, camera: Camera, view: View, foreground: Foreground
) -> Reflection | None:
    """Find a mirror plane of a mesh whose two halves look alike as far as the picture shows both.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    triangles : int32 [T, 3]
    camera, view, foreground : the picture and what it shows of the mesh

    Returns
    -------
    Reflection or None
        None where the shape is not symmetric, the picture shows too little of both halves to tell, or they differ: what
        lies behind something symmetric from front to back alone, as a face, must not be repeated on its back.
    """
    mirror = find_mirror(vertices, triangles, camera)
    if mirror is None:
        return None
    reflection = Reflection(mirror, _hidden(len(vertices), triangles, view), camera, view, foreground)
    one, seen = _look_up(vertices, camera, view, foreground)
    other, also_seen = reflection.colours(vertices)
    both = np.flatnonzero((seen > _SEEN) & (also_seen > _SEEN))
    if len(both) < max(_PAIRS * len(vertices), 2):
        return None
    apart = _median_difference(one[both], other[both])
    by_chance = _median_difference(one[both], one[np.random.default_rng(0).permutation(both)])
    return reflection if apart <= min(max(_PART * by_chance, _EQUAL), _UNLIKE) else None


def _hidden(size: int, triangles: Int, view: View) -> Float:
    """1 at vertices [size] at least one triangle away from all that show in the view, else 0."""
    shown = np.zeros(size, np.bool_)
    shown[triangles[view.triangle]] = True
    shown[triangles[shown[triangles].any(1)]] = True
    return (~shown).astype(np.float32)


def _median_difference(one: Float, other: Float) -> float:
    apart: Points = np.linalg.norm((one - other).astype(np.float64), axis=1)
    return float(np.median(apart))

"""The upright plane about which a shape is its own mirror image, if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..contracts import Camera, Float, Int
from .arrays import Points
from .axes import view_to_object
from .triangles import area_vectors

__all__ = ["Mirror", "find_mirror"]

# The surface is marked on a grid with this many cells a side, a border of the farthest distance told apart around it.
_CELLS, _FARTHEST = 56, 4
_MARKS, _SAMPLES = 20_000, 1_000
# Candidate planes: their headings, every few degrees, and offsets from the middle in cells; then nearer to the best,
# where they may also lean, since the camera's elevation is an estimate.
_HEADINGS, _OFFSETS = np.radians(np.arange(0, 180, 6)), np.arange(-3.0, 4.0)
_FINER = np.radians([-4.0, -2.0, 0.0, 2.0, 4.0]), np.radians([-6.0, -3.0, 0.0, 3.0, 6.0]), np.array([-0.5, 0.0, 0.5])
# Mean distance of the mirror image from the shape, in cells, up to which it is its own.
_ALIKE = 0.7


@dataclass(frozen=True)
class Mirror:
    """The plane of the points p with ``normal . p == offset``; ``normal`` float64 [3] of unit length."""

    normal: Points
    offset: float

    def reflect(self, points: Float) -> Float:
        """The mirror images of points [N, 3]."""
        beyond = points @ self.normal.astype(np.float32) - np.float32(self.offset)
        return points - 2 * beyond[:, None] * self.normal.astype(np.float32)


def find_mirror(vertices: Float, triangles: Int, camera: Camera) -> Mirror | None:
    """Find the upright plane that mirrors a shape onto itself.

    Points spread evenly over the surface are reflected at many planes, and how far they then lie from the surface is
    read off a grid of distances.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    triangles : int32 [T, 3]
    camera : its elevation says where up is

    Returns
    -------
    Mirror or None
        In the view frame; None where the shape is not its own mirror image.
    """
    upright = view_to_object(vertices, camera.elevation)
    low, high = upright.min(0), upright.max(0)
    middle = (low + high) / 2
    scale = (_CELLS - 2 * _FARTHEST - 4) / max(float((high - low).max()), 1e-9)
    points = (_spread_points(upright, triangles, _MARKS) - middle) * scale
    distance, samples = _distances(points), points[:: _MARKS // _SAMPLES]
    _, heading, _, offset = min(_tried(samples, distance, _HEADINGS, np.zeros(1), _OFFSETS))
    error, heading, lean, offset = min(
        _tried(samples, distance, heading + _FINER[0], _FINER[1], offset + _FINER[2]),
    )
    if error > _ALIKE:
        return None
    normal = _normal(heading, lean)
    place = offset / scale + float(normal @ middle)
    return Mirror(view_to_object(normal.astype(np.float32), -camera.elevation).astype(np.float64), place)


def _spread_points(vertices: Float, triangles: Int, count: int) -> Float:
    """Middles of triangles, each taken as often as its area asks for, in a random order that is always the same."""
    area: Points = np.cumsum(np.linalg.norm(area_vectors(vertices, triangles), axis=1))
    evenly: Points = (np.arange(count) + 0.5) / count * area[-1]
    chosen = np.searchsorted(area, evenly)
    middles = vertices[triangles[np.minimum(chosen, len(triangles) - 1)]].mean(1)
    return middles[np.random.default_rng(0).permutation(count)].astype(np.float32)


def _distances(points: Float) -> Float:
    """Steps from each cell to the nearest one with a point, at most `_FARTHEST`: float32 [cells, cells, cells]."""
    near = np.zeros((_CELLS,) * 3, np.bool_)
    near[tuple(_cell(points).T)] = True
    distance = (~near).astype(np.float32)
    for _ in range(_FARTHEST - 1):
        grown = near.copy()
        for axis in range(3):
            wide, here = np.moveaxis(grown, axis, 0), np.moveaxis(near, axis, 0)
            wide[1:] |= here[:-1]
            wide[:-1] |= here[1:]
        near = grown
        distance += ~near
    return distance


def _cell(points: Float) -> Int:
    return np.clip(points + _CELLS / 2, 0, _CELLS - 1).astype(np.int32)


def _normal(heading: float, lean: float) -> Points:
    flat = np.cos(lean)
    return np.array([np.cos(heading) * flat, np.sin(heading) * flat, np.sin(lean)])


def _tried(
    samples: Float, distance: Float, headings: Points, leans: Points, offsets: Points
) -> list[tuple[float, float, float, float]]:
    """Mean distance of the reflected samples for each plane, with its heading, lean and offset."""
    found = list[tuple[float, float, float, float]]()
    for heading, lean, offset in product(headings, leans, offsets):
        image = Mirror(_normal(heading, lean), float(offset)).reflect(samples)
        found.append((float(distance[tuple(_cell(image).T)].mean()), float(heading), float(lean), float(offset)))
    return found

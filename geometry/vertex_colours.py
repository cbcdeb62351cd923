"""Colours of all vertices: the picture's where it shows the surface, a sensible guess elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Camera, Float, Int
from .arrays import Indices, Points
from .axes import view_to_object
from .diffuse import diffuse
from .filters import box_mean, sample
from .foreground import Foreground
from .pad import fill_gaps
from .palette import Palette, find_palette
from .reflection import Reflection
from .triangles import area_vectors, sum_at
from .visibility import LEAST_FACING, View

__all__ = ["VertexColours", "vertex_colours"]

# How firmly a vertex in full view is held to the picture, against about 1 for the pull of one edge.
_HOLD = 3.0
# What a pixel at an outline counts for its vertices beside one in full view.
_LEAST_TRUST = 0.02
# Distance over the surface, in half crop sides, from which a hidden place looks more like what is seen at the same
# height and side of the upright subject than like the nearest thing seen.
_REACH = 0.2
# How far colours are blurred for that, across and upwards, in half crop sides; and cells of the grid for it.
_BLUR = (0.3, 0.06)
_GRID = 96


@dataclass(frozen=True)
class VertexColours:
    """``values`` float32 [V, C] in 0..255, or in the range of the picture's values: smooth but for borders of colours.
    ``seen`` float32 [V] in 0..1: the share of the surface around each vertex that the picture shows. ``palette``: the
    few colours of the subject, and which of them each vertex has, int32 [V]; None where that was not asked for, or
    nothing is seen."""

    values: Float
    seen: Float
    palette: tuple[Palette, Int] | None


def vertex_colours(
    vertices: Float,
    triangles: Int,
    facing: Points,
    view: View,
    foreground: Foreground,
    camera: Camera,
    reflection: Reflection | None = None,
    few_colours: bool = True,
) -> VertexColours:
    """Average the picture around each vertex, and spread the colours from the seen parts over the others.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    triangles : int32 [T, 3]
    facing : float64 [T], see `facing_camera`
    view : the mesh seen from ``camera``
    foreground : the picture
    reflection : where the subject is symmetric, hidden parts take the colours of their mirror images
    few_colours : whether hidden parts keep to the few colours that the picture shows; False for values that are none
    """
    rows, columns = np.divmod(view.pixel, view.size)
    u = ((columns + 0.5) * (2 / view.size) - 1).astype(np.float32)
    v = (1 - (rows + 0.5) * (2 / view.size)).astype(np.float32)
    x, y = foreground.position(u, v)
    shown = (facing[view.triangle] > LEAST_FACING) * sample(foreground.presence, x, y)
    trust = shown * np.maximum(view.trust.ravel()[view.pixel], _LEAST_TRUST)
    corner = triangles[view.triangle].ravel().astype(np.int64)
    hold = _gather(trust, corner, view.weights, len(vertices))
    colour = sample(foreground.colour, x, y)
    total = [_gather(trust * colour[:, k], corner, view.weights, len(vertices)) for k in range(colour.shape[1])]
    own = np.stack(total, 1) / np.maximum(hold, 1e-12)[:, None]
    if (hold > 0).any():
        hold = _HOLD * np.minimum(hold / hold[hold > 0].mean(), 1)
    area = np.linalg.norm(area_vectors(vertices, triangles), axis=1)
    around = sum_at(triangles.ravel(), np.repeat(area / 3, 3), len(vertices))
    # The surface a pixel shows: the pixel's own size at that distance, more where the surface is slanted.
    distance = 1 + (view.weights * vertices[:, 1][triangles[view.triangle]]).sum(1) / camera.distance
    size = (2 / view.size * distance) ** 2 / np.maximum(facing[view.triangle], LEAST_FACING)
    seen = np.clip(_gather(shown * size, corner, view.weights, len(vertices)) / np.maximum(around, 1e-12), 0, 1)
    if reflection:
        own, hold = _with_images(vertices, own, hold, reflection)
    palette = find_palette(own, hold * around) if few_colours else None
    channels = own.shape[1]
    if palette:
        own = np.concatenate([own, palette.shares(own)], 1)
    guess = _colours_alike(vertices, own, hold * around, camera) if (hold > 0).any() else _mean_colour(foreground)
    pull = np.maximum(around, 1e-9) / _REACH**2
    strength = hold + pull
    target = (own * hold[:, None] + guess * pull[:, None]) / strength[:, None]
    colours = diffuse(target, strength, vertices, triangles)
    if not palette:
        return VertexColours(colours.astype(np.float32), seen.astype(np.float32), None)
    colours, shares = colours[:, :channels], colours[:, channels:]
    hidden = np.clip(1 - 2 * seen, 0, 1)[:, None]
    colours += hidden * (palette.purified(colours, shares) - colours)
    found = palette, shares.argmax(1).astype(np.int32)
    return VertexColours(colours.astype(np.float32), seen.astype(np.float32), found)


def _with_images(vertices: Float, own: Points, hold: Points, reflection: Reflection) -> tuple[Points, Points]:
    """Colours [V, 3] and how firmly they are held [V], joined by those of mirror images where nothing is seen."""
    image, trust = reflection.colours(vertices)
    added = _HOLD * trust * reflection.hidden
    total = hold + added
    return (own * hold[:, None] + image * added[:, None]) / np.maximum(total, 1e-12)[:, None], total


def _mean_colour(foreground: Foreground) -> Points:
    """The subject's mean colour, float64 [1, C]: all there is to go by when the picture shows nothing of the mesh."""
    colour = foreground.colour.reshape(foreground.presence.size, -1)
    return np.average(colour, axis=0, weights=foreground.presence.ravel() + 1e-6)[None]


def _gather(values: Points | Float, corner: Indices, weights: Float, size: int) -> Points:
    """Hand values of pixels [N] to the corners of their triangles [N * 3], by their weights [N, 3]: [size]."""
    return sum_at(corner, (weights * values[:, None]).ravel(), size)


def _colours_alike(vertices: Float, colours: Points, weight: Points, camera: Camera) -> Points:
    """What is seen, blurred, at the same height and side of the upright subject as each vertex: float64 [V, 3].

    Most things look alike from front and back at one height: legs in trousers, shoes, a roof. ``weight`` [V] says how
    much of a vertex is seen.
    """
    upright = view_to_object(vertices, camera.elevation)[:, [0, 2]]
    low = upright.min(0)
    scale = (_GRID - 1) / max(float(np.ptp(upright, axis=0).max()), 1e-9)
    place = ((upright - low) * scale + 0.5).astype(np.float32)
    cell = place[:, 1].astype(np.int64) * _GRID + place[:, 0].astype(np.int64)
    grid = [sum_at(cell, weight * channel, _GRID * _GRID) for channel in (*colours.T, np.ones(len(weight)))]
    blurred = [_blurred(values.reshape(_GRID, _GRID).astype(np.float32), scale) for values in grid]
    amount = blurred[-1] / max(float(blurred[-1].max()), 1e-12)
    colour = np.stack(blurred[:-1], 2) / np.maximum(blurred[-1], 1e-12)[:, :, None]
    filled = fill_gaps(colour, np.minimum(amount * 20, 1).astype(np.float32))
    return sample(filled, place[:, 0], place[:, 1]).astype(np.float64)


def _blurred(values: Float, scale: float) -> Float:
    """Two box windows in a row, wider across than upwards."""
    across, up = (max(round(reach * scale / 2), 1) for reach in _BLUR)
    for _ in range(2):
        values = box_mean(values, (up, across))
    return values

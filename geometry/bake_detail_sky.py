"""Ambient occlusion: how much of an evenly bright sky a point of a surface sees.

The surface is looked at from many directions spread evenly over the sphere. In each view a grid holds how far the
surface reaches towards the viewer and away from it; a point in front of what the grid holds sees that piece of sky.
The surface is laid into the grids as points, two a cell where it faces the viewer, which costs far less than drawing
its triangles; the few cells between them that get none are closed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int
from .arrays import Points, expand
from .triangles import area_vectors

__all__ = ["sky_share"]

_AXES = 64
"""Lines of sight, each used both ways."""
_GRID = 384
_PER_CELL = 2.0
_AT_ONCE = 1 << 17
_GOLDEN = (1 + 5**0.5) / 2
_STEEPEST = 8.0


def sky_share(
    points: Points,
    triangles: npt.NDArray[np.integer[Any]],
    at: Float,
    normals: Float,
    progress: Callable[[float], None] | None = None,
) -> Float:
    """Tell how open the sky is above points of a surface.

    Parameters
    ----------
    points : float64 [V, 3]
    triangles : int [T, 3]
    at : float32 [N, 3]
        Points on or near the surface.
    normals : float32 [N, 3]
        Unit normals there.
    progress : told how far it is, 0 to 1

    Returns
    -------
    float32 [N] in 0..1
        The share of the light of an even sky all around that arrives, weighted by the cosine to the normal. What lies
        nearer than about 0.5 % of the surface's size is not seen.
    """
    used = points[triangles.ravel()]
    middle = 0.5 * (used.min(axis=0) + used.max(axis=0))
    radius = max(float(np.linalg.norm(used - middle, axis=1).max()), 1e-30)
    cell = 2.0 * radius / (_GRID - 2)
    cover = ((_spread(points, triangles.astype(np.int32), cell) - middle) / cell).astype(np.float32)
    places = ((at - middle) / cell).astype(np.float32)
    light, whole = np.zeros(len(at), np.float32), np.zeros(len(at), np.float32)
    for number, frame in enumerate(_frames()):
        if progress is not None:
            progress(number / _AXES)
        top, bottom = _extents(cover, frame)
        for begin in range(0, len(at), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            facing = normals[part] @ frame[2]
            local = places[part] @ frame.T
            cells = _cells(local)
            slope = np.abs(facing)
            # Within a cell the point's own surface rises by its slope.
            slack = 0.75 + np.minimum(np.sqrt(1 - np.minimum(slope * slope, 1)) / np.maximum(slope, 1e-6), _STEEPEST)
            front = local[:, 2] + slack >= top[cells]
            back = local[:, 2] - slack <= bottom[cells]
            light[part] += slope * np.where(facing > 0, front, back)
            whole[part] += slope
    return light / np.maximum(whole, 1e-12)


def _frames() -> list[Float]:
    """Lines of sight evenly over half the sphere (a Fibonacci lattice): rows right, up and along, each turned."""
    number = np.arange(_AXES)
    height = (number + 0.5) / _AXES
    turn = 2 * np.pi * number / _GOLDEN
    flat = np.sqrt(1 - height**2)
    along = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], 1)
    right = np.stack([-np.sin(turn), np.cos(turn), np.zeros(_AXES)], 1)
    up = np.cross(along, right)
    # Turned by another angle each, so that the cells of the grids never line up.
    angle = 2 * np.pi * np.modf(number * _GOLDEN**2 / 3)[0][:, None]
    across, over = np.cos(angle) * right + np.sin(angle) * up, np.cos(angle) * up - np.sin(angle) * right
    return [np.stack(rows).astype(np.float32) for rows in zip(across, over, along, strict=True)]


def _cells(local: Float) -> Int:
    """The cells of the grid that points, in cells from its middle, fall into; always inside."""
    column, row = (np.clip((local[:, k] + _GRID / 2).astype(np.int32), 0, _GRID - 1) for k in (0, 1))
    return row * _GRID + column


def _extents(cover: Float, frame: Float) -> tuple[Float, Float]:
    """How far the surface reaches along a line of sight and against it, in each cell; infinitely little where empty."""
    local = cover @ frame.T
    cells = _cells(local)
    top, bottom = np.full(_GRID * _GRID, -np.inf, np.float32), np.full(_GRID * _GRID, np.inf, np.float32)
    height = np.ascontiguousarray(local[:, 2])
    np.maximum.at(top, cells, height)
    np.minimum.at(bottom, cells, height)
    return _closed(top), -_closed(-bottom)


def _closed(top: Float) -> Float:
    """Raise cells (flat) to the lower of the two beside them, or above and below them."""
    grid = top.reshape(_GRID, _GRID)
    wide = grid.copy()
    np.maximum(wide[:, 1:-1], np.minimum(grid[:, :-2], grid[:, 2:]), out=wide[:, 1:-1])
    np.maximum(wide[1:-1], np.minimum(grid[:-2], grid[2:]), out=wide[1:-1])
    return wide.ravel()


def _spread(points: Points, triangles: Int, cell: float) -> Points:
    """Points all over a surface, as many as cells times a factor, one at least in each triangle, well apart."""
    areas = np.linalg.norm(area_vectors(points, triangles), axis=1)
    count = np.maximum(np.rint(areas * (_PER_CELL / cell**2)), 1).astype(np.int64)
    owner, nth = expand(count)
    # The R2 sequence (Roberts 2018) fills a square evenly; folded over the diagonal it fills a triangle.
    plastic = 1.32471795724474602596
    v, w = np.modf(0.5 + (nth + owner) / plastic)[0], np.modf(0.5 + (nth + owner) / plastic**2)[0]
    over = v + w > 1
    v, w = np.where(over, 1 - v, v)[:, None], np.where(over, 1 - w, w)[:, None]
    a, b, c = (points[triangles[owner, corner]] for corner in range(3))
    return a + v * (b - a) + w * (c - a)

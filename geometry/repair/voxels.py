"""The distance from a surface on a grid, near it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ...contracts import Float
from ..arrays import Indices, Points, dot, expand

__all__ = ["count_cells", "grid_distance"]

_SPACING = 0.5
"""Between samples of the surface, in cells."""
_DISC = 0.6
"""Radius of the piece of surface that a cell's sample stands for, in cells: they overlap."""
_CHUNK = 200_000


def grid_distance(points: Points, triangles: Indices, shape: tuple[int, int, int], reach: float) -> Float:
    """Measure how far the cells near a surface are from it.

    In each cell the surface is taken for a flat disc at its sample nearest to the cell's centre: true to a small part
    of a cell on flat parts; near edges up to half a cell too little.

    Parameters
    ----------
    points : float64 [V, 3]
        In cells, 0 at the centre of the first; at least ``reach + 1`` from the grid's border.
    triangles : int64 [T, 3]
    shape : cells along each axis
    reach : float
        In cells.

    Returns
    -------
    float32 [X, Y, Z]
        In cells; ``reach`` wherever it is more.
    """
    cell, inside, normal = _discs(points, triangles, shape)
    distance = np.full(shape, reach, np.float32)
    flat = distance.ravel()
    strides = (shape[1] * shape[2], shape[2], 1)
    width = int(np.ceil(reach + 0.5))
    half = 0.5 * 3.0**0.5
    for shift in itertools.product(range(-width, width + 1), repeat=3):
        if sum(step * step for step in shift) ** 0.5 - half > reach + _DISC:
            continue
        x, y, z = (np.float32(shift[axis]) - inside[axis] for axis in range(3))
        height = x * normal[0] + y * normal[1] + z * normal[2]
        height *= height
        aside = np.sqrt(np.maximum(x * x + y * y + z * z - height, 0.0))
        aside = np.maximum(aside - np.float32(_DISC), 0.0)
        target = cell + sum(step * stride for step, stride in zip(shift, strides, strict=True))
        flat[target] = np.minimum(flat[target], np.sqrt(height + aside * aside))
    return distance


def count_cells(points: Points, triangles: Indices, size: float) -> int:
    """Count the cells of a grid that a surface passes, all but those it barely touches.

    Parameters
    ----------
    points : float64 [V, 3]
        Not negative.
    triangles : int64 [T, 3]
    size : float
        Of a cell.
    """
    places = points / size
    shape = np.ceil(places.max(axis=0)).astype(np.int64) + 1
    passed = np.zeros(int(shape.prod()), np.bool_)
    for _, place in _samples(places[triangles]):
        index = place.astype(np.int64)
        passed[(index[:, 0] * shape[1] + index[:, 1]) * shape[2] + index[:, 2]] = True
    return int(np.count_nonzero(passed))


def _discs(points: Points, triangles: Indices, shape: tuple[int, int, int]) -> tuple[Indices, Float, Float]:
    """One disc for each cell the surface passes: the cell, the disc's middle from the cell's centre, its normal.

    The cells are flat indices [N], the others float32 [3, N].
    """
    least = np.full(shape[0] * shape[1] * shape[2], np.inf, np.float32)
    kept: list[tuple[Indices, Float, Float, Float]] = []
    for triangle, place in _samples(points[triangles]):
        nearest = np.rint(place)
        inside = (place - nearest).astype(np.float32)
        index = nearest.astype(np.int64)
        cell = (index[:, 0] * shape[1] + index[:, 1]) * shape[2] + index[:, 2]
        square = (inside * inside).sum(axis=1)
        np.minimum.at(least, cell, square)
        best = square == least[cell]
        a, b, c = (points[triangles[triangle[best], i]] for i in range(3))
        kept.append((cell[best], square[best], inside[best], _normals(a, b, c)))
    cell, square, inside, normal = (np.concatenate(column) for column in zip(*kept, strict=True))
    best = np.flatnonzero(square == least[cell])
    best = best[np.unique(cell[best], return_index=True)[1]]
    return cell[best], np.ascontiguousarray(inside[best].T), np.ascontiguousarray(normal[best].T)


def _normals(a: Points, b: Points, c: Points) -> Float:
    """Unit normals of triangles, float32 [N, 3]; null for flat ones."""
    normal = np.cross(b - a, c - a)
    length = np.sqrt(dot(normal, normal))
    return (normal / np.where(length > 0, length, 1.0)[:, None]).astype(np.float32)


def _samples(corners: Points) -> Iterator[tuple[Indices, Points]]:
    """Points of triangles [T, 3, 3] no further apart than the spacing: triangles [N] and places [N, 3], in chunks.

    They lie in rows along each triangle's longest side.
    """
    sides = np.roll(corners, -1, axis=1) - corners
    longest = dot(sides, sides).argmax(axis=1)
    turn = (longest[:, None] + np.arange(3, dtype=np.int64)) % 3
    a, b, c = np.moveaxis(np.take_along_axis(corners, turn[:, :, None], 1), 1, 0)
    length = np.sqrt(dot(b - a, b - a))
    area: Points = np.cross(b - a, c - a)
    height = np.sqrt(dot(area, area)) / np.where(length > 0, length, 1.0)
    small = length <= _SPACING
    a[small] = b[small] = (a + b + c)[small] / 3.0
    height[small] = length[small] = 0.0
    n_rows = np.ceil(height / _SPACING).astype(np.int64) + 1
    for part in _parts(n_rows * (np.ceil(length / _SPACING).astype(np.int64) + 1)):
        owner, nth = expand(n_rows[part])
        owner = part[owner]
        up = nth / np.maximum(n_rows[owner] - 1, 1)
        n_steps = np.ceil(length[owner] * (1.0 - up) / _SPACING).astype(np.int64) + 1
        row, nth = expand(n_steps)
        along = nth / np.maximum(n_steps[row] - 1, 1)
        owner, up = owner[row], up[row][:, None]
        left, right = a[owner] * (1.0 - up) + c[owner] * up, b[owner] * (1.0 - up) + c[owner] * up
        yield owner, left + (right - left) * along[:, None]


def _parts(count: Indices) -> list[Indices]:
    """Split a range of things so that the counts in each part add up to about a chunk."""
    total = np.cumsum(count)
    cuts = np.searchsorted(total, np.arange(_CHUNK, int(total[-1]), _CHUNK, dtype=np.int64)) + 1
    parts = np.split(np.arange(len(count), dtype=np.int64), np.unique(cuts))
    return [part for part in parts if len(part)]

"""Faces of a mesh that cross each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Indices, Points, dot, expand

__all__ = ["crossing_faces"]

_CHUNK = 300_000
_TOUCH = 1e-12
"""A corner this near to the other face's plane, by the size of both faces, lies on it: well above rounding."""
_LENGTH = 1e-7
"""Faces must cross along more than this, by their size: coordinates are no more exact themselves."""


def crossing_faces(vertices: Float, triangles: Int) -> Mask:
    """Find the triangles that pass through another triangle.

    Two triangles cross when each has corners strictly on both sides of the other's plane and they share a stretch of
    the line where the planes meet (T. Moeller, "A fast triangle-triangle intersection test", 1997). So neighbours do
    not cross along the edge or at the corner they share, faces that only touch do not cross, and neither do faces
    that overlap in one plane; but faces that share a single corner and pass through each other beyond it do.

    Parameters
    ----------
    vertices : float32 [V, 3]
    triangles : int32 [T, 3]

    Returns
    -------
    bool [T]
    """
    crossing = np.zeros(len(triangles), np.bool_)
    points = vertices.astype(np.float64)
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    normals /= np.where(length > 0, length, 1.0)[:, None]
    for a, b in _near_pairs(corners.min(axis=1), corners.max(axis=1)):
        apart = _shared(triangles[a], triangles[b]) < 2
        a, b = a[apart], b[apart]
        size = np.maximum(np.sqrt(length[a]), np.sqrt(length[b]))
        heights_a = _heights(corners[a], corners[b, 0], normals[b], size)
        split = _both_sides(heights_a)
        a, b, heights_a, size = a[split], b[split], heights_a[split], size[split]
        heights_b = _heights(corners[b], corners[a, 0], normals[a], size)
        split = _both_sides(heights_b)
        a, b, heights_a, heights_b, size = a[split], b[split], heights_a[split], heights_b[split], size[split]
        line = np.cross(normals[a], normals[b])
        line /= np.maximum(np.linalg.norm(line, axis=1), 1e-300)[:, None]
        low_a, high_a = _stretch(corners[a] - corners[a, :1], line, heights_a)
        low_b, high_b = _stretch(corners[b] - corners[a, :1], line, heights_b)
        meet = np.minimum(high_a, high_b) - np.maximum(low_a, low_b) > _LENGTH * size
        crossing[a[meet]] = crossing[b[meet]] = True
    return crossing


def _shared(one: Int, other: Int) -> Indices:
    """How many corners two triangles share."""
    same = one[:, 0, None] == other
    same |= one[:, 1, None] == other
    same |= one[:, 2, None] == other
    return np.count_nonzero(same, axis=1)


def _heights(corners: Points, origin: Points, normal: Points, size: Points) -> Points:
    """The signed distances of three corners from a plane, 0 where they are no more than rounding."""
    heights = dot(corners - origin[:, None], normal[:, None])
    heights[np.abs(heights) <= _TOUCH * size[:, None]] = 0.0
    return heights


def _both_sides(heights: Points) -> Mask:
    return (heights.min(axis=1) < 0) & (heights.max(axis=1) > 0)


def _stretch(corners: Points, line: Points, heights: Points) -> tuple[Points, Points]:
    """The stretch of the planes' common line that each triangle covers: from where to where along it."""
    along = dot(corners, line[:, None])
    low, high = np.full(len(line), np.inf), np.full(len(line), -np.inf)
    for i in range(3):
        j = (i + 1) % 3
        h, g = heights[:, i], heights[:, j]
        cut = h * g < 0
        share = np.where(cut, h / np.where(cut, h - g, 1.0), 0.0)
        at = along[:, i] + share * (along[:, j] - along[:, i])
        on = cut | (h == 0)
        low = np.minimum(low, np.where(on, at, np.inf))
        high = np.maximum(high, np.where(on, at, -np.inf))
    return low, high


def _near_pairs(low: Points, high: Points) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of boxes that overlap, each once, in chunks.

    The boxes are sorted into grids by size: a box of level l is no larger than the cells of grid l, so it lies in at
    most eight of them, and meets the boxes of its level and of all finer levels there.

    Parameters
    ----------
    low, high : float64 [N, 3]
    """
    base = low.min(axis=0)
    low, high = low - base, high - base
    extent: Points = (high - low).max(axis=1)
    finest = float(np.median(extent)) or float(extent.max()) or 1.0
    level: Indices = np.ceil(np.log2(np.maximum(extent, finest) / finest)).astype(np.int64)
    for coarse in np.flatnonzero(np.bincount(level)):
        cell = finest * 2.0 ** int(coarse)
        members = np.flatnonzero(level == coarse)
        owner, keys = _cells(low[members], high[members], cell)
        order = np.argsort(keys, kind="stable")
        keys, owner = keys[order], members[owner[order]]
        guests = np.flatnonzero(level <= coarse)
        guest, wanted = _cells(low[guests], high[guests], cell)
        guest = guests[guest]
        begin = np.searchsorted(keys, wanted, "left")
        count = np.searchsorted(keys, wanted, "right") - begin
        for some in np.array_split(np.flatnonzero(count), 1 + int(count.sum()) // _CHUNK):
            entry, nth = expand(count[some])
            a, b = guest[some][entry], owner[begin[some][entry] + nth]
            yield _overlapping(a, b, wanted[some][entry], low, high, level, cell)


def _overlapping(
    a: Indices, b: Indices, key: Indices, low: Points, high: Points, level: Indices, cell: float
) -> tuple[Indices, Indices]:
    """The pairs that overlap, from the one cell that holds the lower corner of their overlap."""
    once = (level[a] < level[b]) | (a < b)
    a, b, key = a[once], b[once], key[once]
    corner = np.maximum(low[a], low[b])
    near = (corner <= np.minimum(high[a], high[b])).all(axis=1)
    near[near] = _key(np.floor(corner[near] / cell).astype(np.int64)) == key[near]
    return a[near], b[near]


def _key(cell: Indices) -> Indices:
    """One number per grid cell; the grids have far fewer than two million cells along an axis."""
    return (cell[:, 0] << 42) | (cell[:, 1] << 21) | cell[:, 2]


def _cells(low: Points, high: Points, cell: float) -> tuple[Indices, Indices]:
    """All grid cells each box lies in: the box, and the cell's key."""
    first = np.floor(low / cell).astype(np.int64)
    span = np.floor(high / cell).astype(np.int64) - first + 1
    owner, nth = expand(span.prod(axis=1))
    rest, z = np.divmod(nth, span[owner, 2])
    x, y = np.divmod(rest, span[owner, 1])
    return owner, _key(first[owner] + np.stack([x, y, z], axis=1))

"""Faces of a mesh that cross each other."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Mask
from .arrays import Indices, Points, in_columns
from .box_pairs import BoxGroups, Pairs, group_boxes, near_boxes, near_groups

__all__ = ["crossing_faces"]

_TOUCH = 1e-12
"""A corner this near to the other face's plane, by the size of both faces, lies on it: well above rounding."""
_LENGTH = 1e-7
"""Faces must cross along more than this, by their size: coordinates are no more exact themselves."""
_FACING = 1e-3
"""A triangle must face a view at least this much, by its cosine, to be told apart from others in it."""
_THREADS = min(4, os.cpu_count() or 1)
_NO_PAIRS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class _Triangles:
    """Triangles in the order of their boxes.

    ``vertex`` int64 [3, T]: their corners. ``at`` float64 [3, 3, T]: coordinate i of corner k is ``at[k, i]``.
    ``normal`` float64 [3, T], unit, and ``size`` float64 [T], the root of twice the area. ``spread`` bool [V]: the
    vertices whose triangles are known not to cross each other.
    """

    vertex: Indices
    at: Points
    normal: Points
    size: Points
    spread: Mask


def crossing_faces(
    vertices: npt.NDArray[np.floating[Any]], triangles: npt.NDArray[np.integer[Any]], ringed: Mask | None = None
) -> Mask:
    """Find the triangles that pass through another triangle.

    Two triangles cross when each has corners strictly on both sides of the other's plane and they share a stretch of
    the line where the planes meet (T. Moeller, "A fast triangle-triangle intersection test", 1997). So neighbours do
    not cross along the edge or at the corner they share, faces that only touch do not cross, and neither do faces
    that overlap in one plane; but faces that share a single corner and pass through each other beyond it do.

    Parameters
    ----------
    vertices : float [V, 3]
    triangles : int [T, 3]
    ringed : bool [V] or None
        Vertices at which every edge has two triangles that run along it in opposite directions, where known: much of
        the work is saved there.

    Returns
    -------
    bool [T]
    """
    at = in_columns(vertices, triangles)
    boxes = group_boxes(at.min(axis=0), at.max(axis=0))
    at = at.take(boxes.order, axis=2)
    vertex = np.stack([corner.astype(np.int64).take(boxes.order) for corner in triangles.T])
    normal = _cross(at[1] - at[0], at[2] - at[0])
    length = np.sqrt(_dot(normal, normal))
    normal /= np.where(length > 0, length, 1.0)
    spread = np.zeros(len(vertices), np.bool_)
    if ringed is not None:
        spread = ringed & _spread(vertex, at, normal, len(vertices))
    whole = _Triangles(vertex, at, normal, np.sqrt(length), spread)
    crossing = np.zeros(len(triangles), np.bool_)
    with ThreadPoolExecutor(_THREADS) as pool:
        for found in pool.map(partial(_crossing, whole, boxes), near_groups(boxes)):
            crossing[boxes.order[found]] = True
    return crossing


def _spread(vertex: Indices, at: Points, normal: Points, n_vertices: int) -> Mask:
    """Tell around which vertices the triangles do not overlap, seen from a direction that all of them face.

    Only for vertices with closed rings of consistent triangles. There as many triangles overlap in every direction from
    the vertex, and how many do in one is how often the corners around go from below a line through it to above.
    Triangles that do not overlap in a view do not cross.
    """
    view = np.stack([sum(np.bincount(index, along, n_vertices) for index in vertex) for along in normal])
    line = _cross(view, np.array([0.48, -0.64, 0.6])[:, None])
    facing = np.ones(n_vertices, np.bool_)
    layers = np.zeros(n_vertices, np.int64)
    side = [at[(k + 1) % 3] - at[k] for k in range(3)]
    for k, index in enumerate(vertex):
        towards = _dot(normal, np.stack([along.take(index) for along in view]))
        facing[index[towards <= _FACING]] = False
        up = np.stack([along.take(index) for along in line])
        rises = (_dot(side[k], up) < 0) & (_dot(-side[k - 1], up) >= 0)
        layers += np.bincount(index[rises], minlength=n_vertices)
    return facing & (layers == 1)


def _crossing(mesh: _Triangles, boxes: BoxGroups, groups: Pairs) -> Indices:
    """The triangles in pairs of groups that cross each other, some of them repeatedly."""
    a, b = _sharing_less_than_two(mesh, *near_boxes(boxes, groups))
    size = np.maximum(mesh.size[a], mesh.size[b])
    heights_a = _heights(mesh, a, b, size)
    split = _both_sides(heights_a)
    a, b, heights_a, size = a[split], b[split], heights_a.compress(split, axis=1), size[split]
    heights_b = _heights(mesh, b, a, size)
    split = _both_sides(heights_b)
    if not split.any():
        return _NO_PAIRS
    a, b, size = a[split], b[split], size[split]
    heights_a, heights_b = heights_a.compress(split, axis=1), heights_b.compress(split, axis=1)
    line = _cross(mesh.normal.take(a, axis=1), mesh.normal.take(b, axis=1))
    line /= np.maximum(np.sqrt(_dot(line, line)), 1e-300)
    origin = mesh.at[0].take(a, axis=1)
    low_a, high_a = _stretch(mesh.at.take(a, axis=2) - origin, line, heights_a)
    low_b, high_b = _stretch(mesh.at.take(b, axis=2) - origin, line, heights_b)
    meet = np.minimum(high_a, high_b) - np.maximum(low_a, low_b) > _LENGTH * size
    return np.concatenate([a[meet], b[meet]])


def _sharing_less_than_two(mesh: _Triangles, a: Indices, b: Indices) -> Pairs:
    """The pairs of triangles with at most one corner in common, and that not known to keep them apart."""
    one = [index.take(a) for index in mesh.vertex]
    other = [index.take(b) for index in mesh.vertex]
    common = np.zeros(len(a), np.int64)
    shared = np.zeros(len(a), np.int8)
    for index in one:
        same = index == other[0]
        same |= index == other[1]
        same |= index == other[2]
        shared += same
        common += index * same
    apart = np.flatnonzero((shared == 0) | ((shared == 1) & ~mesh.spread.take(common, mode="clip")))
    return a[apart], b[apart]


def _heights(mesh: _Triangles, one: Indices, other: Indices, size: Points) -> Points:
    """The signed distances [3, N] of a triangle's corners from another's plane, 0 where they are only rounding."""
    heights = np.zeros((3, len(one)))
    for axis in range(3):
        normal, origin = mesh.normal[axis].take(other), mesh.at[0, axis].take(other)
        for corner in range(3):
            heights[corner] += (mesh.at[corner, axis].take(one) - origin) * normal
    heights[np.abs(heights) <= _TOUCH * size] = 0.0
    return heights


def _both_sides(heights: Points) -> Mask:
    return (heights.min(axis=0) < 0) & (heights.max(axis=0) > 0)


def _stretch(corners: Points, line: Points, heights: Points) -> tuple[Points, Points]:
    """The stretch of the planes' common line that each triangle covers: from where to where along it."""
    along = [_dot(corner, line) for corner in corners]
    low, high = np.full(line.shape[1], np.inf), np.full(line.shape[1], -np.inf)
    for i in range(3):
        j = (i + 1) % 3
        h, g = heights[i], heights[j]
        cut = h * g < 0
        share = np.where(cut, h / np.where(cut, h - g, 1.0), 0.0)
        at = along[i] + share * (along[j] - along[i])
        on = cut | (h == 0)
        low = np.minimum(low, np.where(on, at, np.inf))
        high = np.maximum(high, np.where(on, at, -np.inf))
    return low, high


def _dot(a: Points, b: Points) -> Points:
    """Scalar products of vectors in the first axis: [3, ...] and [3, ...] give [...]."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Points, b: Points) -> Points:
    """Vector products of vectors in the first axis."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])

"""Which closed parts of a mesh lie inside another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Mask
from .arrays import Indices, Points, expand, in_columns
from .box_pairs import group_boxes, near_boxes, near_groups

__all__ = ["inner_shells"]

_SAMPLES = 3
_CHUNK = 2_000_000
_CELLS = 1024

# Rays run along Z. An odd turn of the mesh keeps them from hitting the edges of grids and of axis-aligned boxes.
_TURN = np.linalg.qr(np.array([[0.831, 0.217, -0.512], [-0.349, 0.877, -0.331], [0.428, 0.429, 0.795]]))[0]


def inner_shells(
    vertices: npt.NDArray[np.floating[Any]],
    triangles: npt.NDArray[np.integer[Any]],
    labels: npt.NDArray[np.integer[Any]],
    closed: Mask,
) -> Mask:
    """Find the closed parts that lie inside another closed part.

    A part lies inside another when the other winds around each of its vertices: a ray is sent from the vertex, and its
    crossings with the other part, counted by the side they are met from, do not cancel.

    Parameters
    ----------
    vertices : float [V, 3]
    triangles : int [T, 3]
    labels : int [T]
        The part of each triangle, 0..P - 1.
    closed : bool [P]
        Whether each part bounds a volume; the others neither hold nor are inner shells.

    Returns
    -------
    bool [P]
    """
    inner = np.zeros(len(closed), np.bool_)
    suspect, holder = _nested_boxes(vertices, triangles, labels, closed)
    if not suspect.any():
        return inner
    points = (vertices.astype(np.float64) - vertices.mean(axis=0)) @ _TURN
    use = holder[labels]
    at = in_columns(points, triangles[use])
    walls = _Walls(at, at[:, :2].min(axis=0), at[:, :2].max(axis=0), labels[use].astype(np.int64))
    use = suspect[labels]
    # A few vertices tell most parts apart; only those that seem to lie inside are looked at in full.
    inside, part = triangles[use].astype(np.int64), labels[use].astype(np.int64)
    maybe = np.isin(part, _held(walls, points, *_samples(inside, part)))
    corners = inside[maybe].ravel() + np.repeat(part[maybe], 3) * len(points)
    owner, vertex = np.divmod(np.unique(corners), len(points))
    inner[_held(walls, points, vertex, owner)] = True
    return inner


@dataclass(frozen=True)
class _Walls:
    """Triangles that may hold parts.

    ``at`` float64 [3, 3, T]: element [k, i] is coordinate i of corner k. ``low``, ``high`` float64 [2, T]: their boxes
    seen along Z. ``part`` int64 [T].
    """

    at: Points
    low: Points
    high: Points
    part: Indices


def _nested_boxes(
    vertices: npt.NDArray[np.floating[Any]],
    triangles: npt.NDArray[np.integer[Any]],
    labels: npt.NDArray[np.integer[Any]],
    closed: Mask,
) -> tuple[Mask, Mask]:
    """Closed parts whose box lies in that of another closed part; and those with a box around another's."""
    suspect, holder = np.zeros(len(closed), np.bool_), np.zeros(len(closed), np.bool_)
    number = np.flatnonzero(closed)
    if len(number) < 2:
        return suspect, holder
    low, high = np.full((3, len(closed)), np.inf), np.full((3, len(closed)), -np.inf)
    for axis, column in enumerate(vertices.T.astype(np.float64)):
        for corner in triangles.T:
            along = column.take(corner)
            np.minimum.at(low[axis], labels, along)
            np.maximum.at(high[axis], labels, along)
    low, high = low[:, number], high[:, number]
    boxes = group_boxes(low, high)
    for groups in near_groups(boxes):
        near = [boxes.order[place] for place in near_boxes(boxes, groups)]
        for a, b in (near, near[::-1]):
            within = ((low[:, b] <= low[:, a]) & (high[:, a] <= high[:, b])).all(axis=0)
            suspect[number[a[within]]] = holder[number[b[within]]] = True
    return suspect, holder


def _samples(corners: Indices, part: Indices) -> tuple[Indices, Indices]:
    """Some vertices of each part, well apart in its order, and their parts."""
    order = np.argsort(part, kind="stable")
    number, first, count = np.unique(part[order], return_index=True, return_counts=True)
    picks = [corners[order[first + (count - 1) * i // (_SAMPLES - 1)], i] for i in range(_SAMPLES)]
    return np.concatenate(picks), np.tile(number, _SAMPLES)


def _held(walls: _Walls, points: Points, vertex: Indices, part: Indices) -> Indices:
    """The parts of which all given vertices lie inside one and the same other part."""
    if not len(vertex):
        return part
    asked = np.bincount(part)
    origin, holder = _windings(walls, points.take(vertex, axis=0))
    held = part[origin]
    other = holder != held
    pairs, times = np.unique(np.stack([held[other], holder[other]]), axis=1, return_counts=True)
    return pairs[0, times == asked[pairs[0]]]


def _windings(walls: _Walls, origins: Points) -> tuple[Indices, Indices]:
    """The pairs of an origin and a part that winds around it."""
    pairs: list[Indices] = []
    turns: list[Indices] = []
    for triangle, origin in _candidates(walls.low, walls.high, origins):
        turn = _crossings(walls.at[:, :, triangle], origins[origin].T)
        hit = turn != 0
        pairs.append(np.stack([origin[hit], walls.part[triangle[hit]]]))
        turns.append(turn[hit])
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    met, inverse = np.unique(np.concatenate(pairs, axis=1), axis=1, return_inverse=True)
    winding = np.bincount(inverse.ravel(), np.concatenate(turns), minlength=met.shape[1])
    origin, part = met[:, winding != 0]
    return origin, part


@dataclass(frozen=True)
class _Grid:
    """A square grid of cells over a box of the plane, its corners float64 [2]."""

    low: Points
    high: Points
    size: int

    def cells(self, places: Points) -> Indices:
        """The cells of places [2, N], int64 [2, N]; those beyond the border count as on it."""
        scale = self.size / np.where(self.high > self.low, self.high - self.low, 1.0)
        cell = (places - self.low[:, None]) * scale[:, None]
        return np.clip(cell, 0, self.size - 1).astype(np.int64)


def _candidates(low: Points, high: Points, origins: Points) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of a triangle and an origin within its box (corners float64 [2, T]) seen along Z, in chunks.

    The origins are sorted into the cells of a grid; those in a run of cells along Y follow each other.
    """
    flat = np.ascontiguousarray(origins[:, :2].T)
    n_cells = min(4 * math.isqrt(len(origins)) + 1, _CELLS)
    grid = _Grid(flat.min(axis=1), flat.max(axis=1), n_cells)
    x, y = grid.cells(flat)
    by_cell = np.argsort(x * n_cells + y)
    filled = np.bincount(x * n_cells + y, minlength=n_cells * n_cells)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(filled)])
    total = np.pad(filled.reshape(n_cells, n_cells), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    (left, bottom), (right, top) = grid.cells(low), grid.cells(high) + 1
    met = total[right, top] - total[left, top] - total[right, bottom] + total[left, bottom]
    some = np.flatnonzero(met)
    for triangles in np.array_split(some, 1 + int((right - left)[some].sum()) // _CHUNK):
        owner, nth = expand((right - left)[triangles])
        triangle = triangles[owner]
        row = (left[triangle] + nth) * n_cells
        begin = start[row + bottom[triangle]]
        count = start[row + top[triangle]] - begin
        for runs in np.array_split(np.flatnonzero(count), 1 + int(count.sum()) // _CHUNK):
            entry, nth = expand(count[runs])
            origin = by_cell[begin[runs][entry] + nth]
            a = triangle[runs][entry]
            near = ((low[:, a] <= flat[:, origin]) & (flat[:, origin] <= high[:, a])).all(axis=0)
            yield a[near], origin[near]


def _crossings(at: Points, origins: Points) -> Indices:
    """How a ray up Z from each origin [3, N] crosses its triangle [3, 3, N]: 1 leaving, -1 entering, 0 not at all."""
    offset = at - origins
    area = np.empty((3, offset.shape[2]))
    for i in range(3):
        a, b = offset[(i + 1) % 3], offset[(i + 2) % 3]
        area[i] = a[0] * b[1] - a[1] * b[0]
    up, down = (area > 0).all(axis=0), (area < 0).all(axis=0)
    above = (area * offset[:, 2]).sum(axis=0) * np.sign(area.sum(axis=0)) > 0
    return (up.astype(np.int64) - down) * above

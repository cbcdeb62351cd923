"""Triangles that span a closed loop of points in space."""

from __future__ import annotations

import heapq
from collections.abc import Collection

import numpy as np

from ..arrays import Indices, Points

__all__ = ["span_loop"]

_EXACT = 90
"""Up to this many points the best of all triangulations is found; it takes the cube of their number."""

_BARRED = 1e3


def span_loop(points: Points, joined: Collection[tuple[int, int]] = ()) -> Indices:
    """Triangulate a closed loop.

    Short loops get the triangulation of least area (G. Barequet and M. Sharir, "Filling gaps in the boundary of a
    polyhedron", 1995), with a little weight on the length of its diagonals, which tells between the many of a flat
    loop. Longer ones are cut down corner by corner, the best ear first.

    Parameters
    ----------
    points : float64 [N, 3], N >= 3
        In order around the loop.
    joined : pairs of places around the loop, lower first
        Between which the mesh has an edge already, so that a diagonal there would have too many faces. They are used
        only where nothing else is left.

    Returns
    -------
    int64 [N - 2, 3]
        Indices of points, wound as the loop runs.
    """
    scale = float(np.abs(points - points[0]).max()) or 1.0
    points = (points - points[0]) / scale
    return _least_area(points, joined) if len(points) <= _EXACT else _ears(points, set(joined))


def _least_area(points: Points, joined: Collection[tuple[int, int]]) -> Indices:
    """The best triangulation, by dynamic programming over all stretches of the loop."""
    n = len(points)
    apart = 1e-3 * ((points[:, None] - points[None]) ** 2).sum(axis=2)
    for one, other in joined:
        apart[one, other] = _BARRED
    cost = np.zeros((n, n))
    choice = np.zeros((n, n), np.int64)
    for gap in range(2, n):
        first = np.arange(n - gap, dtype=np.int64)
        last = first + gap
        middle = first[:, None] + np.arange(1, gap, dtype=np.int64)
        one, two = points[middle] - points[first][:, None], points[last][:, None] - points[first][:, None]
        area = 0.5 * np.linalg.norm(np.cross(one, two), axis=2)
        total = cost[first[:, None], middle] + cost[middle, last[:, None]] + area
        best = np.argmin(total, axis=1)
        choice[first, last] = first + 1 + best
        cost[first, last] = total[first, best] + apart[first, last]
    triangles: list[tuple[int, int, int]] = []
    stretches = [(0, n - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        middle = int(choice[first, last])
        triangles.append((first, middle, last))
        stretches += [(first, middle), (middle, last)]
    return np.array(triangles, np.int64)


def _ears(points: Points, joined: Collection[tuple[int, int]]) -> Indices:
    """Cut the ear whose triangle is widest and faces as the whole loop does, again and again."""
    n = len(points)
    rows = [tuple(row) for row in points.tolist()]
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    up = tuple((normal / max(float(np.linalg.norm(normal)), 1e-300)).tolist())
    before, after = [(i - 1) % n for i in range(n)], [(i + 1) % n for i in range(n)]
    stamp = [0] * n

    def badness(corner: int) -> float:
        left, right = before[corner], after[corner]
        barred = (min(left, right), max(left, right)) in joined
        return _badness(rows[left], rows[corner], rows[right], up) + (_BARRED if barred else 0.0)

    heap = [(badness(i), i, 0) for i in range(n)]
    heapq.heapify(heap)
    triangles: list[tuple[int, int, int]] = []
    while len(triangles) < n - 2:
        _, corner, when = heapq.heappop(heap)
        if when != stamp[corner]:
            continue
        left, right = before[corner], after[corner]
        triangles.append((left, corner, right))
        after[left], before[right] = right, left
        stamp[corner] = -1
        for other in (left, right):
            stamp[other] += 1
            heapq.heappush(heap, (badness(other), other, stamp[other]))
    return np.array(triangles, np.int64)


_Row = tuple[float, ...]


def _badness(a: _Row, b: _Row, c: _Row, up: _Row) -> float:
    """How bad an ear is: the length of its cut, and much more if it faces backwards."""
    u = (b[0] - a[0], b[1] - a[1], b[2] - a[2])
    v = (c[0] - b[0], c[1] - b[1], c[2] - b[2])
    cross = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    facing = cross[0] * up[0] + cross[1] * up[1] + cross[2] * up[2]
    size = (cross[0] ** 2 + cross[1] ** 2 + cross[2] ** 2) ** 0.5
    cut = ((c[0] - a[0]) ** 2 + (c[1] - a[1]) ** 2 + (c[2] - a[2]) ** 2) ** 0.5
    return cut + (10.0 if facing < -0.2 * size else 0.0)

"""Triangulation of areas of the plane from their outlines: as round triangles as the outlines allow."""

from __future__ import annotations

from collections import deque

import numpy as np

from ...contracts import Mask
from ..arrays import Indices
from ..box_tree import morton_codes
from ..components import components
from ..hilbert import hilbert_codes
from .half_edges import HalfEdges, ahead, behind

__all__ = ["constrained_delaunay", "triangulate_inside"]

_HALVINGS = 14


def triangulate_inside(points: Indices, links: Indices) -> Indices:
    """Cut what lies inside outlines, nested to any depth, into triangles.

    Parameters
    ----------
    points : int64 [N, 2]
        All different, in whole units.
    links : int64 [E, 2]
        The sides of closed outlines that do not cross or touch each other; a point between two outlines is inside
        when an odd number of them is around it.

    Returns
    -------
    int64 [T, 3], counter-clockwise
    """
    triangles, depth, _ = constrained_delaunay(points, links)
    return triangles[depth % 2 == 1]


def constrained_delaunay(points: Indices, links: Indices) -> tuple[Indices, Indices, Indices]:
    """Triangulate points so that all links are sides, and as near to Delaunay's triangulation as that allows.

    Points are inserted along Hilbert's curve, links by turning the sides they cross (S. W. Sloan, "A fast algorithm for
    generating constrained Delaunay triangulations", 1993).

    Parameters
    ----------
    points : int64 [N, 2]
        All different.
    links : int64 [E, 2]
        Pairs of points; where one runs over a third point it becomes two. They must not cross each other.

    Returns
    -------
    triangles : int64 [T, 3]
        Counter-clockwise; those between the points and far away are left out.
    depth : int64 [T]
        The fewest links between a triangle and the far away.
    region : int64 [T]
        A number for what hangs together without crossing a link.

    Raises
    ------
    ValueError
        Points that coincide, or links that cross.
    """
    mesh = HalfEdges(*points.T.tolist())
    for point in _order(points).tolist():
        if not mesh.insert(point):
            raise ValueError("two points are the same")
    fixed: set[tuple[int, int]] = set()
    for a, b in links.tolist():
        _link(mesh, a, b, fixed)
    start = np.array(mesh.start, np.int64).reshape(-1, 3)
    depth, region = _regions(mesh, start, fixed, len(points))
    real = (start < len(points)).all(axis=1)
    return start[real], depth[real], region[real]


def _order(points: Indices) -> Indices:
    """Points so that near ones follow each other."""
    flat = np.concatenate([points, np.zeros((len(points), 1), np.int64)], axis=1).astype(np.float64)
    low, high = flat.min(axis=0), flat.max(axis=0)
    return np.argsort(hilbert_codes(morton_codes(flat, low, high + 1.0), _HALVINGS), kind="stable")


def _link(mesh: HalfEdges, a: int, b: int, fixed: set[tuple[int, int]]) -> None:
    """Make a pair of points the ends of a side, or of a row of sides through the points between."""
    while a != b:
        crossed, end = _crossed(mesh, a, b, fixed)
        if crossed:
            _turn_away(mesh, a, end, crossed, fixed)
        fixed.add((min(a, end), max(a, end)))
        a = end


def _crossed(mesh: HalfEdges, a: int, b: int, fixed: set[tuple[int, int]]) -> tuple[deque[tuple[int, int]], int]:
    """The sides between a and the first point on the way to b, and that point."""
    edge = -1
    for leaving in mesh.around(a):
        right, left = mesh.start[ahead(leaving)], mesh.start[behind(leaving)]
        if right == b:
            return deque(), b
        side, other = mesh.turn(a, b, right), mesh.turn(a, b, left)
        if side == 0 and _forward(mesh, a, b, right):
            return deque(), right
        if side < 0 < other:
            edge = ahead(leaving)
    crossed: deque[tuple[int, int]] = deque()
    while True:
        right, left = mesh.start[edge], mesh.start[ahead(edge)]
        if (min(right, left), max(right, left)) in fixed:
            raise ValueError("two links cross")
        crossed.append((right, left))
        other = mesh.twin[edge]
        tip = mesh.start[behind(other)]
        side = mesh.turn(a, b, tip)
        if side == 0:
            return crossed, tip
        edge = behind(other) if side < 0 else ahead(other)


def _forward(mesh: HalfEdges, a: int, b: int, c: int) -> bool:
    """Tell whether c lies ahead of a on the way to b."""
    x, y = mesh.x, mesh.y
    return (x[b] - x[a]) * (x[c] - x[a]) + (y[b] - y[a]) * (y[c] - y[a]) > 0


def _turn_away(mesh: HalfEdges, a: int, b: int, crossed: deque[tuple[int, int]], fixed: set[tuple[int, int]]) -> None:
    """Turn sides until none crosses the way from a to b, then round off those that are new."""
    new: list[tuple[int, int]] = []
    while crossed:
        p, q = crossed.popleft()
        edge = mesh.find(p, q)
        r, s = mesh.start[behind(edge)], mesh.start[behind(mesh.twin[edge])]
        if not mesh.turn(r, s, p) * mesh.turn(r, s, q) < 0:
            crossed.append((p, q))
            continue
        mesh.flip(edge)
        apart = {r, s}.isdisjoint((a, b)) and mesh.turn(a, b, r) * mesh.turn(a, b, s) < 0
        (crossed if apart else new).append((r, s))
    fixed.add((min(a, b), max(a, b)))
    waiting = deque(new)
    while waiting:
        p, q = waiting.popleft()
        if (min(p, q), max(p, q)) in fixed:
            continue
        edge = mesh.find(p, q)
        other = mesh.twin[edge]
        if edge >= 0 and other >= 0 and mesh.in_circle(edge, mesh.start[behind(other)]):
            r, s = mesh.start[behind(edge)], mesh.start[behind(other)]
            mesh.flip(edge)
            waiting += [(p, r), (r, q), (q, s), (s, p)]


def _regions(mesh: HalfEdges, start: Indices, fixed: set[tuple[int, int]], n_points: int) -> tuple[Indices, Indices]:
    """How many links each triangle is away from the rim, and its region."""
    flat = start.ravel()
    twin = np.array(mesh.twin, np.int64)
    end = np.roll(start, -1, axis=1).ravel()
    pairs = np.array(sorted(fixed), np.int64).reshape(-1, 2)
    limit = n_points + 3
    walls = np.minimum(flat, end) * limit + np.maximum(flat, end)
    wall: Mask = np.isin(walls, pairs[:, 0] * limit + pairs[:, 1])
    edge = np.flatnonzero(twin > np.arange(len(twin), dtype=np.int64))
    one, other = edge // 3, twin[edge] // 3
    open_ = ~wall[edge]
    region = components(len(start), one[open_], other[open_])
    depth = np.full(len(start), -1, np.int64)
    depth[region == region[np.flatnonzero(twin < 0)[0] // 3]] = 0
    a, b = region[one[~open_]], region[other[~open_]]
    level = 0
    while len(a):
        # Regions beside those of this level that have none yet are one link deeper.
        beside = np.concatenate([b[depth[a] == level], a[depth[b] == level]])
        beside = np.unique(beside[depth[beside] < 0])
        if not len(beside):
            break
        level += 1
        depth[np.isin(region, beside)] = level
    return depth, region

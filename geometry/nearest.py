"""The nearest point of a surface, for many points at once, and how far surfaces are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import MeshError
from .arrays import Indices, Points, dot
from .box_tree import BRANCHES, LEAF, Boxes, build_tree, morton_codes
from .point_triangle import nearest_on_triangles, triangle_rows

__all__ = ["NearestSurface", "distance_between", "surface_samples"]

_GROUP = 8
"""Queries that go down the tree together."""
_PAIRS = 30_000
"""More pairs of a query and a box than this are looked at in parts, small enough for the processor's cache."""
_SLACK = 1.0 + 1e-9
"""Squared distances are compared with this much room for rounding."""


@dataclass(frozen=True)
class _Best:
    """The nearest known so far: squared distances [N], triangles [N] and the weights [N] of corners 1 and 2."""

    square: Points
    triangle: Indices
    v: Points
    w: Points

    def improve(self, query: Indices, other: _Best) -> None:
        """Take what is nearer; a query may come more than once."""
        np.minimum.at(self.square, query, other.square)
        won = other.square == self.square[query]
        query = query[won]
        self.triangle[query], self.v[query], self.w[query] = other.triangle[won], other.v[won], other.w[won]
        # Where two are equally near the last one is taken, and its own distance is the same.


@dataclass(frozen=True)
class _Seekers:
    """Queries or groups of them: their boxes [N, 3], and the squared distance [N] within which they look."""

    low: Points
    high: Points
    reach: Points


class NearestSurface:
    """Triangles, sorted so that the nearest of them is found quickly."""

    def __init__(self, points: Points, triangles: Indices) -> None:
        """Sort triangles; flat ones count as the lines or points they are.

        Parameters
        ----------
        points : float64 [V, 3]
            Finite.
        triangles : int64 [T, 3]

        Raises
        ------
        MeshError
            If there are no triangles.
        """
        if not len(triangles):
            raise MeshError("The mesh has no faces; choose an object that has some.")
        corners = points[triangles].astype(np.float64)
        low: Points = corners.min(axis=(0, 1))
        high: Points = corners.max(axis=(0, 1))
        self._origin: Points = 0.5 * (low + high)
        corners -= self._origin
        self._box = low - self._origin, high - self._origin
        self._tree = build_tree(corners)
        self._rows = triangle_rows(corners)
        self._centres: Points = corners.mean(axis=1)
        codes = morton_codes(self._centres, *self._box)
        self._by_code = np.argsort(codes, kind="stable")
        self._codes = codes[self._by_code]

    def find(self, queries: Points, limit: float | None = None) -> tuple[Points, Indices, Points]:
        """Find the point of the surface nearest to each query.

        Parameters
        ----------
        queries : float64 [N, 3]
            Finite.
        limit : float
            Do not look further than this.

        Returns
        -------
        distance : float64 [N]
            Infinite beyond the limit.
        triangle : int64 [N]
            The triangle it lies on, -1 beyond the limit.
        barycentric : float64 [N, 3]
            The weights of the triangle's corners that give the point; not negative, 0 beyond the limit.
        """
        n = len(queries)
        if not n:
            return np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3))
        queries = queries - self._origin
        order = np.argsort(morton_codes(queries, queries.min(axis=0), queries.max(axis=0)), kind="stable")
        best = self._search(queries[order], np.inf if limit is None else limit * limit)
        found = best.triangle >= 0
        distance, triangle, weights = np.empty(n), np.empty(n, np.int64), np.empty((n, 3))
        distance[order] = np.sqrt(np.where(found, best.square, np.inf))
        triangle[order] = best.triangle
        weights[order] = np.stack([np.where(found, 1.0 - best.v - best.w, 0.0), best.v, best.w], axis=1)
        return distance, triangle, weights

    def place(self, triangle: Indices, barycentric: Points) -> Points:
        """The points [N, 3] of the surface that `find` gave as triangles and weights."""
        rows = self._rows[triangle]
        return self._origin + rows[:, :3] + barycentric[:, 1:2] * rows[:, 3:6] + barycentric[:, 2:] * rows[:, 6:9]

    def _search(self, queries: Points, limit: float) -> _Best:
        """Answer queries that are sorted so that neighbours are near each other.

        Groups of queries go down the tree together until the boxes get smaller than the groups, then each by itself.
        """
        n = len(queries)
        best = _Best(np.full(n, limit), np.full(n, -1, np.int64), np.zeros(n), np.zeros(n))
        self._guess(queries, best)
        first = np.arange(0, n, _GROUP, dtype=np.int64)
        low: Points = np.minimum.reduceat(queries, first)
        high: Points = np.maximum.reduceat(queries, first)
        square: Points = best.square.copy()
        reach: Points = np.maximum.reduceat(square, first)
        groups, singles = _Seekers(low, high, reach), _Seekers(queries, queries, square)
        last = len(self._tree.levels) - 1
        top = np.arange(len(self._tree.levels[0].low), dtype=np.int64)
        stack = [(0, groups, np.repeat(np.arange(len(first), dtype=np.int64), len(top)), np.tile(top, len(first)))]
        while stack:
            level, seekers, who, node = stack.pop()
            if not len(who):
                continue
            if len(who) > _PAIRS and who[0] != who[-1]:
                half = int(np.count_nonzero(who < (int(who[0]) + int(who[-1]) + 1) // 2))
                stack += [(level, seekers, who[half:], node[half:]), (level, seekers, who[:half], node[:half])]
                continue
            boxes = self._tree.levels[level]
            who, node = _near_nodes(boxes, seekers, who, node)
            if seekers is groups:
                extent: Points = (groups.high[who] - groups.low[who]).max(axis=1)
                alone = extent > (boxes.typical if level < last else -1.0)
                stack.append((level, singles, *_separate(who[alone], node[alone], n)))
                who, node = who[~alone], node[~alone]
            elif level == last:
                self._visit(queries, best, who, node)
                continue
            children = node[:, None] * BRANCHES + np.arange(BRANCHES, dtype=np.int64)
            stack.append((level + 1, seekers, np.repeat(who, BRANCHES), children.ravel()))
        return best

    def _guess(self, queries: Points, best: _Best) -> None:
        """Start from the best of the triangles that stand beside each query in the order of the codes."""
        place = np.searchsorted(self._codes, morton_codes(queries, *self._box))
        beside = place[:, None] + np.arange(-2, 2, dtype=np.int64)
        beside = self._by_code[np.clip(beside, 0, len(self._codes) - 1)]
        offset = self._centres[beside] - queries[:, None]
        nearest = dot(offset, offset).argmin(axis=1)
        rows = np.arange(len(queries), dtype=np.int64)
        self._compare(queries, best, rows, beside[rows, nearest][:, None])

    def _visit(self, queries: Points, best: _Best, query: Indices, leaf: Indices) -> None:
        """Compare queries with the triangles of leaves, the nearest leaf of each query first."""
        if not len(query):
            return
        boxes = self._tree.levels[-1]
        gap = _gap(boxes.low[leaf], boxes.high[leaf], queries[query], queries[query])
        first = np.flatnonzero(np.diff(query, prepend=-1))
        nearest = np.repeat(np.minimum.reduceat(gap, first), np.diff(np.append(first, len(query))))
        for some in (gap <= nearest, gap > nearest):
            some &= gap <= best.square[query] * _SLACK
            inside = leaf[some][:, None] * LEAF + np.arange(LEAF, dtype=np.int64)
            self._compare(queries, best, query[some], self._tree.order[inside])

    def _compare(self, queries: Points, best: _Best, query: Indices, triangles: Indices) -> None:
        """Improve on the best of queries [M] by triangles [M, K]."""
        for part in np.array_split(np.arange(len(query), dtype=np.int64), 1 + triangles.size // _PAIRS):
            asked, some = query[part], triangles[part]
            square, v, w = nearest_on_triangles(queries[asked][:, None], self._rows[some])
            row, column = np.arange(len(part), dtype=np.int64), square.argmin(axis=1)
            found = _Best(square[row, column], some[row, column], v[row, column], w[row, column])
            best.improve(asked, found)


def distance_between(
    points: Points, triangles: Indices, other: NearestSurface, samples: int = 20_000
) -> tuple[float, float]:
    """Measure how far a surface is from another: the mean and the largest distance from the one to the other.

    Parameters
    ----------
    points : float64 [V, 3]
    triangles : int64 [T, 3]
    other : NearestSurface
    samples : int
        The mean is over this many random points, always the same; the largest distance also over as many vertices.
    """
    spread, _ = surface_samples(points, triangles, samples, np.random.default_rng(0))
    used = np.unique(triangles)
    used = used[:: -(-len(used) // samples)]
    distance, _, _ = other.find(np.concatenate([spread, points[used]]))
    return float(distance[:samples].mean()), float(distance.max())


def surface_samples(points: Points, triangles: Indices, count: int, rng: np.random.Generator) -> tuple[Points, Indices]:
    """Choose random points of a surface, everywhere as many by its area.

    Parameters
    ----------
    points : float64 [V, 3]
    triangles : int64 [T, 3]
    count : int
    rng : Generator

    Returns
    -------
    samples : float64 [count, 3]
    triangle : int64 [count]
        The triangle each lies on, ascending.
    """
    a, b, c = (points[triangles[:, i]] for i in range(3))
    area: Points = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    share: Points = np.cumsum(area if area.any() else np.ones(len(area)))
    chosen: Points = np.sort(rng.random(count)) * share[-1]
    triangle = np.minimum(np.searchsorted(share, chosen, "right"), len(area) - 1)
    v, w = rng.random((2, count))
    over = v + w > 1
    v, w = np.where(over, 1 - v, v)[:, None], np.where(over, 1 - w, w)[:, None]
    return a[triangle] * (1 - v - w) + b[triangle] * v + c[triangle] * w, triangle


def _near_nodes(level: Boxes, seekers: _Seekers, who: Indices, node: Indices) -> tuple[Indices, Indices]:
    """Keep the nodes that may hold what is nearest, and shorten the seekers' reach in place."""
    low, high = seekers.low[who], seekers.high[who]
    # Every query in a box is at least as near to the surface as the box's farthest corner is to a point on it.
    on = level.on[node]
    far = np.maximum(on - low, high - on)
    first = np.flatnonzero(np.diff(who, prepend=-1))
    seekers.reach[who[first]] = np.minimum(seekers.reach[who[first]], np.minimum.reduceat(dot(far, far), first))
    near = _gap(level.low[node], level.high[node], low, high) <= seekers.reach[who] * _SLACK
    return who[near], node[near]


def _separate(group: Indices, node: Indices, n: int) -> tuple[Indices, Indices]:
    """Pairs of a group and a node as pairs of a query and a node, sorted by query."""
    query = (group[:, None] * _GROUP + np.arange(_GROUP, dtype=np.int64)).ravel()
    order = np.argsort(query, kind="stable")
    order = order[: np.searchsorted(query[order], n)]
    return query[order], node[order // _GROUP]


def _gap(low: Points, high: Points, other_low: Points, other_high: Points) -> Points:
    """Squared distances between boxes, 0 where they touch."""
    apart = np.maximum(np.maximum(low - other_high, other_low - high), 0.0)
    return dot(apart, apart)

"""Where lines through points of one surface meet another surface, nearest first, for many lines at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MeshError
from .arrays import Indices, Points, dot
from .box_tree import BRANCHES, LEAF, build_tree, morton_codes

__all__ = ["LineTarget"]

_GROUP = 8
"""Lines that go down the tree together."""
_PAIRS = 40_000
"""More pairs of a line and a box than this are looked at in parts, small enough for the processor's cache."""
_TRIED = 64
"""One group of lines in so many is tried first, to learn how far most have to look; only the others look further."""
_MOST = 0.97
_NEAREST, _FURTHER = 1 / 256, 4.0
"""The first share of the reach looked through, and how many times further each next one goes."""
_ROOM = 1e-7
"""Weights of corners this far below zero still count, so that no line slips through between two triangles."""


class LineTarget:
    """Triangles, sorted so that those near a line's beginning are found quickly."""

    def __init__(self, points: Points, triangles: npt.NDArray[np.integer[Any]]) -> None:
        """Sort triangles.

        Parameters
        ----------
        points : float64 [V, 3]
            Finite.
        triangles : int [T, 3]

        Raises
        ------
        MeshError
            If there are no triangles.
        """
        if not len(triangles):
            raise MeshError("The mesh has no faces; choose an object that has some.")
        corners = points[triangles].astype(np.float64)
        self._origin: Points = 0.5 * (corners.min(axis=(0, 1)) + corners.max(axis=(0, 1)))
        corners -= self._origin
        self._tree = build_tree(corners)
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        self._rows = np.concatenate([corners[:, 0], first, second, np.cross(first, second)], axis=1)

    def find(self, start: Points, along: Points, reach: float) -> tuple[Points, Indices, Points]:
        """Find where lines meet the surface nearest to their starts, ahead or behind.

        Only triangles whose outer side faces along the line count: a line from within a wall finds the wall's skin on
        its own side, not the one beyond.

        Parameters
        ----------
        start, along : float64 [N, 3]
            Points and unit directions.
        reach : float
            How far to look either way.

        Returns
        -------
        distance : float64 [N]
            Along the direction, negative behind; NaN where nothing is met.
        triangle : int64 [N]
            -1 where nothing is met.
        weights : float64 [N, 3]
            Of the triangle's corners.
        """
        if not len(start):
            return np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3))
        moved = start - self._origin
        order = np.argsort(morton_codes(moved, moved.min(axis=0), moved.max(axis=0)), kind="stable")
        tried = order[np.arange(len(order)) // _GROUP % _TRIED == 0]
        distance, triangle, _ = self._widen(moved[tried], along[tried], reach * _NEAREST, reach)
        near = np.sort(np.abs(distance[triangle >= 0]))
        first = max(float(near[int(_MOST * len(near))]), reach * _NEAREST) if len(near) else reach
        distance, triangle, weights = np.empty(len(start)), np.empty(len(start), np.int64), np.empty((len(start), 3))
        distance[order], triangle[order], weights[order] = self._widen(moved[order], along[order], first, reach)
        return distance, triangle, weights

    def _widen(self, start: Points, along: Points, near: float, reach: float) -> tuple[Points, Indices, Points]:
        """Look for all lines ``near`` by, and for those that meet nothing there further and further."""
        distance, triangle = np.full(len(start), np.nan), np.full(len(start), -1, np.int64)
        weights = np.zeros((len(start), 3))
        left = np.arange(len(start), dtype=np.int64)
        while True:
            found = _Found(start[left], along[left], near)
            self._search(found)
            met = found.triangle >= 0
            line = left[met]
            distance[line], triangle[line], weights[line] = found.distance[met], found.triangle[met], found.weights[met]
            left = left[~met]
            if near >= reach or not len(left):
                return distance, triangle, weights
            near = min(near * _FURTHER, reach)

    def _search(self, lines: _Found) -> None:
        """Go down the tree with groups of lines that lie near each other, and look at triangles line by line."""
        first = np.arange(0, len(lines.start), _GROUP, dtype=np.int64)
        low: Points = np.minimum.reduceat(lines.low, first)
        high: Points = np.maximum.reduceat(lines.high, first)
        last = len(self._tree.levels) - 1
        top = np.arange(len(self._tree.levels[0].low), dtype=np.int64)
        parts = np.array_split(np.arange(len(first), dtype=np.int64), 1 + len(first) * len(top) // _PAIRS)
        stack = [(0, np.repeat(part, len(top)), np.tile(top, len(part))) for part in parts]
        while stack:
            level, group, node = stack.pop()
            boxes = self._tree.levels[level]
            near = _touching(low[group], high[group], boxes.low[node], boxes.high[node])
            group, node = group[near], node[near]
            if level < last:
                pieces = np.array_split(np.arange(len(node), dtype=np.int64), 1 + len(node) * BRANCHES // _PAIRS)
                children = node[:, None] * BRANCHES + np.arange(BRANCHES, dtype=np.int64)
                stack += [(level + 1, np.repeat(group[piece], BRANCHES), children[piece].ravel()) for piece in pieces]
            else:
                self._look(lines, group, node)

    def _look(self, lines: _Found, group: Indices, leaf: Indices) -> None:
        """Compare the lines of groups with the triangles of leaves [M]."""
        line = (group[:, None] * _GROUP + np.arange(_GROUP, dtype=np.int64)).ravel()
        leaf = leaf.repeat(_GROUP)
        inside = line < len(lines.start)
        line, leaf = line[inside], leaf[inside]
        boxes = self._tree.levels[-1]
        near = _touching(lines.low[line], lines.high[line], boxes.low[leaf], boxes.high[leaf])
        line, leaf = line[near], leaf[near]
        middle, half = 0.5 * (boxes.low[leaf] + boxes.high[leaf]), 0.5 * (boxes.high[leaf] - boxes.low[leaf])
        near = _crossing(lines.start[line] - middle, lines.along[line], half)
        line, leaf = line[near].repeat(LEAF), leaf[near]
        triangle = self._tree.order[(leaf[:, None] * LEAF + np.arange(LEAF, dtype=np.int64)).ravel()]
        for piece in np.array_split(np.arange(len(line), dtype=np.int64), 1 + len(line) // _PAIRS):
            lines.meet(line[piece], triangle[piece], self._rows[triangle[piece]])


class _Found:
    """Lines float64 [N, 3] with the boxes around what they reach, and the nearest triangle met so far."""

    def __init__(self, start: Points, along: Points, reach: float) -> None:
        self.start, self.along = start, along
        extent: Points = np.abs(along) * reach
        self.low: Points = start - extent
        self.high: Points = start + extent
        self.near: Points = np.full(len(start), reach)
        self.distance: Points = np.full(len(start), np.nan)
        self.triangle: Indices = np.full(len(start), -1, np.int64)
        self.weights: Points = np.zeros((len(start), 3))

    def meet(self, line: Indices, triangle: Indices, rows: Points) -> None:
        """Improve on the nearest by triangles [M], one for each of lines [M] (Möller and Trumbore 1997)."""
        along = self.along[line]
        offset = self.start[line] - rows[:, 0:3]
        outer = rows[:, 9:12]
        facing = dot(along, outer)
        turned = np.cross(offset, along)
        inverse = 1.0 / np.where(facing > 0, facing, np.inf)
        second = -dot(rows[:, 6:9], turned) * inverse
        third = dot(rows[:, 3:6], turned) * inverse
        distance = -dot(offset, outer) * inverse
        met = (facing > 0) & (second >= -_ROOM) & (third >= -_ROOM) & (second + third <= 1 + _ROOM)
        met = np.flatnonzero(met & (np.abs(distance) <= self.near[line]))
        # Of several for one line the last one is kept, so the nearest comes last.
        met = met[np.argsort(-np.abs(distance[met]), kind="stable")]
        won = line[met]
        self.near[won], self.distance[won], self.triangle[won] = np.abs(distance[met]), distance[met], triangle[met]
        second, third = np.clip(second[met], 0, 1), np.clip(third[met], 0, 1)
        self.weights[won] = np.stack([np.maximum(1 - second - third, 0), second, third], axis=1)


def _touching(low: Points, high: Points, other_low: Points, other_high: Points) -> npt.NDArray[np.bool_]:
    """Whether boxes [M, 3] overlap."""
    apart = np.maximum(low - other_high, other_low - high)
    return (apart[:, 0] <= 0) & (apart[:, 1] <= 0) & (apart[:, 2] <= 0)


def _crossing(offset: Points, along: Points, half: Points) -> npt.NDArray[np.bool_]:
    """Whether endless lines cross boxes, by the axes that separate them: ``offset`` from the boxes' middles."""
    result = np.ones(len(offset), np.bool_)
    size = np.abs(along)
    for i, j in ((1, 2), (2, 0), (0, 1)):
        apart = np.abs(offset[:, i] * along[:, j] - offset[:, j] * along[:, i])
        result &= apart <= (half[:, i] * size[:, j] + half[:, j] * size[:, i]) * (1 + 1e-9) + 1e-300
    return result

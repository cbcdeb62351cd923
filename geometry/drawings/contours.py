"""Outlines of a picture's foreground, between its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...contracts import Mask, Pixels
from ...errors import PictureError
from ..arrays import Indices, Points

__all__ = ["Loops", "keep_loops", "signed_areas", "trace_contours"]

LEVEL = 127.5
MOST_POINTS = 3_000_000
"""More crossings than this are noise, not a drawing."""

# Rows and columns from a cell's upper left pixel to the pixels ahead on the left and right, for each heading: up, left,
# down, right.
_AHEAD_LEFT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
_AHEAD_RIGHT = np.array([[0, 1], [0, 0], [1, 0], [1, 1]])
_NEAR_LEFT = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
_NEAR_RIGHT = np.array([[1, 1], [0, 1], [0, 0], [1, 0]])


@dataclass(frozen=True)
class Loops:
    """Closed outlines, their inside to the left: counter-clockwise around pieces, clockwise around holes.

    ``points`` float64 [N, 2], drawing frame. ``first`` int64 [L + 1]: loop l has ``points[first[l]:first[l + 1]]``.
    """

    points: Points
    first: Indices

    @property
    def sizes(self) -> Indices:
        """How many points each loop has, int64 [L]."""
        return np.diff(self.first)

    @property
    def owner(self) -> Indices:
        """The loop of each point, int64 [N]."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), self.sizes)

    @property
    def after(self) -> Indices:
        """The next point around each point's loop, int64 [N]."""
        after = np.arange(1, len(self.points) + 1, dtype=np.int64)
        after[self.first[1:] - 1] = self.first[:-1]
        return after

    @property
    def before(self) -> Indices:
        """The point before each point in its loop, int64 [N]."""
        before = np.empty(len(self.points), np.int64)
        before[self.after] = np.arange(len(self.points), dtype=np.int64)
        return before

    @property
    def links(self) -> Indices:
        """Both ends of every side, int64 [N, 2]."""
        return np.stack([np.arange(len(self.points), dtype=np.int64), self.after], axis=1)


def signed_areas(loops: Loops) -> Points:
    """Areas inside the loops in square pixels, negative for holes: float64 [L]."""
    a, b = loops.points, loops.points[loops.after]
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return 0.5 * np.add.reduceat(cross, loops.first[:-1]) if len(cross) else np.zeros(0)


def keep_loops(loops: Loops, keep: Mask) -> Loops:
    """Keep some loops (bool [L])."""
    points = loops.points[np.repeat(keep, loops.sizes)]
    return Loops(points, np.concatenate([np.zeros(1, np.int64), np.cumsum(loops.sizes[keep], dtype=np.int64)]))


def trace_contours(coverage: Pixels) -> Loops:
    """Trace where coverage passes one half, by marching squares (W. E. Lorensen and H. E. Cline, 1987, in the plane).

    Loops never cross or touch. What reaches the frame is closed along it.

    Parameters
    ----------
    coverage : uint8 [H, W]
        255 where a pixel is all foreground.

    Raises
    ------
    PictureError
        The outlines have more points than any drawing.
    """
    padded = np.pad(coverage, 1)
    inside = padded > LEVEL
    flat_across = np.flatnonzero(inside[:, 1:] != inside[:, :-1])
    flat_down = np.flatnonzero(inside[1:] != inside[:-1])
    if len(flat_across) + len(flat_down) > MOST_POINTS:
        raise PictureError("The picture is too busy to trace outlines in; use a clean drawing without noise.")
    width = padded.shape[1]
    row_a, column_a = np.divmod(flat_across, width - 1)
    row_d, column_d = np.divmod(flat_down, width)
    left_in, top_in = inside[row_a, column_a], inside[row_d, column_d]
    # The cell each crossing leads into, named by its upper left pixel, and the heading: 0 up, 1 left, 2 down, 3 right.
    row = np.concatenate([row_a - left_in, row_d])
    column = np.concatenate([column_a, column_d - ~top_in])
    heading = np.concatenate([np.where(left_in, 0, 2), np.where(top_in, 3, 1)])
    leaving = (heading + _turns(padded, inside, row, column, heading)) % 4
    across = leaving % 2 == 0
    exit_row, exit_column = row + (leaving == 2), column + (leaving == 3)
    following = np.empty(len(row), np.int64)
    following[across] = np.searchsorted(flat_across, (exit_row * (width - 1) + column)[across])
    following[~across] = np.searchsorted(flat_down, (row * width + exit_column)[~across]) + len(flat_across)
    x = np.concatenate([column_a + _share(padded, row_a, column_a, 0, 1), column_d]) - 0.5
    y = len(coverage) + 0.5 - np.concatenate([row_a, row_d + _share(padded, row_d, column_d, 1, 0)])
    return _chained(np.stack([x, y], axis=1), following)


def _turns(padded: Pixels, inside: Mask, row: Indices, column: Indices, heading: Indices) -> Indices:
    """Which way the outline turns in a cell: 1 left, 0 straight on, -1 right."""
    left, right = _AHEAD_LEFT[heading], _AHEAD_RIGHT[heading]
    at_left = inside[row + left[:, 0], column + left[:, 1]]
    at_right = inside[row + right[:, 0], column + right[:, 1]]
    turns = np.where(at_left, np.where(at_right, -1, 0), 1)
    saddle = np.flatnonzero(~at_left & at_right)
    r, c = row[saddle], column[saddle]
    middle = sum(padded[r + i, c + j].astype(np.int64) for i in (0, 1) for j in (0, 1))
    turns[saddle[middle >= 4 * LEVEL]] = -1  # lines one pixel wide hang together
    return turns


def _share(padded: Pixels, row: Indices, column: Indices, down: int, right: int) -> Points:
    """How far from a pixel to its neighbour the level is crossed, never quite at either end."""
    one = padded[row, column].astype(np.float64)
    other = padded[row + down, column + right].astype(np.float64)
    return np.clip((LEVEL - one) / (other - one), 0.05, 0.95)


def _chained(points: Points, following: Indices) -> Loops:
    """Points in the order of their loops."""
    ahead = following.tolist()
    seen = bytearray(len(ahead))
    order: list[int] = []
    first = [0]
    for begin in range(len(ahead)):
        if seen[begin]:
            continue
        at = begin
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            at = ahead[at]
        first.append(len(order))
    return Loops(points[np.array(order, np.int64)], np.array(first, np.int64))

"""A tree of boxes over triangles, to find the few that may be near a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Indices, Points

__all__ = ["BRANCHES", "LEAF", "BoxTree", "Boxes", "build_tree", "morton_codes"]

LEAF = 4
"""Triangles in a leaf."""
BRANCHES = 8
_TOP = 32
"""The tree starts from about this many nodes."""
_BITS = 21
_SPREAD = (
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)
"""Shifts and masks that move the bits of a number three apart."""


@dataclass(frozen=True)
class Boxes:
    """The nodes of one level: their boxes ``low``, ``high`` float64 [N, 3] and a point of the surface ``on`` in each.

    ``typical`` is the usual size of a box.
    """

    low: Points
    high: Points
    on: Points
    typical: float


@dataclass(frozen=True)
class BoxTree:
    """Levels of nodes from the few at the top to the leaves; node i holds the nodes 8 i to 8 i + 7 of the next level.

    ``order`` int64 [LEAF * leaves]: the triangles of leaf i are ``order[LEAF * i : LEAF * (i + 1)]``; the last may
    stand there more than once. The last boxes of a level may be empty.
    """

    levels: tuple[Boxes, ...]
    order: Indices


def build_tree(corners: Points) -> BoxTree:
    """Sort triangles (float64 [T, 3, 3]) into a tree: by size first, so that a few large ones do not spoil the rest."""
    low: Points = corners.min(axis=1)
    high: Points = corners.max(axis=1)
    centres: Points = corners.mean(axis=1)
    extent: Points = (high - low).max(axis=1)
    typical = float(np.median(extent)) or float(extent.max()) or 1.0
    size: Points = np.ceil(np.log2(np.maximum(extent, typical) / typical) / 2)
    order = np.lexsort((morton_codes(centres, low.min(axis=0), high.max(axis=0)), size))
    order = np.append(order, np.repeat(order[-1:], -len(order) % LEAF))
    levels = [_grouped(low[order], high[order], centres[order], LEAF)]
    while len(levels[-1].low) > _TOP:
        levels[-1] = _filled(levels[-1])
        levels.append(_grouped(levels[-1].low, levels[-1].high, levels[-1].on, BRANCHES))
    return BoxTree(tuple(levels[::-1]), order)


def morton_codes(points: Points, low: Points, high: Points) -> Indices:
    """Number points (float64 [N, 3]) along a Z-shaped curve through a box, so that near numbers are near points.

    Points beyond the box count as on its border.
    """
    scale = (2**_BITS - 1) / np.where(high > low, high - low, 1.0)
    cell = np.clip((points - low) * scale, 0, 2**_BITS - 1).astype(np.int64)
    for shift, mask in _SPREAD:
        cell = (cell | (cell << shift)) & mask
    return cell[:, 0] | (cell[:, 1] << 1) | (cell[:, 2] << 2)


def _grouped(low: Points, high: Points, on: Points, size: int) -> Boxes:
    """Join every ``size`` boxes in a row into one."""
    low, high = low.reshape(-1, size, 3).min(axis=1), high.reshape(-1, size, 3).max(axis=1)
    middle: Points = np.ascontiguousarray(on[size // 2 :: size])
    extent: Points = (high - low).max(axis=1)
    return Boxes(low, high, middle, float(np.median(extent)))


def _filled(boxes: Boxes) -> Boxes:
    """Add empty boxes, infinitely far from everything, until their number is a multiple of the branches."""
    none = np.full((-len(boxes.low) % BRANCHES, 3), np.inf)
    low, high, on = (np.concatenate(rows) for rows in ((boxes.low, none), (boxes.high, -none), (boxes.on, none)))
    return Boxes(low, high, on, boxes.typical)

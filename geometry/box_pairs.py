"""Which of many axis-aligned boxes overlap each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..contracts import Float
from .arrays import Indices, Points
from .box_tree import morton_codes
from .hilbert import hilbert_codes

__all__ = ["BoxGroups", "Pairs", "group_boxes", "near_boxes", "near_groups"]

_WIDTH = 8
"""Boxes per group."""
_AT_ONCE = 8192
"""Pairs of groups compared at a time: what a processor's cache holds, and enough that threads seldom wait in Python."""
_FAR = 1e38
_ROUNDED = np.float32(2e-7)
"""More than what numbers lose in single precision."""
_FINE = 4.0
"""Boxes up to so many times the median size are not told apart by size."""

_HALVINGS = 14
"""So fine is the curve along which boxes are sorted."""

Pairs: TypeAlias = tuple[Indices, Indices]


@dataclass(frozen=True)
class BoxGroups:
    """Boxes in groups of neighbours, those in groups again, and so on up to one group.

    ``order`` int64 [N]: the boxes sorted so that near ones of like size follow each other. ``levels``: for each level,
    the finest first, the low and the high corners of its boxes, two float32 [3, 8, G]: box b of a level is element
    b % 8 of group b // 8, and that group is box b // 8 of the next level. Where a group is not full, low is above high.
    """

    order: Indices
    levels: tuple[tuple[Float, Float], ...]


def group_boxes(low: Points, high: Points) -> BoxGroups:
    """Sort boxes into groups.

    Parameters
    ----------
    low, high : float64 [3, N]
        The corners of the boxes, per axis.
    """
    # Single precision is finest near zero: there the bulk of the boxes goes, whatever strays far off.
    middle = np.median(low[:, :: 1 + low.shape[1] // 10_000], axis=1, keepdims=True)
    low, high = low - middle, high - middle
    order = _curve(low, high)
    bottom, top = (np.clip(side.take(order, axis=1), -_FAR, _FAR).astype(np.float32) for side in (low, high))
    bottom -= _ROUNDED * np.abs(bottom)
    top += _ROUNDED * np.abs(top)
    levels: list[tuple[Float, Float]] = []
    while True:
        levels.append((_grouped(bottom, np.inf), _grouped(top, -np.inf)))
        if levels[-1][0].shape[2] == 1:
            return BoxGroups(order, tuple(levels))
        bottom, top = levels[-1][0].min(axis=1), levels[-1][1].max(axis=1)


def near_groups(boxes: BoxGroups) -> list[Pairs]:
    """Pairs of groups of the finest level that may overlap, groups with themselves included, in short lists."""
    root = np.zeros(1, np.int64)
    return list(_descend(boxes, len(boxes.levels) - 1, root, root))


def near_boxes(boxes: BoxGroups, groups: Pairs) -> Pairs:
    """Pairs of boxes that overlap in the given pairs of groups, as places in the order, the lower one first."""
    a, b = _overlapping(boxes.levels[0], *groups)
    apart = a < b
    return a[apart], b[apart]


def _descend(boxes: BoxGroups, level: int, a: Indices, b: Indices) -> Iterator[Pairs]:
    """Go down from pairs of groups of a level to those of the finest."""
    for start in range(0, len(a), _AT_ONCE):
        one, other = a[start : start + _AT_ONCE], b[start : start + _AT_ONCE]
        if level == 0:
            yield one, other
            continue
        first, second = _overlapping(boxes.levels[level], one, other)
        once = first <= second
        yield from _descend(boxes, level - 1, first[once], second[once])


def _overlapping(level: tuple[Float, Float], a: Indices, b: Indices) -> Pairs:
    """The boxes of group a and of group b that overlap, for each pair of groups."""
    low, high = level
    overlap = np.ones((_WIDTH, _WIDTH, len(a)), np.bool_)
    beside = np.empty_like(overlap)
    for axis in range(3):
        low_a, high_a = (side[axis].take(a, axis=1)[:, None] for side in (low, high))
        low_b, high_b = (side[axis].take(b, axis=1)[None] for side in (low, high))
        overlap &= np.less_equal(low_a, high_b, out=beside)
        overlap &= np.less_equal(low_b, high_a, out=beside)
    place, pair = np.divmod(np.flatnonzero(overlap), len(a))
    return a[pair] * _WIDTH + place // _WIDTH, b[pair] * _WIDTH + place % _WIDTH


def _grouped(values: Float, filler: float) -> Float:
    """Values [3, N] as [3, 8, G], the last group filled up."""
    n_groups = -(-values.shape[1] // _WIDTH)
    padded = np.full((3, n_groups * _WIDTH), filler, np.float32)
    padded[:, : values.shape[1]] = values
    return np.ascontiguousarray(padded.reshape(3, n_groups, _WIDTH).transpose(0, 2, 1))


def _curve(low: Points, high: Points) -> Indices:
    """Sort boxes by size, and those of like size so that near ones follow each other."""
    size: Points = (high - low).max(axis=0)
    fine = float(np.median(size)) * _FINE or float(size.max()) or 1.0
    level = np.clip(np.frexp(size / fine)[1], 0, 63).astype(np.int64)
    centre = 0.5 * (low + high)
    # Strays must not leave all others in one step: the outermost hundredth at either end shares the last one.
    start, stop = np.percentile(centre[:, :: 1 + centre.shape[1] // 10_000], (1, 99), axis=1)
    margin = 0.1 * (stop - start)
    codes = morton_codes(centre.T, start - margin, stop + margin)
    return np.argsort(level << 3 * _HALVINGS | hilbert_codes(codes, _HALVINGS))

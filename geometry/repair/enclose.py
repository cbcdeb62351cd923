"""Telling outside from inside on a grid, where the surface between them may have holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...contracts import Mask
from ..arrays import Indices, expand
from ..components import components

__all__ = ["find_outside", "grown"]

_Levels: TypeAlias = npt.NDArray[np.uint8]

_GROWTH = 2
"""Steps by which hollows grow back for each by which the surface shrinks."""


@dataclass(frozen=True)
class _Pieces:
    """Pieces that cells hang together in, as runs of cells along the last axis.

    ``start`` and ``end`` int64 [N]: flat indices of the first cell of each run and the one past its last. ``piece``
    int64 [N]: a number that the runs of a piece share; 0 for what hangs together with the border.
    """

    start: Indices
    end: Indices
    piece: Indices
    shape: tuple[int, ...]

    def painted(self, runs: Mask) -> Mask:
        """A mask [X, Y, Z] of some runs."""
        change = np.zeros(int(np.prod(self.shape)) + 1, np.int8)
        change[self.start[runs]] += 1
        change[self.end[runs]] -= 1
        return np.cumsum(change[:-1], dtype=np.int8).astype(np.bool_).reshape(self.shape)

    def wide(self, level: _Levels, least: int) -> Mask:
        """The runs (bool [N]) of pieces off the border that reach a level somewhere."""
        inner = np.flatnonzero(self.piece)
        bounds = np.stack([self.start[inner], self.end[inner]], axis=1).ravel()
        reaches = np.maximum.reduceat(level.ravel(), bounds)[::2] >= least if len(inner) else np.zeros(0, np.bool_)
        return np.isin(self.piece, self.piece[inner[reaches]])


def find_outside(surface: Mask, steps: int) -> Mask:
    """Find the cells that can be reached from the grid's border, but for hollows behind small holes.

    The surface is thickened step by step. What that cuts off from the border, and is at least twice as wide as what it
    was cut off by, is a hollow. It grows back, as the surface gets thin again, to where it meets the outside: in the
    narrowest place of the hole.

    Parameters
    ----------
    surface : bool [X, Y, Z]
        Cells that nothing passes. None is nearer to the border than ``steps + 2`` cells.
    steps : int
        The surface is thickened by as many cells on both sides.

    Returns
    -------
    bool [X, Y, Z]
        One connected piece, without the surface.
    """
    level = _levels(surface, 2 * steps + 2)
    hollow = np.zeros(surface.shape, np.bool_)
    for thick in range(steps, 0, -1):
        pieces = _pieces((level > thick) & ~hollow)
        wide = pieces.wide(level, 2 * thick + 2)
        if wide.any():
            hollow |= pieces.painted(wide)
        if hollow.any():
            free = (level == thick) & ~grown(pieces.painted(pieces.piece == 0))
            for _ in range(_GROWTH):
                hollow |= grown(hollow) & free
    pieces = _pieces((level > 0) & ~hollow)
    return pieces.painted(pieces.piece == 0)


def grown(mask: Mask) -> Mask:
    """The cells of a mask and those that share a face with one."""
    result = mask.copy()
    result[1:] |= mask[:-1]
    result[:-1] |= mask[1:]
    result[:, 1:] |= mask[:, :-1]
    result[:, :-1] |= mask[:, 1:]
    result[:, :, 1:] |= mask[:, :, :-1]
    result[:, :, :-1] |= mask[:, :, 1:]
    return result


def _levels(surface: Mask, steps: int) -> _Levels:
    """By how many steps the surface must be thickened to reach each cell, at most ``steps + 1``."""
    level = np.full(surface.shape, steps + 1, np.uint8)
    level -= surface
    for step in range(1, steps + 1):
        # Cells across faces and across corners by turns: an octagon is near enough to a ball.
        surface = grown(surface) if step % 2 else _grown_across_corners(surface)
        level -= surface
    return level


def _grown_across_corners(mask: Mask) -> Mask:
    """The cells of a mask and all 26 around each."""
    for axis in range(3):
        turned = np.moveaxis(mask, axis, 0)
        result = turned.copy()
        result[1:] |= turned[:-1]
        result[:-1] |= turned[1:]
        mask = np.moveaxis(result, 0, axis)
    return np.ascontiguousarray(mask)


def _pieces(free: Mask) -> _Pieces:
    """Find the pieces that free cells hang together in.

    The border is free all around, so it does not matter that a run goes on from the end of one row to the next.
    """
    flat = free.ravel()
    change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    change = np.concatenate([np.zeros(1, np.int64), change, np.full(1, flat.size, np.int64)])
    start, end = change[:-1:2], change[1::2]
    links = [_overlaps(start, end, stride) for stride in (free.shape[2], free.shape[1] * free.shape[2])]
    piece = components(len(start), *(np.concatenate(ends) for ends in zip(*links, strict=True)))
    return _Pieces(start, end, piece, free.shape)


def _overlaps(start: Indices, end: Indices, shift: int) -> tuple[Indices, Indices]:
    """Pairs of runs of which the first, shifted, overlaps the second."""
    low = np.searchsorted(end, start + shift, "right")
    high = np.searchsorted(start, end + shift, "left")
    one, nth = expand(np.maximum(high - low, 0))
    return one, low[one] + nth

"""Numbers along Hilbert's curve, which fills a cube without jumps: near numbers are near points."""

from __future__ import annotations

from functools import cache

import numpy as np

from .arrays import Indices

__all__ = ["hilbert_codes"]

_LEVELS = 2
"""Halvings of the cube that are looked up at once."""


def hilbert_codes(codes: Indices, halvings: int) -> Indices:
    """Turn numbers along the Z-shaped curve into numbers along Hilbert's.

    Parameters
    ----------
    codes : int64 [N]
        As `box_tree.morton_codes` gives them.
    halvings : int
        How many of the upper halvings of the cube count, an even number of at most 20; there are 21.

    Returns
    -------
    int64 [N]
        Below ``8 ** halvings``.
    """
    digit, following = _tables()
    width = 3 * _LEVELS
    state = np.zeros(len(codes), np.int64)
    result = np.zeros(len(codes), np.int64)
    for shift in range(63 - width, 62 - 3 * halvings, -width):
        state |= (codes >> shift) & (1 << width) - 1
        result <<= width
        result |= digit.take(state)
        state = following.take(state)
    return result


@cache
def _tables() -> tuple[Indices, Indices]:
    """For a state of the curve and the path of the next halvings: the path's number, and the state after it.

    The state is given and looked up shifted left, the path in the bits that are free.
    """
    width = 3 * _LEVELS
    digit, following = np.zeros(24 << width, np.int64), np.zeros(24 << width, np.int64)
    for entry in range(8):
        for direction in range(3):
            for path in range(1 << width):
                e, d, number = entry, direction, 0
                for shift in range(width - 3, -1, -3):
                    e, d, place = _step(e, d, path >> shift & 7)
                    number = number << 3 | place
                at = (entry * 3 + direction) << width | path
                digit[at], following[at] = number, (e * 3 + d) << width
    return digit, following


def _step(entry: int, direction: int, octant: int) -> tuple[int, int, int]:
    """Enter an octant: where the curve enters it and which way it goes there, and the octant's number along the curve.

    C. H. Hamilton and A. Rau-Chaplin, "Compact Hilbert indices", 2008, in three dimensions.
    """
    turned = _turn(octant ^ entry, 2 - direction)
    place = turned ^ turned >> 1 ^ turned >> 2
    begin = max(0, (place - 1) // 2 * 2)
    entry ^= _turn(begin ^ begin >> 1, direction + 1)
    run = (0, 1, 1, 2, 2, 1, 1, 0)[place]
    return entry, (direction + run + 1) % 3, place


def _turn(bits: int, times: int) -> int:
    """Move three bits round to the left."""
    times %= 3
    return (bits << times | bits >> 3 - times) & 7

"""Array types used within the geometry, beside those of the contracts.

Indices are made with their type named: numpy 1 on Windows counts in 32 bits by default, too few for keys of pairs.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Indices", "Points", "dot", "expand", "in_columns"]

Points: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]


def dot(a: Points, b: Points) -> Points:
    """Scalar products of vectors in the last axis: [..., 3] and [..., 3] give [...]."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def expand(count: Indices) -> tuple[Indices, Indices]:
    """Lay out one range 0..count - 1 per entry in one flat array.

    Parameters
    ----------
    count : int64 [N]

    Returns
    -------
    owner : int64 [sum(count)]
        The entry each element belongs to, ascending.
    nth : int64 [sum(count)]
        Its place within the range, from 0.
    """
    owner = np.repeat(np.arange(len(count), dtype=np.int64), count)
    return owner, np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(count, dtype=np.int64) - count, count)


def in_columns(points: npt.NDArray[np.floating[Any]], triangles: npt.NDArray[np.integer[Any]]) -> Points:
    """Lay out the corners of triangles so that each coordinate lies in one piece, which is several times faster.

    Parameters
    ----------
    points : float [V, 3]
    triangles : int [T, 3]

    Returns
    -------
    float64 [3, 3, T]
        Element [k, i] is coordinate i of corner k.
    """
    columns = np.ascontiguousarray(points.T, np.float64)
    at = np.empty((3, 3, len(triangles)))
    for k in range(3):
        corner = np.ascontiguousarray(triangles[:, k], np.int64)
        for i in range(3):
            at[k, i] = columns[i].take(corner)
    return at

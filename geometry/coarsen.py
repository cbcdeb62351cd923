"""A field whose surface is rougher than a mesh can use, on a coarser grid."""

from __future__ import annotations

import numpy as np

from ..contracts import Float

__all__ = ["MOST_TRIANGLES", "coarsen_field"]

MOST_TRIANGLES = 1_500_000
"""Triangles of a dense surface beyond which tidying it takes minutes and gigabytes. Things have far fewer on the finest
grid; what has more is foam or noise."""
_LIMIT = 3.0  # values beyond this say nothing more about where the surface is


def coarsen_field(field: Float, most: int) -> Float:
    """Take means of two by two by two cells until the surface has few enough triangles.

    Parameters
    ----------
    field : float32 [D, D, D]
        Positive inside.
    most : int
        The most triangles that `extract.extract_surface` may give; grids of an odd side are left as they are.

    Returns
    -------
    float32 [E, E, E]
        The field itself where it is smooth enough. Where nothing is left inside, the finest grid that has something.
    """
    while _triangles(field) > most and len(field) % 2 == 0:
        half = len(field) // 2
        blocks = np.clip(field, -_LIMIT, _LIMIT).reshape(half, 2, half, 2, half, 2)
        coarse = blocks.mean((1, 3, 5), dtype=np.float32)
        if not (coarse > 0).any():
            break
        field = coarse
    return field


def _triangles(field: Float) -> int:
    """About how many triangles the surface has: two for each of its vertices, of which each crossed edge has one."""
    solid = np.pad(field > 0, 1)
    return 2 * sum(int((side[1:] != side[:-1]).sum()) for side in (np.moveaxis(solid, axis, 0) for axis in range(3)))

"""A field that is asked for point by point, sampled on a grid: coarsely everywhere, finely near its surface only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Mask
from .arrays import Indices

__all__ = ["COARSEST", "Tick", "grid_points", "sample_field"]

COARSEST = 64
"""Fewest cells a side that the whole cube is asked for: what is thinner than one of them may be missed."""
CHUNK = 1 << 17
"""Points asked for at once."""

Tick: TypeAlias = Callable[[float], None]
"""Called with the share of the work done, 0..1, before each chunk; what it raises ends the work."""


def sample_field(field: Callable[[Float], Float], size: int, tick: Tick) -> Float:
    """Sample a field at the cell centres of a cube.

    Each coarser grid has half the cells a side. A cell is split where the field changes sign between it and one of its
    26 neighbours, and wherever what was found contradicts what was not asked for, until nothing does; the others pass
    their value on. So no surface is cut off at the border of what was looked at, however rough it is.

    Parameters
    ----------
    field : callable
        From points float32 [N, 3] in -1..1 to values float32 [N], positive inside.
    size : int
        Cells a side of the result.
    tick : callable
        See `Tick`. How much there is to do at the finest level is not known before, so shares are of each level.

    Returns
    -------
    float32 [size, size, size]
        At (i, j, k) the value at x = (2 i + 1) / size - 1, and so on.
    """
    sizes = [size]
    while sizes[0] % 2 == 0 and sizes[0] // 2 >= COARSEST:
        sizes.insert(0, sizes[0] // 2)
    flat: Float = np.empty(sizes[0] ** 3, np.float32)
    known: Mask = np.ones(sizes[0] ** 3, np.bool_)
    for level, side in enumerate(sizes):
        todo = np.arange(side**3, dtype=np.int64)
        if level:
            coarse = flat.reshape((side // 2,) * 3)
            known = _twice(_near_surface(coarse > 0)).ravel()
            flat = _twice(coarse).ravel()
            todo = np.flatnonzero(known)
        while len(todo):
            for chunk, share in _chunks(todo):
                tick((level + share) / len(sizes))
                flat[chunk] = field(grid_points(chunk, side))
            todo = _contradicted(flat.reshape((side,) * 3) > 0, known.reshape((side,) * 3))
            known[todo] = True
    return flat.reshape(size, size, size)


def grid_points(cells: Indices, side: int) -> Float:
    """The centres float32 [N, 3], in -1..1, of cells given by their flat indices in a cube of ``side`` cells a side."""
    places = np.stack(np.unravel_index(cells, (side,) * 3), axis=1)
    return ((2 * places + 1) / side - 1).astype(np.float32)


def _chunks(cells: Indices) -> Iterator[tuple[Indices, float]]:
    """Parts of ``cells``, and the share of them that comes before each."""
    for begin in range(0, len(cells), CHUNK):
        yield cells[begin : begin + CHUNK], begin / len(cells)


def _twice(grid: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each cell as two by two by two."""
    return grid.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)


def _near_surface(solid: Mask) -> Mask:
    """Cells with both signs among themselves and their neighbours."""
    return _spread(solid) & _spread(~solid)


def _spread(mask: Mask) -> Mask:
    """A mask grown by one cell in all directions, diagonals too."""
    for axis in range(3):
        grown = np.moveaxis(mask.copy(), axis, 0)
        here = np.moveaxis(mask, axis, 0)
        grown[1:] |= here[:-1]
        grown[:-1] |= here[1:]
        mask = np.moveaxis(grown, 0, axis)
    return mask


def _contradicted(solid: Mask, known: Mask) -> Indices:
    """Cells that were not asked for and lie beside a known one of the other sign: flat indices, ascending."""
    wrong = np.zeros(solid.shape, np.bool_)
    for axis in range(3):
        inside, asked, found = (np.moveaxis(grid, axis, 0) for grid in (solid, known, wrong))
        differs = inside[1:] != inside[:-1]
        found[1:] |= differs & asked[:-1] & ~asked[1:]
        found[:-1] |= differs & asked[1:] & ~asked[:-1]
    return np.flatnonzero(wrong)

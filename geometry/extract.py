"""The zero level of a scalar field as a closed triangle mesh."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from ..errors import MeshError
from .arrays import Indices, Points, expand
from .cube_cases import CORNERS, EDGES, case_table

__all__ = ["extract_surface"]

_MARGIN = 0.05
"""Crossings stay this far from the grid points, so that no triangle shrinks to nothing."""


def extract_surface(field: Float) -> tuple[Float, Int]:
    """Extract the surface where a field changes sign.

    Marching cubes with a case table that closes for every pattern of signs (see `cube_cases`): the result is a closed,
    edge- and vertex-manifold, outward-oriented surface without self-intersections, whatever the field. All that lies
    beyond the border counts as outside; a solid that reaches the border is closed half a cell beyond it.

    Parameters
    ----------
    field : float32 [D, H, W]
        Values at the cell centres, positive inside. Zero counts as outside.

    Returns
    -------
    vertices : float32 [V, 3]
        In index coordinates (i, j, k) of the field, 0 at the centre of the first cell.
    faces : int32 [F, 3]
        Counter-clockwise seen from outside, in a right-handed frame of axes (i, j, k).

    Raises
    ------
    MeshError
        If the field is not three-dimensional, not finite, or nowhere positive.
    """
    if field.ndim != 3:
        raise MeshError(f"The shape must be a grid of three dimensions, not {field.ndim}.")
    if not np.isfinite(field).all():
        raise MeshError("The shape model gave values that are not finite; try another picture or shape model.")
    if not (field > 0).any():
        raise MeshError("No surface was found: the shape is empty. Use a picture that shows one object clearly.")
    padded = np.pad(-np.abs(field), 1, mode="edge")
    padded[1:-1, 1:-1, 1:-1] = field
    solid = padded.ravel() > 0
    strides = (padded.shape[1] * padded.shape[2], padded.shape[2], 1)
    edges = _crossed_edges(solid, strides)
    vertices = np.concatenate([_crossings(padded, strides, axis, edges[axis]) for axis in range(3)])
    keys = np.concatenate([edges[axis] + axis * solid.size for axis in range(3)])
    faces = np.searchsorted(keys, _triangles(solid, strides))
    return vertices.astype(np.float32), faces.astype(np.int32)


def _crossed_edges(solid: Mask, strides: tuple[int, int, int]) -> list[Indices]:
    """The flat index of the lower end of each grid edge that the surface crosses, per axis, ascending.

    A flat array is compared with itself shifted. That also compares the end of a row with the start of the next, but
    both lie in the padding, which is outside.
    """
    return [np.flatnonzero(solid[:-stride] != solid[stride:]) for stride in strides]


def _crossings(padded: Float, strides: tuple[int, int, int], axis: int, edges: Indices) -> Points:
    """The point on each crossed edge where the linearly interpolated field is zero."""
    flat = padded.ravel()
    low = flat[edges].astype(np.float64)
    high = flat[edges + strides[axis]].astype(np.float64)
    points = np.stack(np.unravel_index(edges, padded.shape), axis=1) - 1.0
    points[:, axis] += np.clip(low / (low - high), _MARGIN, 1.0 - _MARGIN)
    return points


def _triangles(solid: Mask, strides: tuple[int, int, int]) -> Indices:
    """The triangles of all crossed cells, as keys (flat index of the lower end + axis * size) of their grid edges."""
    shifts = np.array(CORNERS, np.int64) @ np.array(strides, np.int64)
    n_cells = solid.size - int(shifts[-1])
    cases = np.zeros(n_cells, np.uint8)
    for corner, shift in enumerate(shifts):
        cases |= solid[shift : shift + n_cells].view(np.uint8) << np.uint8(corner)
    cells = np.flatnonzero((cases != 0) & (cases != 255))
    counts, table = case_table()
    edge_keys = np.array([shifts[corner] + axis * solid.size for axis, corner in EDGES], np.int64)
    owner, nth = expand(counts[cases[cells]])
    return edge_keys[table[cases[cells][owner], nth]] + cells[owner][:, None]

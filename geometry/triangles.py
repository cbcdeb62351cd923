"""Triangles of a mesh that may mix triangles and quads, and normals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Int
from .arrays import Points

__all__ = ["area_vectors", "sum_at", "triangulate", "unit", "vertex_normals"]


def triangulate(faces: Int) -> tuple[Int, Int, Int]:
    """Split quads along the diagonal from their first corner.

    Parameters
    ----------
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column.

    Returns
    -------
    triangles : int32 [T, 3] vertex indices: one triangle per face first, in order, then the quads' second halves.
    owner : int32 [T] the face each comes from.
    corner : int32 [T, 3] which corner of that face each corner is.
    """
    owner = np.arange(len(faces), dtype=np.int32)
    corner = np.tile(np.array([0, 1, 2], np.int32), (len(faces), 1))
    if faces.shape[1] == 4:
        quads = np.flatnonzero(faces[:, 3] >= 0).astype(np.int32)
        owner = np.concatenate([owner, quads])
        corner = np.concatenate([corner, np.tile(np.array([0, 2, 3], np.int32), (len(quads), 1))])
    return faces[owner[:, None], corner], owner, corner


def area_vectors(vertices: npt.NDArray[np.floating[Any]], triangles: Int) -> Points:
    """Normals of triangles, as long as their areas: float64 [T, 3], in the square of the vertices' unit."""
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    return 0.5 * np.cross(b - a, c - a)


def unit(vectors: Points) -> Points:
    """Scale vectors [..., 3] to length one; null vectors stay null."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)


def vertex_normals(vertices: npt.NDArray[np.floating[Any]], triangles: Int) -> Points:
    """Unit normals of the vertices, float64 [V, 3]: the mean of the triangles around, weighted by area."""
    vectors = np.repeat(area_vectors(vertices, triangles), 3, axis=0)
    corners = triangles.ravel()
    return unit(np.stack([sum_at(corners, vectors[:, axis], len(vertices)) for axis in range(3)], 1))


def sum_at(index: npt.NDArray[np.integer[Any]], values: npt.NDArray[Any], size: int) -> Points:
    """Add up values by index: ``index`` and ``values`` [N], result float64 [size]."""
    return np.bincount(index, values, size).astype(np.float64, copy=False)

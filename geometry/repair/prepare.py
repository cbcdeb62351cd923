"""Making a mesh fit to be worked on: only faces whose coordinates are numbers, only vertices that faces use."""

from __future__ import annotations

import numpy as np

from ...errors import MeshError
from .polygons import Polygons, keep_faces

__all__ = ["diagonal", "drop_invalid"]

_THIN = 1e-9
"""A mesh is a line or a point when it extends less than this share of its length in every other direction."""


def drop_invalid(mesh: Polygons) -> Polygons:
    """Drop faces with coordinates that are not numbers, and vertices that no face uses.

    Raises
    ------
    MeshError
        If nothing is left, or all that is left lies on a line or in a point.
    """
    finite = np.isfinite(mesh.points).all(axis=1)
    sound = np.logical_and.reduceat(finite[mesh.corners], mesh.first[:-1])
    if not sound.any():
        raise MeshError("No face of the mesh has coordinates that are numbers; the file is damaged.")
    kept = keep_faces(mesh, sound)
    centred = kept.points - kept.points.mean(axis=0)
    extent = float(np.abs(centred).max())
    if not np.isfinite(extent * extent):
        raise MeshError("The mesh is larger than can be worked with; scale it down.")
    spread = np.linalg.svd(centred / extent, compute_uv=False) if extent > 0 else np.zeros(3)
    if len(spread) < 2 or spread[1] <= _THIN * max(spread[0], 1e-300):
        raise MeshError("All vertices of the mesh lie on a line or in one point; there is no surface to work on.")
    return kept


def diagonal(mesh: Polygons) -> float:
    """The length of the diagonal of the box around all points, which distances are relative to."""
    return float(np.linalg.norm(mesh.points.max(axis=0) - mesh.points.min(axis=0)))

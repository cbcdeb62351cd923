"""Steps that must see a mesh split at its seams as the whole it looks like, and leave it split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.polygons import Polygons, keep_faces, turn_faces

__all__ = ["remove_as_joined", "turn_as_joined"]


def remove_as_joined(mesh: Polygons, step: Callable[[Polygons], Polygons]) -> Polygons:
    """Remove the faces that a step removes where vertices at the same place are one; the same mesh for none."""
    joined = merge_vertices(mesh)
    result = step(joined)
    gone = np.setdiff1d(joined.face_from, result.face_from)
    return keep_faces(mesh, ~np.isin(mesh.face_from, gone)) if len(gone) else mesh


def turn_as_joined(mesh: Polygons, step: Callable[[Polygons], Polygons]) -> Polygons:
    """Turn over the faces that a step turns over where vertices at the same place are one; the same mesh if none."""
    joined = merge_vertices(mesh)
    result = step(joined)
    second = joined.first[:-1] + 1
    turned = result.face_from[result.corner_from[second] != joined.corner_from[second]]
    return turn_faces(mesh, np.isin(mesh.face_from, turned)) if len(turned) else mesh

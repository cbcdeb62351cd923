"""Custom normals of a mesh, as directions at its corners."""

from __future__ import annotations

import bpy
import numpy as np

from ..geometry.arrays import Points
from ..geometry.repair.polygons import NONE, Polygons
from ..geometry.repair.transfer import Blend
from .edge_sources import turned_faces

__all__ = ["carry_normals", "read_normals", "write_normals"]


def read_normals(mesh: bpy.types.Mesh) -> Points | None:
    """The unit normals at the corners, float64 [S, 3], where the mesh has custom ones; None where it has none."""
    if not mesh.has_custom_normals:
        return None
    values = np.empty(len(mesh.loops) * 3, np.float32)
    mesh.corner_normals.foreach_get("vector", values)
    return values.reshape(-1, 3).astype(np.float64)


def carry_normals(normals: Points, result: Polygons, source: Polygons, blend: Blend) -> Points:
    """The normals for a result: the other way round where a face is, and zero (made by Blender) for new faces."""
    carried = np.asarray(blend.mix(normals), np.float64)
    face = result.owner
    carried[turned_faces(result, source)[face]] *= -1.0
    carried[(result.face_from == NONE)[face]] = 0.0
    length = np.linalg.norm(carried, axis=1, keepdims=True)
    return carried / np.where(length > 0, length, 1.0)


def write_normals(mesh: bpy.types.Mesh, normals: Points) -> None:
    """Give the corners of a finished mesh these normals, zero ones excepted."""
    mesh.normals_split_custom_set(normals.astype(np.float32).tolist())

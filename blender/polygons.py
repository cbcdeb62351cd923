"""Blender meshes as polygons that remember their source."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import numpy.typing as npt

from ..errors import MeshError
from ..geometry.arrays import Points
from ..geometry.repair.polygons import Polygons, source

__all__ = ["read_points", "read_polygons", "scaled", "world_scale"]

_FLAT = 1e-18
"""An object is flat when the square of its least scale is less than this share of that of its largest."""


def read_polygons(mesh: bpy.types.Mesh, as_shown: bool = False) -> Polygons:
    """Read a mesh that is not in Edit Mode, in its own frame and unit; faces keep all their corners.

    Of a mesh with shape keys it is the shape that the keys start from, unless the one it shows is asked for.

    Raises
    ------
    MeshError
        If the mesh has no faces, or is damaged.
    """
    starts = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    corners = np.empty(len(mesh.loops), np.int32)
    if len(corners):
        mesh.attributes[".corner_vert"].data.foreach_get("value", corners)
    return source(read_points(mesh, as_shown), corners, np.append(starts, len(corners)))


def read_points(mesh: bpy.types.Mesh, as_shown: bool = False) -> Points:
    """The vertices as float64 [V, 3], in the mesh's own frame and unit; ``as_shown`` as for `read_polygons`."""
    values = np.empty(len(mesh.vertices) * 3, np.float32)
    if mesh.shape_keys is not None and not as_shown:
        mesh.shape_keys.reference_key.data.foreach_get("co", values)
    else:
        mesh.vertices.foreach_get("co", values)
    return values.reshape(-1, 3).astype(np.float64)


def world_scale(item: bpy.types.Object) -> Points:
    """What turns an object's own coordinates into lengths of the world, float64 [3, 3].

    Only the stretch of the object's transform: no length depends on how it is turned or mirrored, and a mirrored
    object shows its faces turned round with it. For an object that is not scaled it is exactly the identity.

    Raises
    ------
    MeshError
        If the object is scaled to nothing along an axis, so that nothing measured in the world could be brought back.
    """
    matrix = np.array(item.matrix_world, np.float64)[:3, :3]
    values, vectors = np.linalg.eigh(matrix.T @ matrix) if np.isfinite(matrix).all() else (np.zeros(3), np.eye(3))
    if values[0] <= _FLAT * values[2]:
        raise MeshError(f"{item.name} is scaled to nothing along an axis: give it another scale first.")
    stretch = np.asarray((vectors * np.sqrt(values)) @ vectors.T, np.float64)
    # Blender's transforms are single precision: what differs by less from a plain number is that number.
    plain = np.diag(np.diag(stretch).round(6))
    return plain if np.abs(stretch - plain).max() <= 2e-6 * plain.max() else stretch


def scaled(mesh: Polygons, matrix: npt.NDArray[np.float64]) -> Polygons:
    """The mesh with its coordinates multiplied by a matrix, float64 [3, 3]; as it was where that changes nothing."""
    if (matrix == np.eye(3)).all():
        return mesh
    return replace(mesh, points=mesh.points @ matrix.T)

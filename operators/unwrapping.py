"""UVs for a mesh without any, in passing, for operators that need a texture to work on."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.mesh import UV_LAYER
from ..blender.project_read import read_faces
from ..blender.project_textures import Canvas
from ..errors import MeshError
from ..geometry.unwrap import unwrap
from .targets import check_editable

__all__ = ["add_uvs"]

_MOST = 200_000
"""Meshes with more faces than this are not unwrapped in passing: it would take too long."""


def add_uvs(item: bpy.types.Object, canvases: list[Canvas]) -> str | None:
    """Give a mesh without UVs some; returns the name of the new layer, or None where there is one.

    Raises
    ------
    MeshError
        If the mesh may not be changed, or has too many faces or corners.
    """
    mesh = item.data
    bare = not mesh.uv_layers
    if bare or (not item.material_slots and any(canvas.material is None for canvas in canvases)):
        check_editable(item)
    if not bare:
        return None
    if len(mesh.polygons) > _MOST:
        raise MeshError(f"{item.name} has {len(mesh.polygons):,} faces and no UVs: decimate or unwrap it first.")
    points, faces, inside = read_faces(mesh)
    uv = unwrap(points, faces)
    layer = mesh.uv_layers.new(name=UV_LAYER, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(uv[inside], np.float32).ravel())
    mesh.update()
    return layer.name

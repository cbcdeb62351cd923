"""Exchange of a mesh's vertices, edges and faces, all else about the data-block staying."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np

from ..geometry.arrays import Indices
from ..geometry.repair.polygons import Polygons
from .quiet import quiet

__all__ = ["replace_geometry"]


def replace_geometry(mesh: bpy.types.Mesh, result: Polygons, loose: Indices) -> None:
    """Give a mesh other elements, without any attributes; shape keys get the right number of vertices.

    Parameters
    ----------
    mesh
        Not in Edit Mode.
    result
        Checked: Blender crashes on indices that are out of range.
    loose : int64 [L, 2]
        The vertices of the edges that no face uses.
    """
    _strip(mesh, len(result.points) if mesh.shape_keys is not None else 0)
    mesh.vertices.add(len(result.points) - len(mesh.vertices))
    mesh.loops.add(len(result.corners))
    mesh.polygons.add(result.n_faces)
    mesh.edges.add(len(loose))
    mesh.attributes["position"].data.foreach_set("vector", result.points.astype(np.float32).ravel())
    mesh.attributes[".corner_vert"].data.foreach_set("value", result.corners.astype(np.int32))
    mesh.polygons.foreach_set("loop_start", result.first[:-1].astype(np.int32))
    mesh.edges.foreach_set("vertices", loose.astype(np.int32).ravel())
    mesh.update(calc_edges=True, calc_edges_loose=bool(len(loose)))
    for name in [item.name for item in mesh.attributes if not item.is_required]:
        mesh.attributes.remove(mesh.attributes[name])


def _strip(mesh: bpy.types.Mesh, n_points: int) -> None:
    """Take everything out of the mesh but a number of vertices.

    By way of a BMesh, because that alone leaves the vertex groups' names in place and gives shape keys another number
    of vertices, with their animation kept.
    """
    bare = bpy.data.meshes.new("Maquette")
    work = bmesh.new()
    try:
        bare.vertices.add(n_points)
        work.from_mesh(bare)
        with quiet():  # it warns that the shapes are not among the vertices: they are written afterwards
            work.to_mesh(mesh)
    finally:
        work.free()
        bpy.data.meshes.remove(bare)

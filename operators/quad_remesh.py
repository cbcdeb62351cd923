"""Quad Remesh: the same shape in quads that flow along it."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
from bpy.props import BoolProperty, IntProperty

from ..blender.quad_remesh import quadriflow, voxel_remesh
from ..errors import MeshError
from ..geometry.nearest import NearestSurface, distance_between
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.prepare import diagonal, drop_invalid
from ..geometry.repair.triangulate import triangulate_polygons
from ..geometry.repair.winding import make_consistent
from .cleanup import Cleanup, Notes, as_new, put_back, read_source

__all__ = ["MAQUETTE_OT_quad_remesh"]

_MEAN, _LARGEST = 0.01, 0.05
"""The shape is kept when the surfaces are no further apart than this, as shares of the diagonal."""
_SIZE = 10.0
"""The diagonal of the mesh while it is remeshed."""
_FINER = 4
"""The voxels that stand in for a mesh which QuadriFlow declines have this many times the faces wanted."""


class MAQUETTE_OT_quad_remesh(Cleanup, bpy.types.Operator):
    """Rebuild all selected meshes of quads that follow their shape, with Blender's QuadriFlow; where that declines a
    mesh, from voxels. UVs, colours and materials are carried over. Refuses where the shape would change"""

    bl_idname = "maquette.quad_remesh"
    bl_label = "Quad Remesh"
    keeps_loose = False

    target_faces: IntProperty(
        name="Faces",
        description="About how many quads each mesh has in the end",
        default=5_000,
        min=50,
        max=500_000,
        soft_max=50_000,
        step=500,
    )
    keep_sharp: BoolProperty(name="Keep Sharp Edges", description="Let edges run along sharp ones", default=False)
    keep_rims: BoolProperty(name="Keep Rims", description="Let edges run along the rims of open meshes", default=True)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("target_faces", "keep_sharp", "keep_rims"):
            self.layout.prop(self, name)

    def clean_item(self, context: bpy.types.Context, item: bpy.types.Object, notes: Notes) -> str:
        source = read_source(item)
        whole = make_consistent(merge_vertices(drop_invalid(source)))
        # In the middle and of one size: Blender works in single precision, and its voxels have a least size.
        middle, unit = whole.points.mean(axis=0), diagonal(whole) / _SIZE
        sound = replace(whole, points=(whole.points - middle) / unit)
        result, way = self._remeshed(context, sound)
        mean, largest = _apart(sound, result)
        if mean > _MEAN or largest > _LARGEST:
            raise MeshError(
                f"With {result.n_faces:,} quads the shape would change by up to {largest:.1%} of its size: choose more "
                "faces, or run Clean Up or Make Solid first."
            )
        placed = replace(result, points=result.points * unit + middle)
        put_back(item, source, as_new(placed), self.keeps_loose)
        quads = np.count_nonzero(result.sizes == 4) / result.n_faces
        text = f"Remeshed to {result.n_faces:,} faces, {quads:.0%} quads, {mean:.2%} of the size from the original"
        off = abs(result.n_faces - self.target_faces) > 0.1 * self.target_faces
        if way or off:
            notes.warned = True
        return text + way + (f"; {self.target_faces:,} were asked for" if off else "")

    def _remeshed(self, context: bpy.types.Context, mesh: Polygons) -> tuple[Polygons, str]:
        """The quads, and what had to be done to get them."""
        result = quadriflow(context, mesh, self.target_faces, self.keep_sharp, self.keep_rims)
        if result is not None:
            return result, ""
        size = float(np.sqrt(mesh.areas.sum() / (self.target_faces * _FINER)))
        voxels = voxel_remesh(context, mesh, size)
        result = quadriflow(context, voxels, self.target_faces, self.keep_sharp, self.keep_rims)
        if result is not None:
            return result, "; it was rebuilt from voxels first, since QuadriFlow takes only sound meshes"
        size = float(np.sqrt(mesh.areas.sum() / self.target_faces))
        return voxel_remesh(context, mesh, size), "; made of voxels, since QuadriFlow declined this mesh"


def _apart(one: Polygons, other: Polygons) -> tuple[float, float]:
    """The mean and the largest distance between two surfaces, either way, as shares of the first one's diagonal."""
    size = diagonal(one)
    meshes = [(mesh.points, mesh.corners[triangulate_polygons(mesh)[0]]) for mesh in (one, other)]
    surfaces = [NearestSurface(points, triangles) for points, triangles in meshes]
    pairs = [distance_between(*meshes[0], surfaces[1]), distance_between(*meshes[1], surfaces[0])]
    return max(mean for mean, _ in pairs) / size, max(largest for _, largest in pairs) / size

"""Merge Vertices: join what lies at the same place."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import BoolProperty, FloatProperty

from ..blender.report import counted
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.prepare import diagonal
from .cleanup import Cleanup

__all__ = ["MAQUETTE_OT_merge_vertices"]


class MAQUETTE_OT_merge_vertices(Cleanup, bpy.types.Operator):
    """Merge vertices that lie at the same place or very near each other, in all selected meshes. Joins a mesh that came
    in split at its seams; UVs, colours and materials stay"""

    bl_idname = "maquette.merge_vertices"
    bl_label = "Merge Vertices"

    relative: BoolProperty(
        name="Relative", description="Give the distance as a share of each object's size", default=False
    )
    distance: FloatProperty(
        name="Distance",
        description="Vertices up to this far apart become one; 0 merges only those at exactly the same place",
        default=0.0001,
        min=0.0,
        soft_max=0.1,
        precision=5,
        step=0.01,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    share: FloatProperty(
        name="Share of Size",
        description="Vertices up to this far apart become one, in percent of the diagonal of the object's box",
        default=0.01,
        min=0.0,
        max=10.0,
        soft_max=1.0,
        precision=4,
        subtype="PERCENTAGE",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "relative")
        self.layout.prop(self, "share" if self.relative else "distance")

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        distance = self.share / 100.0 * diagonal(mesh) if self.relative else self.distance
        result = merge_vertices(mesh, distance=distance)
        merged = len(np.unique(mesh.corners)) - len(result.points)
        if result is mesh or not merged:
            return mesh, "Nothing to merge"
        text = f"Merged {counted(merged, 'vertex', 'vertices')}"
        gone = mesh.n_faces - result.n_faces
        return result, f"{text}, which took {counted(gone, 'face', 'faces')} away" if gone > 0 else text

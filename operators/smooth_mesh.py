"""Smooth Mesh: take noise away and leave size and shape."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
from bpy.props import BoolProperty, FloatProperty, IntProperty

from ..blender.report import counted
from ..geometry.repair.merge import same_places
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.prepare import diagonal
from ..geometry.smooth import smooth_points
from .cleanup import Cleanup

__all__ = ["MAQUETTE_OT_smooth_mesh"]


class MAQUETTE_OT_smooth_mesh(Cleanup, bpy.types.Operator):
    """Smooth noise and steps away without shrinking, in all selected meshes. Seams stay closed"""

    bl_idname = "maquette.smooth_mesh"
    bl_label = "Smooth Mesh"

    steps: IntProperty(
        name="Repeat", description="How many times to smooth; more reaches wider bumps", default=5, min=0, soft_max=50
    )
    strength: FloatProperty(
        name="Strength",
        description="How far each vertex goes towards the middle of its neighbours each time",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    keep_rims: BoolProperty(name="Keep Rims", description="Leave vertices at open edges where they are", default=True)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("steps", "strength", "keep_rims"):
            self.layout.prop(self, name)

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        place = same_places(mesh.points)  # vertices that a seam parts move as one
        joined = replace(mesh, corners=place[mesh.corners])
        edges = joined.edges
        fixed = np.zeros(len(mesh.points), np.bool_)
        if self.keep_rims:
            rim = edges.order[edges.first[edges.count == 1]]
            fixed[edges.start[rim]] = fixed[edges.end[rim]] = True
        points = smooth_points(mesh.points, edges, self.steps, self.strength, fixed)[place]
        distance = np.linalg.norm(points - mesh.points, axis=1)
        moved = int(np.count_nonzero(distance))
        if not moved:
            return mesh, "No vertex moved"
        share = float(distance.max()) / diagonal(mesh)
        vertices = counted(moved, "vertex", "vertices")
        return replace(mesh, points=points), f"Smoothed {vertices}; the largest step is {share:.2%} of the size"

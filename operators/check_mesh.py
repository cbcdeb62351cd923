"""Check Mesh: measure the active object and keep the report with it."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.polygons import read_polygons, scaled
from ..blender.report import mesh_lines, store_mesh_report
from ..contracts import MeshReport
from ..errors import MaquetteError
from ..geometry.measure import measure
from .targets import is_mesh_active

__all__ = ["MAQUETTE_OT_check_mesh", "measure_object"]


class MAQUETTE_OT_check_mesh(bpy.types.Operator):
    """Look for holes, loose parts and other faults in the active mesh, its modifiers and scale applied"""

    bl_idname = "maquette.check_mesh"
    bl_label = "Check Mesh"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        item = context.active_object
        try:
            report = measure_object(item, context)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        store_mesh_report(item, report)
        what, problems = mesh_lines(vars(report), context.scene.unit_settings.scale_length)
        self.report({"WARNING"} if problems else {"INFO"}, ", ".join([what, *problems]))
        return {"FINISHED"}


def measure_object(item: bpy.types.Object, context: bpy.types.Context) -> MeshReport:
    """Measure the object as it stands in the world, modifiers applied."""
    item.update_from_editmode()
    evaluated = item.evaluated_get(context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    try:
        polygons = read_polygons(mesh, as_shown=True)
    finally:
        evaluated.to_mesh_clear()
    # The place in the world says nothing about the mesh, and far from the origin costs precision.
    matrix = np.array(item.matrix_world, np.float64)[:3, :3]
    # A mirrored object shows its faces the other way round; turned to its opposite, it has the same size and counts.
    return measure(scaled(polygons, matrix if np.linalg.det(matrix) >= 0.0 else -matrix))

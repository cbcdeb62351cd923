"""Check Mesh: measure the active object and keep the report with it."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.mesh import read_faces, read_vertices
from ..blender.report import mesh_lines, store_mesh_report
from ..contracts import Int, MeshReport
from ..errors import MaquetteError
from ..geometry.measure import measure
from ..geometry.repair.polygons import from_faces

__all__ = ["MAQUETTE_OT_check_mesh", "measure_object"]


class MAQUETTE_OT_check_mesh(bpy.types.Operator):
    """Look for holes, loose parts and other faults in the active mesh, its modifiers and scale applied"""

    bl_idname = "maquette.check_mesh"
    bl_label = "Check Mesh"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.active_object is None or context.active_object.type != "MESH":
            cls.poll_message_set("Select a mesh object first")
            return False
        return True

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
        vertices, faces = read_vertices(mesh), read_faces(mesh)
    finally:
        evaluated.to_mesh_clear()
    matrix = np.array(item.matrix_world, dtype=np.float64)
    # The place in the world says nothing about the mesh, and far from the origin costs precision.
    scaled = (vertices.astype(np.float64) @ matrix[:3, :3].T).astype(np.float32)
    if np.linalg.det(matrix[:3, :3]) < 0.0:  # a mirrored object shows its faces the other way round
        faces = _turned(faces)
    return measure(from_faces(scaled, faces))


def _turned(faces: Int) -> Int:
    """The same faces seen from the other side."""
    if faces.shape[1] == 3:
        return faces[:, ::-1]
    return np.where(faces[:, 3:] < 0, faces[:, [2, 1, 0, 3]], faces[:, ::-1])

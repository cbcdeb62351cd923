"""The panel of the active mesh: what it is, what is wrong with it, and the way out."""

from __future__ import annotations

import bpy

from ..blender.report import mesh_lines, mesh_part, read_report, run_line
from ..operators.check_mesh import MAQUETTE_OT_check_mesh
from ..operators.export import MAQUETTE_OT_export
from .text import draw_text

__all__ = ["MAQUETTE_PT_mesh"]


class MAQUETTE_PT_mesh(bpy.types.Panel):
    """The report of the active mesh, and its export."""

    bl_label = "Mesh"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.active_object is not None and context.active_object.type == "MESH"

    def draw(self, context: bpy.types.Context) -> None:
        item = context.active_object
        _draw_report(self.layout, context, item)
        self.layout.operator(MAQUETTE_OT_check_mesh.bl_idname, icon="VIEWZOOM")
        row = self.layout.row(align=True)
        row.prop(context.scene.maquette, "export_format", text="")
        button = row.operator(MAQUETTE_OT_export.bl_idname, text="Export", icon="EXPORT")
        button.format = context.scene.maquette.export_format


def _draw_report(layout: bpy.types.UILayout, context: bpy.types.Context, item: bpy.types.Object) -> None:
    report = read_report(item)
    mesh = mesh_part(report)
    if mesh is None:
        return
    what, problems = mesh_lines(mesh, context.scene.unit_settings.scale_length)
    box = layout.box()
    draw_text(box, context, what, icon="CHECKMARK" if mesh["watertight"] and not problems else "MESH_DATA")
    for problem in problems:
        draw_text(box, context, problem, icon="ERROR")
    if not item.modifiers and len(item.data.vertices) != mesh["vertices"]:
        draw_text(box, context, "The mesh was changed since: check it again", icon="INFO")
    made = run_line(report)
    if made:
        draw_text(box, context, made, icon="TIME")

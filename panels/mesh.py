"""The panel of the active mesh: what it is, what is wrong with it, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..blender.report import cleaning_part, mesh_lines, mesh_part, problem_lines, read_report, run_line, run_notes
from ..operators.cancel import MAQUETTE_OT_cancel
from ..operators.check_mesh import MAQUETTE_OT_check_mesh
from ..operators.clean_up import MAQUETTE_OT_clean_up
from ..operators.cleaning import current_cleaning
from ..operators.export import MAQUETTE_OT_export
from ..operators.fill_holes import MAQUETTE_OT_fill_holes
from ..operators.recalculate_normals import MAQUETTE_OT_recalculate_normals
from ..operators.remove_duplicate_faces import MAQUETTE_OT_remove_duplicate_faces
from ..operators.remove_inner_shells import MAQUETTE_OT_remove_inner_shells
from ..operators.remove_loose_parts import MAQUETTE_OT_remove_loose_parts
from ..operators.remove_non_manifold import MAQUETTE_OT_remove_non_manifold
from ..operators.resolve_intersections import MAQUETTE_OT_resolve_intersections
from ..operators.select_problem import MAQUETTE_OT_select_problem
from ..operators.targets import find_targets
from .text import draw_text

__all__ = ["MAQUETTE_PT_mesh"]

# What repairs just one kind of problem: the report's key, the operator and its settings.
_REPAIRS: dict[str, tuple[type[bpy.types.Operator], dict[str, bool]]] = {
    "boundary_edges": (MAQUETTE_OT_fill_holes, {}),
    "non_manifold_edges": (MAQUETTE_OT_remove_non_manifold, {}),
    "non_manifold_vertices": (MAQUETTE_OT_remove_non_manifold, {}),
    "inconsistent_edges": (MAQUETTE_OT_recalculate_normals, {}),
    "inner_shells": (MAQUETTE_OT_remove_inner_shells, {"keep_cavities": False}),
    "self_intersections": (MAQUETTE_OT_resolve_intersections, {}),
    "duplicate_faces": (MAQUETTE_OT_remove_duplicate_faces, {"degenerate": False}),
    "degenerate_faces": (MAQUETTE_OT_remove_duplicate_faces, {"duplicates": False}),
    "loose_parts": (MAQUETTE_OT_remove_loose_parts, {}),
}
_BUTTONS = 44  # pixels that the two buttons of a row take


class MAQUETTE_PT_mesh(bpy.types.Panel):
    """The report of the active mesh, what repairs it, and its export."""

    bl_label = "Mesh Check"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.active_object is not None and context.active_object.type == "MESH"

    def draw(self, context: bpy.types.Context) -> None:
        report = read_report(context.active_object)
        mesh = mesh_part(report)
        if current_cleaning() is not None:
            _draw_progress(self.layout, context)
        elif mesh is None or problem_lines(mesh):
            _draw_clean_up(self.layout, context)
        if mesh is not None:
            _draw_report(self.layout, context, report, mesh)
        check = "Check Mesh" if mesh is None else "Check Again"
        self.layout.operator(MAQUETTE_OT_check_mesh.bl_idname, text=check, icon="VIEWZOOM")
        row = self.layout.row(align=True)
        row.prop(context.scene.maquette, "export_format", text="")
        button = row.operator(MAQUETTE_OT_export.bl_idname, text="Export", icon="EXPORT")
        button.format = context.scene.maquette.export_format


def _draw_clean_up(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    row = layout.row()
    row.scale_y = 1.5
    several = len(find_targets(context))
    text = f"Clean Up {several} Meshes" if several > 1 else "Clean Up"
    row.operator(MAQUETTE_OT_clean_up.bl_idname, text=text, icon="BRUSH_DATA")


def _draw_progress(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    state = context.window_manager.maquette_state
    draw_text(layout, context, state.cleaning_step)
    layout.progress(factor=state.cleaning_progress, text=f"{state.cleaning_progress:.0%}")
    layout.operator(MAQUETTE_OT_cancel.bl_idname, icon="X")


def _draw_report(
    layout: bpy.types.UILayout, context: bpy.types.Context, report: Mapping[str, Any], mesh: Mapping[str, Any]
) -> None:
    item = context.active_object
    what, _ = mesh_lines(mesh, context.scene.unit_settings.scale_length)
    problems = problem_lines(mesh)
    box = layout.box()
    draw_text(box, context, what, icon="MESH_DATA")
    if not problems:
        draw_text(box, context, "All good: no problems found", icon="CHECKMARK")
    for key, text in problems.items():
        _draw_row(box, context, key, text, "ERROR")
    if mesh["loose_parts"] > 1:
        _draw_row(box, context, "loose_parts", f"{mesh['loose_parts']:,} separate parts", "INFO")
    _draw_cleaning(box, context, report)
    if not item.modifiers and len(item.data.vertices) != mesh["vertices"]:
        draw_text(box, context, "The mesh was changed since: check it again", icon="INFO")
    for note in run_notes(report):
        draw_text(box, context, note, icon="INFO")
    made = run_line(report)
    if made:
        draw_text(box, context, made, icon="TIME")


def _draw_cleaning(layout: bpy.types.UILayout, context: bpy.types.Context, report: Mapping[str, Any]) -> None:
    """What the last cleaning did, a line for each step, and what it could not do."""
    done, warnings = cleaning_part(report)
    if done:
        layout.label(text="Last cleaning:", icon="BRUSH_DATA")
    for text in done:
        draw_text(layout, context, text, icon="DOT")
    for text in warnings:
        draw_text(layout, context, text, icon="INFO")


def _draw_row(layout: bpy.types.UILayout, context: bpy.types.Context, key: str, text: str, icon: str) -> None:
    """One problem: what, how many, a button that selects it and one that repairs just that."""
    row = layout.row(align=True)
    draw_text(row, context, text, icon=icon, beside=_BUTTONS)
    buttons = row.row(align=True)
    buttons.alignment = "RIGHT"
    buttons.operator(MAQUETTE_OT_select_problem.bl_idname, text="", icon="RESTRICT_SELECT_OFF").which = key
    operator, settings = _REPAIRS[key]
    button = buttons.operator(operator.bl_idname, text="", icon="TOOL_SETTINGS")
    for name, value in settings.items():
        setattr(button, name, value)

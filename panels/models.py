"""Models: which ones a run uses, in the sidebar; which ones there are, in the preferences."""

from __future__ import annotations

import bpy

from ..inference.model_folder import model_folder
from ..modelstore.choices import choices, current_models
from ..modelstore.installed import Model
from ..operators.model_tasks import said, tasks
from ..operators.models import (
    MAQUETTE_OT_cancel_model,
    MAQUETTE_OT_download_model,
    MAQUETTE_OT_import_model,
    MAQUETTE_OT_remove_model,
    MAQUETTE_OT_show_models,
    MAQUETTE_OT_verify_model,
)
from .text import draw_text

__all__ = ["MAQUETTE_PT_models", "draw_models"]

_TASKS = {
    "depth": "depth",
    "pointmap": "depth and normals",
    "matte": "background removal",
    "shape": "whole shape",
    "upscale": "enlarging",
    "light": "light",
    "shadow": "hard shadows",
}


class MAQUETTE_PT_models(bpy.types.Panel):
    """The networks of the next run."""

    bl_label = "Models"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_parent_id = "MAQUETTE_PT_generate"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        settings, layout = context.scene.maquette, self.layout
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "matte_choice")
        row = column.row()
        chosen = [one for one in choices("shape_model", settings.shape_model) if one.id == settings.shape_model]
        row.active = not (chosen and chosen[0].whole)
        row.prop(settings, "depth_choice")
        column.prop(settings, "shape_choice")
        for task in tasks().values():
            layout.progress(factor=task.fraction, text=task.step)
        layout.operator(MAQUETTE_OT_show_models.bl_idname, icon="IMPORT")


def draw_models(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    """Every model with its state and what can be done with it, and where they lie."""
    layout.separator()
    layout.label(text="Models", icon="OUTLINER_DATA_POINTCLOUD")
    column = layout.column()
    column.use_property_split = True
    column.prop(preferences, "model_folder", placeholder=str(model_folder()))
    column.prop(preferences, "mirror", placeholder="https://")
    models = current_models()
    box = layout.box()
    for model in models:
        if model.state != "embedded":
            _draw_model(box.column(align=True), context, model)
    for name in said().keys() | tasks().keys():
        if name not in [model.card.id for model in models]:
            _draw_end(box, context, name)
    layout.operator(MAQUETTE_OT_import_model.bl_idname, text="Import Model…", icon="FILE_FOLDER")
    if not bpy.app.online_access:
        layout.label(text="To download, allow Blender to go online: Preferences > System > Network.", icon="INFO")


def _draw_model(box: bpy.types.UILayout, context: bpy.types.Context, model: Model) -> None:
    card, entry = model.card, model.entry
    row = box.row()
    row.label(text=f"{model.title}: {_TASKS.get(card.task, card.task)}", icon=_icon(model))
    buttons = row.row(align=True)
    buttons.alignment = "RIGHT"
    facts = [f"{card.bytes / 1e6:,.0f} MB", f"licence {card.licence}"]
    if entry:
        facts.append(entry.speed)
        facts += [f"{entry.memory / 1e9:.1f} GB memory"] if entry.memory else []
    line = box.row()
    line.active, line.scale_y = False, 0.8
    line.label(text=", ".join([*facts, *_state(model)]), icon="BLANK1")
    if card.id not in tasks():
        _draw_buttons(buttons, model)
    _draw_end(box, context, card.id)


def _state(model: Model) -> list[str]:
    if model.state == "available" and model.entry and model.entry.export:
        return ["a checkpoint to export with PyTorch"]
    return {
        "partial": [f"{model.here / model.card.bytes:.0%} downloaded"],
        "damaged": ["damaged: remove it and get it again"],
        "to export": ["downloaded; export it and import the result"],
    }.get(model.state, [])


def _icon(model: Model) -> str:
    return {"installed": "CHECKMARK", "damaged": "ERROR", "to export": "FILE_TICK"}.get(model.state, "BLANK1")


def _draw_buttons(row: bpy.types.UILayout, model: Model) -> None:
    name = model.card.id
    if model.state in ("available", "partial", "damaged") and model.entry:
        text = "Resume" if model.state == "partial" else "Download"
        row.operator(MAQUETTE_OT_download_model.bl_idname, text=text, icon="IMPORT").name = name
    if model.state == "installed":
        row.operator(MAQUETTE_OT_verify_model.bl_idname, text="Verify", icon="VIEWZOOM").name = name
    if model.state != "available":
        row.operator(MAQUETTE_OT_remove_model.bl_idname, text="", icon="TRASH").name = name


def _draw_end(box: bpy.types.UILayout, context: bpy.types.Context, name: str) -> None:
    """How far a task is, or what came of it."""
    if name in tasks():
        row = box.row()
        row.progress(factor=tasks()[name].fraction, text=tasks()[name].step)
        row.operator(MAQUETTE_OT_cancel_model.bl_idname, text="", icon="X").name = name
    elif name in said():
        good, words = said()[name]
        draw_text(box, context, words, icon="CHECKMARK" if good else "ERROR")

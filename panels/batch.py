"""The panel for a whole folder of pictures: where from, where to, how far it is."""

from __future__ import annotations

import bpy

from ..operators.batch import BatchRun, MAQUETTE_OT_run_batch, MAQUETTE_OT_stop_batch, current_batch, hindrance
from ..properties import MAQUETTE_PG_settings
from .text import draw_text

__all__ = ["MAQUETTE_PT_batch"]


class MAQUETTE_PT_batch(bpy.types.Panel):
    """A folder of pictures becomes a folder of meshes."""

    bl_label = "Batch"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        group, batch = context.scene.maquette, current_batch()
        running = batch is not None and batch.running
        column = self.layout.column()
        column.enabled = not running
        _draw_settings(column, group)
        if batch is not None and running:
            _draw_progress(self.layout, context, batch)
            return
        row = self.layout.row()
        row.scale_y = 1.5
        row.operator(MAQUETTE_OT_run_batch.bl_idname, icon="FILE_FOLDER")
        reason = hindrance(group)
        if reason:
            self.layout.label(text=reason, icon="INFO")
        if batch is not None:
            _draw_ending(self.layout, context, batch)


def _draw_settings(layout: bpy.types.UILayout, group: MAQUETTE_PG_settings) -> None:
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.prop(group, "batch_folder")
    layout.prop(group, "batch_recursive")
    layout.prop(group, "batch_output")
    formats = layout.row(align=True)
    formats.use_property_split = False
    formats.prop(group, "batch_formats")
    layout.prop(group, "batch_gallery")
    row = layout.row()
    row.active = False
    row.alignment = "RIGHT"
    row.label(text="Settings as in Generate")


def _draw_progress(layout: bpy.types.UILayout, context: bpy.types.Context, batch: BatchRun) -> None:
    draw_text(layout, context, batch.line)
    layout.progress(factor=batch.fraction, text=f"{batch.fraction:.0%}")
    text = "Stopping" if batch.stopping else MAQUETTE_OT_stop_batch.bl_label
    layout.operator(MAQUETTE_OT_stop_batch.bl_idname, text=text, icon="X")


def _draw_ending(layout: bpy.types.UILayout, context: bpy.types.Context, batch: BatchRun) -> None:
    box = layout.box()
    if batch.error:
        text = box.column()
        text.alert = True
        draw_text(text, context, batch.error, icon="ERROR")
        return
    draw_text(box, context, batch.summary, icon="CHECKMARK" if batch.complete else "INFO")
    row = box.row()
    row.operator("wm.path_open", text="Open Results", icon="FILE_FOLDER").filepath = str(batch.output)
    if batch.gallery:
        row.operator("wm.path_open", text="Open Gallery", icon="IMAGE_DATA").filepath = batch.gallery

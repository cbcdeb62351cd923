"""The chosen picture in the panel, and what it is fit for."""

from __future__ import annotations

import json

import bpy

from ..blender import thumbnail
from ..operators.check_image import MAQUETTE_OT_check_image
from ..operators.choose_picture import MAQUETTE_OT_choose_picture
from ..operators.fix_picture import MAQUETTE_OT_fix_picture
from ..operators.use_image import MAQUETTE_OT_use_image
from ..properties import MAQUETTE_PG_settings
from .text import draw_text

__all__ = ["draw_picture"]

_BUTTON = 36  # pixels that the button beside a line takes
_ICONS = {"good": "STRIP_COLOR_04", "fair": "STRIP_COLOR_03", "poor": "STRIP_COLOR_01"}


def draw_picture(layout: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> None:
    """The picture's path, the picture itself, and the lines of its check."""
    row = layout.row(align=True)
    row.prop(settings, "image_path", text="", icon="IMAGE_DATA", placeholder="Picture")
    row.operator(MAQUETTE_OT_choose_picture.bl_idname, text="", icon="FILE_FOLDER")
    row.operator(MAQUETTE_OT_use_image.bl_idname, text="", icon="IMAGE_REFERENCE")
    if not settings.image_path:
        return
    icon, note = thumbnail.icon(settings.image_path)
    if icon:
        layout.template_icon(icon, scale=6.0)
    else:
        draw_text(layout, context, note, icon="INFO")
    _draw_check(layout, context, settings)


def _draw_check(layout: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> None:
    """What should be better in full, what is good in one line."""
    state = context.window_manager.maquette_state
    if state.checking:
        layout.label(text="Checking the picture", icon="TIME")
        return
    if not state.check or state.checked != settings.image_path:
        layout.operator(MAQUETTE_OT_check_image.bl_idname, icon="VIEWZOOM")
        return
    column = layout.box().column()
    findings = json.loads(state.check)
    for level in ("poor", "fair"):
        for finding in findings:
            if finding["level"] == level:
                row = column.row(align=True)
                draw_text(row, context, f"{finding['line']}: {finding['text']}", icon=_ICONS[level], beside=_BUTTON)
                if finding["fix"] and finding["fix"] not in settings.fixes:
                    button = row.row()
                    button.alignment = "RIGHT"
                    button.operator(MAQUETTE_OT_fix_picture.bl_idname, text="Fix").fix = finding["fix"]
    good = [finding["line"].lower() for finding in findings if finding["level"] == "good"]
    if good:
        draw_text(column, context, f"Good: {', '.join(good)}", icon=_ICONS["good"])
    if settings.fixes:
        row = layout.row(align=True)
        row.label(text="Fixes")
        row.prop(settings, "fixes")

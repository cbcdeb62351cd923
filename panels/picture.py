"""The chosen picture in the panel, and what it is fit for."""

from __future__ import annotations

import json
from typing import get_args

import bpy

from ..blender import thumbnail
from ..blender.checked_files import checked_file
from ..blender.masks import mask_changed, mask_of
from ..contracts import Fix
from ..operators.check_image import MAQUETTE_OT_check_image
from ..operators.choose_picture import MAQUETTE_OT_choose_picture
from ..operators.choose_subject import (
    MAQUETTE_OT_automatic_subject,
    MAQUETTE_OT_next_subject,
    MAQUETTE_OT_previous_subject,
    chosen_number,
    things,
)
from ..operators.edit_mask import MAQUETTE_OT_edit_mask, MAQUETTE_OT_remove_mask
from ..operators.fix_picture import MAQUETTE_OT_fix_picture
from ..operators.paste_picture import MAQUETTE_OT_paste_picture
from ..operators.pick_subject import MAQUETTE_OT_pick_subject
from ..operators.use_image import MAQUETTE_OT_use_image
from ..properties import MAQUETTE_PG_settings, check_key
from .text import draw_text

__all__ = ["draw_picture"]

_BUTTON = 36  # pixels that the button beside a line takes
_ICONS = {"good": "STRIP_COLOR_04", "fair": "STRIP_COLOR_03", "poor": "STRIP_COLOR_01"}
_WHOLE = {"sketch", "logo", "relief", "floor_plan"}  # kinds of which no subject is cut out


def draw_picture(layout: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> None:
    """The picture's path, the picture itself, which part of it is the subject, and the lines of its check."""
    row = layout.row(align=True)
    row.prop(settings, "image_path", text="", icon="IMAGE_DATA", placeholder="Picture")
    row.operator(MAQUETTE_OT_choose_picture.bl_idname, text="", icon="FILE_FOLDER")
    row.operator(MAQUETTE_OT_paste_picture.bl_idname, text="", icon="PASTEDOWN")
    row.operator(MAQUETTE_OT_use_image.bl_idname, text="", icon="IMAGE_REFERENCE")
    if not settings.image_path:
        return
    state = context.window_manager.maquette_state
    known = state.subjects_of == settings.image_path and settings.kind not in _WHOLE
    path = settings.image_path
    if known and state.shown != "original":
        path = checked_file(state.shown) or path
    icon, note = thumbnail.icon(path)
    if icon:
        layout.template_icon(icon, scale=6.0)
    else:
        draw_text(layout, context, note, icon="INFO")
    if known:
        layout.row(align=True).prop(state, "shown", expand=True)
        _draw_subject(layout.column(align=True), context, settings)
    _draw_check(layout, context, settings)


def _draw_subject(layout: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> None:
    """Which of several things is meant, and the mask painted by hand."""
    row, found = layout.row(align=True), things(context)
    if len(found) > 1:
        row.operator(MAQUETTE_OT_previous_subject.bl_idname, text="", icon="TRIA_LEFT")
    row.operator(MAQUETTE_OT_pick_subject.bl_idname, text=_subject_text(context, settings), icon="EYEDROPPER")
    if len(found) > 1:
        row.operator(MAQUETTE_OT_next_subject.bl_idname, text="", icon="TRIA_RIGHT")
    if settings.subject_of == settings.image_path:
        row.operator(MAQUETTE_OT_automatic_subject.bl_idname, text="", icon="X")
    row = layout.row(align=True)
    row.operator(MAQUETTE_OT_edit_mask.bl_idname, icon="BRUSH_DATA")
    if mask_of(settings.image_path) is not None:
        row.operator(MAQUETTE_OT_remove_mask.bl_idname, text="", icon="X")


def _subject_text(context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> str:
    found, number = len(things(context)), chosen_number(context)
    if number >= 0 and found > 1:
        return f"Subject {number + 1} of {found}"
    if settings.subject_of == settings.image_path:
        return "Subject Picked"
    return f"Pick 1 of {found} Subjects" if found > 1 else "Pick Subject"


def _draw_check(layout: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> None:
    """What should be better in full, what is good in one line."""
    state = context.window_manager.maquette_state
    if state.checking:
        layout.label(text="Checking the picture", icon="TIME")
        return
    if not _is_checked(context, settings):
        layout.operator(MAQUETTE_OT_check_image.bl_idname, icon="VIEWZOOM")
        return
    column = layout.box().column()
    findings = json.loads(state.check)
    for level in ("poor", "fair"):
        for finding in findings:
            if finding["level"] == level:
                _draw_finding(column.row(align=True), context, settings, finding)
    good = [finding["line"].lower() for finding in findings if finding["level"] == "good"]
    if good:
        draw_text(column, context, f"Good: {', '.join(good)}", icon=_ICONS["good"])
    if settings.fixes:
        column = layout.column(align=True)
        column.label(text="Fixes")
        # In two columns: in one row, four names are too long for a narrow sidebar.
        buttons = column.grid_flow(columns=2, even_columns=True, align=True, row_major=True)
        for fix in get_args(Fix):
            buttons.prop_enum(settings, "fixes", fix)


def _is_checked(context: bpy.types.Context, settings: MAQUETTE_PG_settings) -> bool:
    """Whether the lines of the last check hold for the picture as it is used now."""
    state = context.window_manager.maquette_state
    if not state.check or state.checked != settings.image_path or mask_changed(settings.image_path):
        return False
    return state.checked_key in {"", check_key(settings)}


def _draw_finding(
    row: bpy.types.UILayout, context: bpy.types.Context, settings: MAQUETTE_PG_settings, finding: dict[str, str]
) -> None:
    """One line, with a button for what would mend it."""
    text, fix = f"{finding['line']}: {finding['text']}", finding["fix"]
    draw_text(row, context, text, icon=_ICONS[finding["level"]], beside=_BUTTON)
    if not fix or fix in settings.fixes or (fix == "choose" and settings.kind in _WHOLE):
        return
    button = row.row()
    button.alignment = "RIGHT"
    if fix == "choose":
        button.operator(MAQUETTE_OT_pick_subject.bl_idname, text="Fix")
    else:
        button.operator(MAQUETTE_OT_fix_picture.bl_idname, text="Fix").fix = fix

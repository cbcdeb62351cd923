"""The panel of the picture check: a line for each thing that makes a picture fit or unfit."""

from __future__ import annotations

import json

import bpy

from ..operators.check_image import MAQUETTE_OT_check_image
from .generate import MAQUETTE_PT_generate
from .text import draw_text

__all__ = ["MAQUETTE_PT_picture"]

_ICONS = {"good": "STRIP_COLOR_04", "fair": "STRIP_COLOR_03", "poor": "STRIP_COLOR_01"}


class MAQUETTE_PT_picture(bpy.types.Panel):
    """What the picture is fit for, before a mesh is made of it."""

    bl_label = "Picture Check"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_parent_id = MAQUETTE_PT_generate.__name__

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene.maquette.image_path)

    def draw(self, context: bpy.types.Context) -> None:
        state = context.window_manager.maquette_state
        known = state.check and state.checked == context.scene.maquette.image_path
        if state.checking:
            self.layout.label(text="Checking the picture", icon="TIME")
        else:
            text = "Check Again" if known else "Check Picture"
            self.layout.operator(MAQUETTE_OT_check_image.bl_idname, text=text, icon="VIEWZOOM")
        if not known:
            return
        column = self.layout.box().column()
        for finding in json.loads(state.check):
            draw_text(column, context, f"{finding['line']}: {finding['text']}", icon=_ICONS[finding["level"]])

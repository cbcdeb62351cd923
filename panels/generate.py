"""The panel from the picture to the button, and what a run says of itself."""

from __future__ import annotations

import bpy

from ..operators.cancel import MAQUETTE_OT_cancel
from ..operators.dismiss_error import MAQUETTE_OT_dismiss_error
from ..operators.generate_from_image import MAQUETTE_OT_generate_from_image, hindrance
from ..operators.generation import current
from ..properties import MAQUETTE_PG_settings, is_preset
from .picture import draw_picture
from .text import draw_text

__all__ = ["MAQUETTE_PT_generate"]


class MAQUETTE_PT_generate(bpy.types.Panel):
    """A picture becomes a mesh."""

    bl_label = "Generate"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.maquette
        draw_picture(self.layout, context, settings)
        _draw_settings(self.layout.column(), settings)
        if current() is None:
            _draw_button(self.layout, context)
        else:
            _draw_progress(self.layout, context)
        _draw_error(self.layout, context)


# What each kind of picture that needs no network has of the settings.
_DRAWN = {
    "sketch": ("target_faces", "texture_size", "height", "thickness"),
    "logo": ("texture_size", "height", "thickness"),
    "relief": ("relief", "target_faces", "width", "thickness"),
    "floor_plan": ("width", "wall_height"),
}


def _draw_settings(layout: bpy.types.UILayout, settings: MAQUETTE_PG_settings) -> None:
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.prop(settings, "kind")
    if settings.kind in _DRAWN:
        for name in _DRAWN[settings.kind]:
            layout.prop(settings, name)
        return
    layout.prop(settings, "background")
    layout.prop(settings, "quality")
    row = layout.row()
    row.active = False
    row.alignment = "RIGHT"
    row.label(text=_summary(settings))
    layout.prop(settings, "target_faces")
    layout.prop(settings, "topology")
    layout.prop(settings, "texture_size")
    look = layout.column()
    look.active = settings.texture_size != "0"
    look.prop(settings, "delight", slider=True)
    look.prop(settings, "material")
    layout.prop(settings, "use")
    layout.prop(settings, "height")


def _summary(settings: MAQUETTE_PG_settings) -> str:
    """What the quality comes to, and whether the user has changed it since."""
    texture = f"{settings.texture_size} px texture" if settings.texture_size != "0" else "no texture"
    changed = "" if is_preset(settings) else ", changed"
    return f"{settings.target_faces:,} faces, {texture}{changed}"


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    row = layout.row()
    row.scale_y = 1.5
    row.operator(MAQUETTE_OT_generate_from_image.bl_idname, icon="MESH_MONKEY")
    reason = hindrance(context)
    if reason:
        layout.label(text=reason, icon="INFO")


def _draw_progress(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    state = context.window_manager.maquette_state
    layout.label(text=state.step)
    layout.progress(factor=state.progress, text=f"{state.progress:.0%}")
    layout.operator(MAQUETTE_OT_cancel.bl_idname, icon="X")


def _draw_error(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    error = context.window_manager.maquette_state.error
    if not error:
        return
    row = layout.box().row()
    text = row.column()
    text.alert = True
    draw_text(text, context, error, icon="ERROR", beside=28)
    row.operator(MAQUETTE_OT_dismiss_error.bl_idname, text="", icon="X", emboss=False)

"""Edit Mask and Remove Mask: what the subject is, painted by hand."""

from __future__ import annotations

import bpy

from ..blender.image_editor import show_image
from ..blender.masks import make_mask, mask_of, remove_mask
from ..errors import MaquetteError
from .check_image import check_soon

__all__ = ["MAQUETTE_OT_edit_mask", "MAQUETTE_OT_remove_mask"]


class MAQUETTE_OT_edit_mask(bpy.types.Operator):
    """Paint by hand what the subject is: white. It begins as it was found, and is kept in the file; the picture shines
    through. Check the picture again to see what comes of it"""

    bl_idname = "maquette.edit_mask"
    bl_label = "Edit Mask"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        picture, state = context.scene.maquette.image_path, context.window_manager.maquette_state
        if not picture:
            cls.poll_message_set("Choose a picture first")
            return False
        if not bpy.app.background and state.subjects_of != picture and mask_of(picture) is None:
            cls.poll_message_set("Check the picture first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        picture = context.scene.maquette.image_path
        mask = mask_of(picture)
        if mask is None and context.window_manager.maquette_state.subjects_of != picture:
            bpy.ops.maquette.check_image()
        try:
            mask = mask or make_mask(picture)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            _paint(context, show_image(context, mask).area.spaces.active)
        return {"FINISHED"}


def _paint(context: bpy.types.Context, space: bpy.types.SpaceImageEditor) -> None:
    """Let an image editor paint white, and black with the Ctrl key held."""
    space.mode = "PAINT"
    tools = context.tool_settings
    # Blender 5 has one colour for each mode of painting.
    unified = getattr(tools.image_paint, "unified_paint_settings", None) or tools.unified_paint_settings
    for colours in (unified, tools.image_paint.brush):
        if colours is not None:
            colours.color, colours.secondary_color = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


class MAQUETTE_OT_remove_mask(bpy.types.Operator):
    """Forget the painted mask: the subject is found as it was before"""

    bl_idname = "maquette.remove_mask"
    bl_label = "Remove Mask"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if mask_of(context.scene.maquette.image_path) is None:
            cls.poll_message_set("The picture has no painted mask")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        remove_mask(context.scene.maquette.image_path)
        if bpy.app.background:
            bpy.ops.maquette.check_image()
        else:
            check_soon()
        return {"FINISHED"}

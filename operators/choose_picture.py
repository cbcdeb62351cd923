"""Choose Picture: a file browser that shows pictures only."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, StringProperty

from .check_image import check_soon

__all__ = ["MAQUETTE_OT_choose_picture"]


class MAQUETTE_OT_choose_picture(bpy.types.Operator):
    """Choose the picture to make a mesh of; it is checked at once"""

    bl_idname = "maquette.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.scene.maquette.image_path:
            self.filepath = bpy.path.abspath(context.scene.maquette.image_path)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.maquette.image_path = self.filepath
        check_soon()
        return {"FINISHED"}

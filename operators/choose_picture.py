"""Choose Picture: a file browser that shows pictures only."""

from __future__ import annotations

import bpy

from .picture_files import PictureFiles
from .picture_queue import take_pictures

__all__ = ["MAQUETTE_OT_choose_picture"]


class MAQUETTE_OT_choose_picture(PictureFiles, bpy.types.Operator):
    """Choose the picture to make a mesh of; it is checked at once. Several form a queue"""

    bl_idname = "maquette.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.scene.maquette.image_path:
            self.filepath = bpy.path.abspath(context.scene.maquette.image_path)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def use(self, context: bpy.types.Context, paths: list[str]) -> None:
        take_pictures(context, paths)

"""Choose Picture: a file browser that shows pictures only."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

from ..errors import PictureError
from .picture_queue import chosen_files, take_pictures

__all__ = ["MAQUETTE_OT_choose_picture"]


class MAQUETTE_OT_choose_picture(bpy.types.Operator):
    """Choose the picture to make a mesh of; it is checked at once. Several form a queue"""

    bl_idname = "maquette.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.scene.maquette.image_path:
            self.filepath = bpy.path.abspath(context.scene.maquette.image_path)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            take_pictures(context, chosen_files(self))
        except PictureError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

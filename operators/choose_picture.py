"""Choose Picture: a file browser that shows pictures only, and dropping a file."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, StringProperty

from .check_image import check_soon

__all__ = ["MAQUETTE_FH_picture", "MAQUETTE_OT_choose_picture"]

_SUFFIXES = ".png;.jpg;.jpeg;.webp;.avif;.tif;.tiff;.bmp;.gif;.tga"


class MAQUETTE_OT_choose_picture(bpy.types.Operator):
    """Choose the picture to make a mesh of; it is checked at once"""

    bl_idname = "maquette.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if self.filepath:  # dropped
            return self.execute(context)
        if context.scene.maquette.image_path:
            self.filepath = bpy.path.abspath(context.scene.maquette.image_path)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.maquette.image_path = self.filepath
        check_soon()
        return {"FINISHED"}


class MAQUETTE_FH_picture(bpy.types.FileHandler):
    """A picture dropped on a 3D viewport becomes the one to make a mesh of."""

    bl_idname = "MAQUETTE_FH_picture"
    bl_label = "Maquette: Picture for a Mesh"
    bl_import_operator = MAQUETTE_OT_choose_picture.bl_idname
    bl_file_extensions = _SUFFIXES

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"

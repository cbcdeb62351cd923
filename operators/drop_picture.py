"""Dropping picture files on a 3D viewport or an image editor."""

from __future__ import annotations

import contextlib

import bpy
from bpy.props import CollectionProperty, StringProperty

from ..errors import PictureError
from .picture_queue import chosen_files, take_pictures

__all__ = ["MAQUETTE_FH_picture", "MAQUETTE_OT_drop_picture"]

_TAB = "Maquette"


class MAQUETTE_OT_drop_picture(bpy.types.Operator):
    """Take the picture for the next mesh, and show Maquette's tab. Several form a queue"""

    bl_idname = "maquette.drop_picture"
    bl_label = "Picture for Maquette"  # an entry of the menu that Blender shows after the drop
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            paths = chosen_files(self)
        except PictureError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not paths:
            return {"CANCELLED"}
        if context.area is not None and context.area.type == "VIEW_3D":
            _show_tab(context.area)
        take_pictures(context, paths)
        return {"FINISHED"}


def _show_tab(area: bpy.types.Area) -> None:
    area.spaces.active.show_region_ui = True
    for region in area.regions:
        if region.type == "UI":
            # A sidebar that has never been open knows no tabs yet.
            with contextlib.suppress(TypeError, AttributeError):
                region.active_panel_category = _TAB


class MAQUETTE_FH_picture(bpy.types.FileHandler):
    """Picture files dropped on a 3D viewport or an image editor."""

    bl_idname = "MAQUETTE_FH_picture"
    bl_label = "Picture for Maquette"
    bl_import_operator = MAQUETTE_OT_drop_picture.bl_idname
    bl_file_extensions = ".png;.jpg;.jpeg;.webp;.avif;.tif;.tiff;.bmp;.gif;.tga"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "IMAGE_EDITOR"}

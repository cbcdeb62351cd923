"""Dropping a picture file on a 3D viewport."""

from __future__ import annotations

import contextlib

import bpy
from bpy.props import StringProperty

from .check_image import check_soon

__all__ = ["MAQUETTE_FH_picture", "MAQUETTE_OT_drop_picture"]

_TAB = "Maquette"


class MAQUETTE_OT_drop_picture(bpy.types.Operator):
    """Take the picture for the next mesh, and show Maquette's tab"""

    bl_idname = "maquette.drop_picture"
    bl_label = "Picture for Maquette"  # an entry of the menu that Blender shows after the drop
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self.filepath:
            return {"CANCELLED"}
        context.scene.maquette.image_path = self.filepath
        if context.area is not None and context.area.type == "VIEW_3D":
            _show_tab(context.area)
        check_soon()
        return {"FINISHED"}


def _show_tab(area: bpy.types.Area) -> None:
    area.spaces.active.show_region_ui = True
    for region in area.regions:
        if region.type == "UI":
            # A sidebar that has never been open knows no tabs yet.
            with contextlib.suppress(TypeError, AttributeError):
                region.active_panel_category = _TAB


class MAQUETTE_FH_picture(bpy.types.FileHandler):
    """Picture files dropped on a 3D viewport."""

    bl_idname = "MAQUETTE_FH_picture"
    bl_label = "Picture for Maquette"
    bl_import_operator = MAQUETTE_OT_drop_picture.bl_idname
    bl_file_extensions = ".png;.jpg;.jpeg;.webp;.avif;.tif;.tiff;.bmp;.gif;.tga"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"

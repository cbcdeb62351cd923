"""Dropping picture files on a 3D viewport or an image editor."""

from __future__ import annotations

import contextlib

import bpy

from .picture_files import PictureFiles
from .picture_queue import take_pictures

__all__ = ["MAQUETTE_FH_picture", "MAQUETTE_OT_drop_picture"]

_TAB = "Maquette"
_TRIES, _PAUSE = 20, 0.1  # seconds


class MAQUETTE_OT_drop_picture(PictureFiles, bpy.types.Operator):
    """Take the picture for the next mesh, and show Maquette's tab. Several form a queue"""

    bl_idname = "maquette.drop_picture"
    bl_label = "Picture for Maquette"  # an entry of the menu that Blender shows after the drop
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def use(self, context: bpy.types.Context, paths: list[str]) -> None:
        if context.area is not None and context.area.type == "VIEW_3D":
            _show_tab(context.area)
        take_pictures(context, paths)


def _show_tab(area: bpy.types.Area) -> None:
    area.spaces.active.show_region_ui = True
    if not _turn_to_tab(area) and not bpy.app.background:
        tries, known = iter(range(_TRIES)), area.as_pointer()

        def again() -> float | None:
            # The area may be gone by now, so it is looked up.
            areas = (area for window in bpy.context.window_manager.windows for area in window.screen.areas)
            area = next((area for area in areas if area.as_pointer() == known), None)
            return None if area is None or _turn_to_tab(area) or next(tries, None) is None else _PAUSE

        bpy.app.timers.register(again, first_interval=_PAUSE)


def _turn_to_tab(area: bpy.types.Area) -> bool:
    """Turn an open sidebar to the tab; False where it could not be: one that has never been open has no tabs yet."""
    if area.type != "VIEW_3D":
        return True
    region = next(region for region in area.regions if region.type == "UI")
    with contextlib.suppress(TypeError, AttributeError):
        region.active_panel_category = _TAB
    return region.active_panel_category == _TAB


class MAQUETTE_FH_picture(bpy.types.FileHandler):
    """Picture files dropped on a 3D viewport or an image editor."""

    bl_idname = "MAQUETTE_FH_picture"
    bl_label = "Picture for Maquette"
    bl_import_operator = MAQUETTE_OT_drop_picture.bl_idname
    bl_file_extensions = ".png;.jpg;.jpeg;.webp;.avif;.tif;.tiff;.bmp;.gif;.tga"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "IMAGE_EDITOR"}

"""Where Blender itself offers to paste a picture: a key over the 3D view, and its Add menu."""

from __future__ import annotations

from typing import Any

import bpy

from .paste_picture import MAQUETTE_OT_paste_picture

__all__ = ["attach", "detach"]

_keys: list[tuple[Any, Any]] = []


def _draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(MAQUETTE_OT_paste_picture.bl_idname, text="Paste Picture for Maquette", icon="PASTEDOWN")


def attach() -> None:
    """Add the key, which is that of pasting in the Image Editor, and the entry."""
    bpy.types.VIEW3D_MT_image_add.append(_draw)
    configuration = bpy.context.window_manager.keyconfigs.addon
    if configuration is not None:  # Blender without a window has none
        keymap = configuration.keymaps.new(name="3D View", space_type="VIEW_3D")
        item = keymap.keymap_items.new(MAQUETTE_OT_paste_picture.bl_idname, "V", "PRESS", ctrl=True, shift=True)
        _keys.append((keymap, item))


def detach() -> None:
    """Take both back."""
    while _keys:
        keymap, item = _keys.pop()
        keymap.keymap_items.remove(item)
    bpy.types.VIEW3D_MT_image_add.remove(_draw)

"""Have panels drawn again when something changed that Blender does not know of."""

from __future__ import annotations

import bpy

__all__ = ["redraw_preferences", "redraw_sidebars"]


def redraw_sidebars() -> None:
    """Draw the sidebars of all 3D views again, soon."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def redraw_preferences() -> None:
    """Draw all open preferences again, soon."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()

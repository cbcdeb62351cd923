"""Showing an image in an image editor: the one that is open, or one in a window of its own."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

__all__ = ["Shown", "show_image"]

_EDITOR = "IMAGE_EDITOR"


@dataclass
class Shown:
    """An image editor with the image in it; ``before``, the image that it showed; ``own``, whether its window was
    opened for this."""

    window: bpy.types.Window
    area: bpy.types.Area
    before: bpy.types.Image | None
    own: bool

    @property
    def region(self) -> bpy.types.Region:
        """Where the image is drawn."""
        return next(region for region in self.area.regions if region.type == "WINDOW")

    def restore(self) -> None:
        """Show again what was shown before."""
        if self.area.type == _EDITOR:
            self.area.spaces.active.image = self.before

    def close(self) -> None:
        """Close the window where it was opened for this; not to be called by what runs in it."""
        if self.own and self.window in list(bpy.context.window_manager.windows):
            with bpy.context.temp_override(window=self.window):
                bpy.ops.wm.window_close()


def show_image(context: bpy.types.Context, image: bpy.types.Image) -> Shown:
    """Show an image as large as it fits, in an open image editor, else in a new window."""
    found = _open_editor(context)
    own = found is None
    window, area = found or _new_editor(context)
    space = area.spaces.active
    shown = Shown(window, area, None if own else space.image, own)
    space.image = image
    space.mode = "VIEW"
    with context.temp_override(window=window, area=area, region=shown.region):
        bpy.ops.image.view_all(fit_view=True)
    area.tag_redraw()
    return shown


def _open_editor(context: bpy.types.Context) -> tuple[bpy.types.Window, bpy.types.Area] | None:
    """The largest image editor of the windows, that of the user's own window first."""
    windows = sorted(context.window_manager.windows, key=lambda window: window != context.window)
    for window in windows:
        areas = [area for area in window.screen.areas if area.ui_type == _EDITOR]
        if areas:
            return window, max(areas, key=lambda area: area.width * area.height)
    return None


def _new_editor(context: bpy.types.Context) -> tuple[bpy.types.Window, bpy.types.Area]:
    before = set(context.window_manager.windows)
    bpy.ops.wm.window_new()
    window = next(window for window in context.window_manager.windows if window not in before)
    area = window.screen.areas[0]
    area.ui_type = _EDITOR
    return window, area

"""Add, Remove, Retry and Clear: what the buttons beside the queue do."""

from __future__ import annotations

import bpy

from ..blender.redraw import redraw_sidebars
from .picture_files import PictureFiles
from .picture_queue import add_pictures, count
from .queue_run import current_queue

__all__ = [
    "MAQUETTE_OT_add_to_queue",
    "MAQUETTE_OT_clear_queue",
    "MAQUETTE_OT_remove_from_queue",
    "MAQUETTE_OT_retry_queue",
]

_AGAIN = ("refused", "failed")


class MAQUETTE_OT_add_to_queue(PictureFiles, bpy.types.Operator):
    """Choose more pictures, each for a mesh of its own"""

    bl_idname = "maquette.add_to_queue"
    bl_label = "Add Pictures"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def use(self, context: bpy.types.Context, paths: list[str]) -> None:
        add_pictures(context, paths)


class MAQUETTE_OT_remove_from_queue(bpy.types.Operator):
    """Take the picture out of the queue; if its mesh is being made, stop that and go on with the next"""

    bl_idname = "maquette.remove_from_queue"
    bl_label = "Remove Picture"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.maquette_state
        return 0 <= state.queue_index < len(state.queue)

    def execute(self, context: bpy.types.Context) -> set[str]:
        state = context.window_manager.maquette_state
        run = current_queue()
        if run is not None:
            run.skip(state.queue[state.queue_index].number)
        state.queue.remove(state.queue_index)
        state.queue_index = max(0, min(state.queue_index, len(state.queue) - 1))
        redraw_sidebars()
        return {"FINISHED"}


class MAQUETTE_OT_retry_queue(bpy.types.Operator):
    """Have the pictures wait again that were refused or failed: after a change of the settings, say"""

    bl_idname = "maquette.retry_queue"
    bl_label = "Retry"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return count(context, *_AGAIN) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        for entry in context.window_manager.maquette_state.queue:
            if entry.state in _AGAIN:
                entry.state, entry.message = "waiting", ""
        redraw_sidebars()
        return {"FINISHED"}


class MAQUETTE_OT_clear_queue(bpy.types.Operator):
    """Stop, and empty the queue; the meshes that were made stay"""

    bl_idname = "maquette.clear_queue"
    bl_label = "Clear"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        run = current_queue()
        if run is not None:
            run.cancel()
        state = context.window_manager.maquette_state
        state.queue.clear()
        state.queue_index = 0
        redraw_sidebars()
        return {"FINISHED"}

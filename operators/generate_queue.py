"""Generate All: every waiting picture of the queue becomes an object, one after the other, side by side."""

from __future__ import annotations

import time
from typing import Any

import bpy

from .generation import current
from .picture_queue import count
from .queue_run import QueueRun

__all__ = ["MAQUETTE_OT_generate_queue"]


class MAQUETTE_OT_generate_queue(bpy.types.Operator):
    """Make a mesh of each waiting picture, side by side from the 3D cursor on, with the settings above. Each can be
    undone by itself; Esc stops"""

    bl_idname = "maquette.generate_queue"
    bl_label = "Generate All"
    # No undo step of its own: each result has one.
    bl_options: set[str] = set()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = ""
        if current() is not None:
            reason = "A mesh is being generated"
        elif not count(context, "waiting"):
            reason = "No picture is waiting"
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the run and return; `modal` follows it."""
        if bpy.app.background:
            return self.execute(context)
        self._run = QueueRun(context)
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._run.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or not self._run.tick(context):
            return {"PASS_THROUGH"}
        self.cancel(context)
        return self._end(context, self._run)

    def cancel(self, context: bpy.types.Context) -> None:
        """End it: all is done, the window closes, or another file is loaded."""
        context.window_manager.event_timer_remove(self._timer)
        self._run.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the whole queue and return when it is over: for scripts and for Blender without a window."""
        run = QueueRun(context)
        try:
            while not run.tick(context):
                time.sleep(0.02)
        finally:
            run.close()
        return self._end(context, run)

    def _end(self, context: bpy.types.Context, run: QueueRun) -> set[str]:
        self.report({"INFO"}, run.summary(context))
        return {"FINISHED"} if run.made else {"CANCELLED"}

"""Copy System Report: what runs on this machine, and why not, for a bug report."""

from __future__ import annotations

import time
from typing import Any

import bpy

from .. import transfer
from ..blender.redraw import redraw_preferences
from ..doctor.text import tell
from ..errors import CancelledError, MaquetteError, WorkerError
from ..events import Cancelled, Done, Progress
from .generation import shared_worker

__all__ = ["MAQUETTE_OT_copy_report"]


class MAQUETTE_OT_copy_report(bpy.types.Operator):
    """Try every device and model, time a run, and copy what was found: for a bug report, or to see why the graphics
    card is not used. Takes some seconds"""

    bl_idname = "maquette.copy_report"
    bl_label = "Copy System Report"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Have it found out by the worker while Blender stays usable."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._begin(context)
        except MaquetteError as error:
            return self._fail(context, error)
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if not self._tick(context):
                return {"PASS_THROUGH"}
        except MaquetteError as error:
            return self._fail(context, error)
        return self._finish(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        self._close(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the result: for scripts and for Blender without a window."""
        try:
            self._begin(context)
            while not self._tick(context):
                time.sleep(0.02)
        except MaquetteError as error:
            return self._fail(context, error)
        return self._finish(context)

    def _begin(self, _context: bpy.types.Context) -> None:
        self._timer: Any = None
        self._step = "Starting"
        host = {"blender": bpy.app.version_string, "online": bool(bpy.app.online_access)}
        self._job = shared_worker().submit("doctor", host)

    def _tick(self, context: bpy.types.Context) -> bool:
        """Whether it is over; the report is in the clipboard then."""
        for event in self._job.poll():
            if isinstance(event, Done):
                context.window_manager.clipboard = tell(transfer.load_examination(event.folder))
                return True
            if isinstance(event, Cancelled):
                raise CancelledError("Stopped: nothing was copied.")
            if not isinstance(event, Progress):  # a driver's crash: what was tried last is what to keep away from
                raise WorkerError(f"{self._step}: {event.message}")
            self._step = event.step
            if context.workspace is not None:
                context.workspace.status_text_set(f"Maquette: {event.step}")
        return False

    def _finish(self, context: bpy.types.Context) -> set[str]:
        self._close(context)
        self.report({"INFO"}, "The report is in the clipboard; paste it where you ask for help.")
        return {"FINISHED"}

    def _fail(self, context: bpy.types.Context, error: MaquetteError) -> set[str]:
        self._close(context)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}

    def _close(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        self._job.close()
        redraw_preferences()

"""Copy System Report: what runs on this machine, and why not, for a bug report."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import transfer
from ..blender.redraw import redraw_preferences
from ..doctor.text import tell
from ..errors import MaquetteError, WorkerError
from ..events import Progress
from ..jobs import Job
from .asking import Asking
from .generation import shared_worker

__all__ = ["MAQUETTE_OT_copy_report"]


class MAQUETTE_OT_copy_report(Asking, bpy.types.Operator):
    """Try every device and model, time a run, and copy what was found: for a bug report, or to see why the graphics
    card is not used. Takes some seconds"""

    bl_idname = "maquette.copy_report"
    bl_label = "Copy System Report"
    bl_options = {"INTERNAL"}
    stopped = "Stopped: nothing was copied."

    def ask(self, _context: bpy.types.Context) -> Job:
        """Have the machine examined."""
        self._step = "Starting"
        host = {"blender": bpy.app.version_string, "online": bool(bpy.app.online_access)}
        return shared_worker().submit("doctor", host)

    def follow(self, context: bpy.types.Context, progress: Progress) -> None:
        self._step = progress.step
        if context.workspace is not None:
            context.workspace.status_text_set(f"Maquette: {progress.step}")

    def take(self, context: bpy.types.Context, folder: Path) -> bool:
        context.window_manager.clipboard = tell(transfer.load_examination(folder))
        self.report({"INFO"}, "The report is in the clipboard; paste it where you ask for help.")
        return True

    def let_go(self, context: bpy.types.Context) -> None:
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        redraw_preferences()

    def fail(self, context: bpy.types.Context, error: MaquetteError) -> None:
        # A driver's crash takes the worker down: what was tried last is what to keep away from.
        self.report({"ERROR"}, f"{self._step}: {error}" if isinstance(error, WorkerError) else str(error))

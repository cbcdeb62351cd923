"""Operators that have the worker process find something out, while Blender stays usable."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy

from ..errors import CancelledError, MaquetteError, WorkerError
from ..events import Cancelled, Done, Progress
from ..jobs import Job

__all__ = ["Asking"]

_INTERVAL = 0.05
"""Seconds between two looks at the job."""


class Asking:
    """To be mixed into an operator, which says what is asked (`ask`) and what becomes of the answer (`take`)."""

    stopped = "Stopped."
    """What the user reads when the job was cancelled."""

    report: Any

    def ask(self, context: bpy.types.Context) -> Job:
        """Submit the job.

        Raises
        ------
        MaquetteError
            If that cannot be done.
        """
        raise NotImplementedError

    def take(self, context: bpy.types.Context, folder: Path) -> bool:
        """Use the answer in the job's folder; False has the same asked again. MaquetteError if it is damaged."""
        raise NotImplementedError

    def follow(self, context: bpy.types.Context, progress: Progress) -> None:
        """Take note of how far it is."""

    def let_go(self, context: bpy.types.Context) -> None:
        """Put back what `ask` and `follow` changed, however it ended."""

    def fail(self, context: bpy.types.Context, error: MaquetteError) -> None:
        """Tell the user what went wrong."""
        self.report({"ERROR"}, str(error))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask, and return; `modal` waits for the answer."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._begin(context)
        except MaquetteError as error:
            return self._fail(context, error)
        self._timer = context.window_manager.event_timer_add(_INTERVAL, window=context.window)
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
        self._close(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        self._close(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the answer: for scripts and for Blender without a window."""
        try:
            self._begin(context)
            while not self._tick(context):
                time.sleep(_INTERVAL)
        except MaquetteError as error:
            return self._fail(context, error)
        self._close(context)
        return {"FINISHED"}

    def _begin(self, context: bpy.types.Context) -> None:
        self._timer: Any = None
        self._job: Job | None = None
        self._job = self.ask(context)

    def _tick(self, context: bpy.types.Context) -> bool:
        """Whether the answer has come and was taken."""
        for event in self._job.poll() if self._job is not None else ():
            if isinstance(event, Progress):
                self.follow(context, event)
            elif isinstance(event, Done):
                if self.take(context, event.folder):
                    return True
                self._end_job()
                self._job = self.ask(context)
                return False
            elif isinstance(event, Cancelled):
                raise CancelledError(self.stopped)
            else:
                raise WorkerError(event.message)
        return False

    def _fail(self, context: bpy.types.Context, error: MaquetteError) -> set[str]:
        self._close(context)
        self.fail(context, error)
        return {"CANCELLED"}

    def _close(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        self._end_job()
        self.let_go(context)

    def _end_job(self) -> None:
        if self._job is not None:
            self._job.close()
            self._job = None

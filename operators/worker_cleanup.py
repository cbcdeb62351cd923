"""Cleanup operators whose work is done by the worker process: what may crash or take long never holds up the scene."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import bpy

from ..errors import CancelledError
from .cleaning import Cleaning, current_cleaning
from .cleanup import Cleanup
from .measuring import refresh_report
from .targets import has_targets

__all__ = ["WorkerCleanup"]

_PAUSE = 0.01


class WorkerCleanup(Cleanup):
    """A cleanup operator, to be mixed into one; ``action`` is what the worker is asked for, `arguments` how."""

    action = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return not _is_busy(cls) and has_targets(cls, context)

    def arguments(self) -> Mapping[str, float | bool | str]:
        """The action's keyword arguments."""
        return {}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the work and return; `modal` follows it."""
        if bpy.app.background:
            return self.execute(context)
        self._cleaning = Cleaning(context, self.action, self.arguments())
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._cleaning.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or not self._cleaning.tick(context):
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end(context, self._cleaning)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        context.window_manager.event_timer_remove(self._timer)
        self._cleaning.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the result: for scripts, for the redo panel and for Blender without a window."""
        cleaning = Cleaning(context, self.action, self.arguments())
        try:
            while not cleaning.tick(context):
                time.sleep(_PAUSE)
        except BaseException:  # Ctrl-C too
            cleaning.close()
            raise
        return self._end(context, cleaning)

    def _end(self, context: bpy.types.Context, cleaning: Cleaning) -> set[str]:
        try:
            notes, items = cleaning.conclude(context)
        except CancelledError as error:
            return _stop(self, error)
        finally:
            cleaning.close()
        refresh_report(context, items, always=True)
        return notes.tell(self)


def _is_busy(operator: type[bpy.types.Operator]) -> bool:
    if current_cleaning() is None:
        return False
    operator.poll_message_set("A mesh is being cleaned")
    return True


def _stop(operator: bpy.types.Operator, error: CancelledError) -> set[str]:
    operator.report({"INFO"}, str(error))
    return {"CANCELLED"}

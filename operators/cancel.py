"""Cancel: stop what is under way."""

from __future__ import annotations

import bpy

from .cleaning import Cleaning, current_cleaning
from .generation import Generation, current
from .queue_run import QueueRun, current_queue

__all__ = ["MAQUETTE_OT_cancel"]


class MAQUETTE_OT_cancel(bpy.types.Operator):
    """Stop, and leave the scene as it is (Esc)"""

    bl_idname = "maquette.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _under_way() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        work = _under_way()
        if work is None:
            return {"CANCELLED"}
        work.cancel()
        return {"FINISHED"}


def _under_way() -> QueueRun | Generation | Cleaning | None:
    return current_queue() or current() or current_cleaning()

"""Cancel: stop the run under way."""

from __future__ import annotations

import bpy

from .generation import current

__all__ = ["MAQUETTE_OT_cancel"]


class MAQUETTE_OT_cancel(bpy.types.Operator):
    """Stop generating and leave the scene as it is (Esc)"""

    bl_idname = "maquette.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return current() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        generation = current()
        if generation is None:
            return {"CANCELLED"}
        generation.cancel()
        return {"FINISHED"}

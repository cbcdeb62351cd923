"""Dismiss: take the last run's error out of the panel."""

from __future__ import annotations

import bpy

__all__ = ["MAQUETTE_OT_dismiss_error"]


class MAQUETTE_OT_dismiss_error(bpy.types.Operator):
    """Hide this message"""

    bl_idname = "maquette.dismiss_error"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.maquette_state.error = ""
        return {"FINISHED"}

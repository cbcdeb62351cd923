"""Resolve Intersections: bodies that pass through each other become one."""

from __future__ import annotations

import bpy

from .worker_cleanup import WorkerCleanup

__all__ = ["MAQUETTE_OT_resolve_intersections"]


class MAQUETTE_OT_resolve_intersections(WorkerCleanup, bpy.types.Operator):
    """Unite closed parts that pass through each other into one surface, exactly, in all selected meshes. Open parts are
    left alone. Esc stops it"""

    bl_idname = "maquette.resolve_intersections"
    bl_label = "Resolve Intersections"
    action = "resolve_intersections"

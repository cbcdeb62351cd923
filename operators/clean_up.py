"""Clean Up: everything that can be repaired without guessing, from the gentlest step to the strongest."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
from bpy.props import BoolProperty

from .worker_cleanup import WorkerCleanup

__all__ = ["MAQUETTE_OT_clean_up"]


class MAQUETTE_OT_clean_up(WorkerCleanup, bpy.types.Operator):
    """Repair all that can be repaired without guessing, in all selected meshes: merge, turn faces outwards, close
    holes, remove crumbs and inner shells, unite bodies. Each step is kept only if it makes the mesh better, and what is
    sound stays as it is. Esc stops it"""

    bl_idname = "maquette.clean_up"
    bl_label = "Clean Up"
    action = "clean_up"
    keeps_loose = False

    leave_open: BoolProperty(
        name="Leave Open",
        description="Leave holes, small parts and what lies inside: for meshes that are only looked at",
        default=False,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "leave_open")

    def arguments(self) -> Mapping[str, float | bool | str]:
        return {"leave_open": self.leave_open}

"""Make Solid: a closed body, whatever it takes."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
from bpy.props import BoolProperty

from .worker_cleanup import WorkerCleanup

__all__ = ["MAQUETTE_OT_make_solid"]


class MAQUETTE_OT_make_solid(WorkerCleanup, bpy.types.Operator):
    """Make closed, printable bodies of all selected meshes: Clean Up, and where that leaves a surface open it gets a
    thickness or is rebuilt. Refuses where the shape would change. Esc stops it"""

    bl_idname = "maquette.make_solid"
    bl_label = "Make Solid"
    action = "make_solid"
    keeps_loose = False

    keep_cavities: BoolProperty(
        name="Keep Hollows", description="Keep hollows inside the body, rather than fill them", default=True
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "keep_cavities")

    def arguments(self) -> Mapping[str, float | bool | str]:
        return {"keep_cavities": self.keep_cavities}

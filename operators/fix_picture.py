"""Fix: have the picture mended before it is used, and check it again."""

from __future__ import annotations

from typing import get_args

import bpy
from bpy.props import EnumProperty

from ..contracts import Fix
from .check_image import check_soon

__all__ = ["MAQUETTE_OT_fix_picture"]


class MAQUETTE_OT_fix_picture(bpy.types.Operator):
    """Mend this before the picture is used, and check it again. The file stays as it is; Fixes switches it off"""

    bl_idname = "maquette.fix_picture"
    bl_label = "Fix"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    fix: EnumProperty(
        name="Fix", items=[(name, name.capitalize(), "") for name in get_args(Fix)], options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.maquette.fixes |= {self.fix}
        if bpy.app.background:
            bpy.ops.maquette.check_image()
        else:
            check_soon()
        return {"FINISHED"}

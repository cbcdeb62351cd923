"""The pictures that wait for their mesh, and what became of the others."""

from __future__ import annotations

import bpy

from ..operators.cancel import MAQUETTE_OT_cancel
from ..operators.edit_queue import (
    MAQUETTE_OT_add_to_queue,
    MAQUETTE_OT_clear_queue,
    MAQUETTE_OT_remove_from_queue,
    MAQUETTE_OT_retry_queue,
)
from ..operators.generate_queue import MAQUETTE_OT_generate_queue
from ..operators.picture_queue import count
from ..operators.queue_run import current_queue
from ..run_state import MAQUETTE_PG_queued, MAQUETTE_PG_state
from .generate import MAQUETTE_PT_generate
from .text import draw_text

__all__ = ["MAQUETTE_PT_queue", "MAQUETTE_UL_queue"]

_ICONS = {"waiting": "TIME", "running": "PLAY", "done": "CHECKMARK", "refused": "CANCEL", "failed": "ERROR"}


class MAQUETTE_UL_queue(bpy.types.UIList):
    """A line for each picture: its state, its name, and while it is made how far it is."""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        state: MAQUETTE_PG_state,
        entry: MAQUETTE_PG_queued,
        _icon: int,
        _active: MAQUETTE_PG_state,
        _active_name: str,
    ) -> None:
        if entry.state == "running":
            layout.progress(factor=state.progress, text=entry.name)
        else:
            row = layout.row()
            row.active = entry.state != "done"
            row.label(text=entry.name, icon=_ICONS[entry.state])


class MAQUETTE_PT_queue(bpy.types.Panel):
    """Several pictures, each of which becomes a mesh of its own."""

    bl_label = "Several Pictures"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_parent_id = MAQUETTE_PT_generate.__name__

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.window_manager.maquette_state.queue) > 0

    def draw(self, context: bpy.types.Context) -> None:
        state = context.window_manager.maquette_state
        row = self.layout.row()
        row.template_list("MAQUETTE_UL_queue", "", state, "queue", state, "queue_index", rows=5, maxrows=8)
        buttons = row.column(align=True)
        buttons.operator(MAQUETTE_OT_add_to_queue.bl_idname, text="", icon="ADD")
        buttons.operator(MAQUETTE_OT_remove_from_queue.bl_idname, text="", icon="REMOVE")
        buttons.separator()
        buttons.operator(MAQUETTE_OT_retry_queue.bl_idname, text="", icon="FILE_REFRESH")
        buttons.operator(MAQUETTE_OT_clear_queue.bl_idname, text="", icon="TRASH")
        if 0 <= state.queue_index < len(state.queue) and (message := state.queue[state.queue_index].message):
            draw_text(self.layout, context, message, icon="INFO")
        if current_queue() is None:
            row = self.layout.row()
            row.scale_y = 1.5
            waiting = count(context, "waiting")
            text = f"Generate All {waiting}" if waiting > 1 else "Generate the One Left" if waiting else "Generate All"
            row.operator(MAQUETTE_OT_generate_queue.bl_idname, text=text, icon="MESH_MONKEY")
        else:
            over, all_of_them = count(context, "done", "refused", "failed"), len(state.queue)
            self.layout.operator(MAQUETTE_OT_cancel.bl_idname, text=f"Stop ({over} of {all_of_them} done)", icon="X")

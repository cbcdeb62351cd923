"""Upscale Texture: more pixels for the base colour of the active object."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..errors import CancelledError, MaquetteError
from ..preferences import chosen_device
from .enlarging import Enlarging

__all__ = ["MAQUETTE_OT_upscale_texture"]

_EMBEDDED = "maquette-upscale"
_PAUSE = 0.01


class MAQUETTE_OT_upscale_texture(bpy.types.Operator):
    """Enlarge the base-colour picture of the active object with a network, edges kept sharp; other maps stay as they
    are. All materials that show the picture get the larger one, packed into the blend file. The old picture stays until
    the file is saved and nothing uses it"""

    bl_idname = "maquette.upscale_texture"
    bl_label = "Upscale Texture"
    bl_options = {"REGISTER", "UNDO"}

    size: EnumProperty(
        name="Size",
        description="Size of the larger picture",
        items=[
            ("2x", "2x", "Twice as wide and high"),
            ("4x", "4x", "Four times as wide and high"),
            ("2048", "2048", "2048 pixels on the longest side"),
            ("4096", "4096", "4096 pixels on the longest side"),
        ],
        default="2x",
    )
    model: StringProperty(
        name="Model",
        description="The network: maquette-upscale, or the path of the card (.toml) of one of your own",
        default=_EMBEDDED,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        item = context.active_object
        if item is None or not any(slot.material is not None for slot in item.material_slots):
            cls.poll_message_set("Select an object with a textured material first")
            return False
        return True

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "size")
        self.layout.prop(self, "model")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the work and return; `modal` follows it."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._enlarging = self._begin(context)
        except MaquetteError as error:
            return self._fail(error)
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            self.report({"INFO"}, "Stopped: nothing was changed.")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            over = self._enlarging.tick()
        except MaquetteError as error:
            self.cancel(context)
            return self._fail(error)
        if not over:
            context.workspace.status_text_set(f"Upscale Texture: {self._enlarging.share:.0%} (Esc stops)")
            return {"PASS_THROUGH"}
        self._let_go(context)
        return self._end(self._enlarging)

    def cancel(self, context: bpy.types.Context) -> None:
        """Let the work go; Blender calls this too when its window closes or another file is loaded."""
        self._let_go(context)
        self._enlarging.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the result: for scripts, for the redo panel and for Blender without a window."""
        try:
            enlarging = self._begin(context)
        except MaquetteError as error:
            return self._fail(error)
        try:
            while not enlarging.tick():
                time.sleep(_PAUSE)
        except MaquetteError as error:
            enlarging.close()
            return self._fail(error)
        except BaseException:  # Ctrl-C too
            enlarging.close()
            raise
        return self._end(enlarging)

    def _begin(self, context: bpy.types.Context) -> Enlarging:
        own = self.model.endswith(".toml")
        model = str(Path(bpy.path.abspath(self.model)).absolute()) if own else self.model
        return Enlarging.begin(context.active_object, self.size, model, chosen_device(context))

    def _end(self, enlarging: Enlarging) -> set[str]:
        try:
            lines = enlarging.conclude()
        finally:
            enlarging.close()
        failed = [text.rstrip(".") for text in enlarging.failed]
        if not lines:
            self.report({"ERROR"}, "; ".join(failed) + ".")
            return {"CANCELLED"}
        text = "; ".join([f"Enlarged {', '.join(lines)}", *failed])
        self.report({"WARNING"} if failed else {"INFO"}, text)
        return {"FINISHED"}

    def _let_go(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _fail(self, error: MaquetteError) -> set[str]:
        self.report({"INFO"} if isinstance(error, CancelledError) else {"ERROR"}, str(error))
        return {"CANCELLED"}

"""Generate from Image: the picture of the settings becomes an object in the scene."""

from __future__ import annotations

import time

import bpy

from ..errors import CancelledError, MaquetteError
from .generation import Ending, Generation, current

__all__ = ["MAQUETTE_OT_generate_from_image", "hindrance"]


def hindrance(context: bpy.types.Context) -> str:
    """Why no run can be started now, in a few words; empty when one can."""
    if current() is not None:
        return "A mesh is being generated"
    if not context.scene.maquette.image_path:
        return "Choose a picture first"
    return ""


class MAQUETTE_OT_generate_from_image(bpy.types.Operator):
    """Make a textured mesh of the picture, at the 3D cursor, with the settings above. Esc stops it"""

    bl_idname = "maquette.generate_from_image"
    bl_label = "Generate from Image"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = hindrance(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the run and return; `modal` follows it."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._generation = Generation(context)
        except MaquetteError as error:
            return self._refuse(context, error)
        self._generation.start_timer(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._generation.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        last = self._generation.tick(context)
        return {"PASS_THROUGH"} if last is None else self._end(context, self._generation, last)

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        self._generation.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the whole run and return when it is over: for scripts and for Blender without a window."""
        if self.options.is_repeat or self.options.is_repeat_last:
            # Repeat Last in the interface: a new run, which must not hold the interface up.
            bpy.ops.maquette.generate_from_image("INVOKE_DEFAULT")
            return {"CANCELLED"}
        try:
            generation = Generation(context)
        except MaquetteError as error:
            return self._refuse(context, error)
        try:
            while (last := generation.tick(context)) is None:
                time.sleep(0.02)
        except BaseException:  # Ctrl-C too
            generation.close()
            raise
        return self._end(context, generation, last)

    def _end(self, context: bpy.types.Context, generation: Generation, last: Ending) -> set[str]:
        try:
            item = generation.conclude(context, last)
        except CancelledError as error:
            self.report({"INFO"}, str(error))
            return {"CANCELLED"}
        except MaquetteError as error:
            return self._refuse(context, error)
        finally:
            generation.close()
        self.report({"INFO"}, f"Generated {item.name}")
        return {"FINISHED"}

    def _refuse(self, context: bpy.types.Context, error: MaquetteError) -> set[str]:
        context.window_manager.maquette_state.error = str(error)
        context.window_manager.maquette_state.step = ""
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}

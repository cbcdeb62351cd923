"""Install GPU Support and Remove GPU Support: a graphics card's runtime in a folder of Maquette's own."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import StringProperty

from ..blender.redraw import redraw_preferences
from ..errors import MaquetteError
from ..gpu_support.folder import runtime_folder
from ..gpu_support.install import installed_runtime, offer, remove
from ..gpu_support.runtimes import Runtime, runtimes_for, this_platform, this_python
from ..gpu_support.task import Installation
from .generation import shut_down

__all__ = [
    "MAQUETTE_OT_cancel_gpu_support",
    "MAQUETTE_OT_install_gpu_support",
    "MAQUETTE_OT_remove_gpu_support",
    "available_runtimes",
    "current_installation",
    "stop_installation",
]

_current: Installation | None = None


def current_installation() -> Installation | None:
    """The installation under way, or None."""
    return _current


def stop_installation() -> None:
    """Stop the installation under way, and wait until it has."""
    global _current
    if _current is not None:
        _current.cancel()
        _current.wait()
        _current = None


def available_runtimes() -> tuple[Runtime, ...]:
    """What can be installed on this machine."""
    return runtimes_for(this_platform(), this_python())


class MAQUETTE_OT_install_gpu_support(bpy.types.Operator):
    """Download what the networks need to run on the graphics card, into a folder of Maquette's own. Blender itself
    stays as it is"""

    bl_idname = "maquette.install_gpu_support"
    bl_label = "Install GPU Support"
    bl_options = {"INTERNAL"}

    device: StringProperty(name="Device", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if _current is not None:
            cls.poll_message_set("GPU support is being installed")
            return False
        if not bpy.app.online_access:
            cls.poll_message_set("Blender may not go online: allow it in Preferences > System > Network")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Tell the sizes and ask."""
        runtime = self._runtime()
        if runtime is None:
            return self.execute(context)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Install {runtime.title}?",
            message=f"{runtime.sizes}. Needs {runtime.needs}.",
            confirm_text="Download",
            icon="INFO",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        global _current
        runtime = self._runtime()
        if runtime is None:
            self.report({"ERROR"}, "There is no such runtime for this system; the processor does the work here.")
            return {"CANCELLED"}
        shut_down()  # on Windows nothing can be replaced that a worker has loaded
        _current = Installation(runtime, runtime_folder())
        if bpy.app.background:
            _current.wait()
            return self._end()
        self._timer: Any = context.window_manager.event_timer_add(0.2, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        redraw_preferences()
        if _current is not None and not _current.finished:
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end()

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        context.window_manager.event_timer_remove(self._timer)
        stop_installation()

    def _end(self) -> set[str]:
        global _current
        ended, _current = _current, None
        offer(runtime_folder())
        redraw_preferences()
        if ended is None or ended.cancelled:
            self.report({"INFO"}, "Stopped; installing again goes on from here.")
            return {"CANCELLED"}
        if ended.error:
            self.report({"ERROR"}, ended.error)
            return {"CANCELLED"}
        self.report({"INFO"}, "GPU support is installed; the next run uses it.")
        return {"FINISHED"}

    def _runtime(self) -> Runtime | None:
        return next((one for one in available_runtimes() if one.device == self.device), None)


class MAQUETTE_OT_cancel_gpu_support(bpy.types.Operator):
    """Stop the download; what is complete is kept for the next time"""

    bl_idname = "maquette.cancel_gpu_support"
    bl_label = "Stop the Installation"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _current is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if _current is not None:
            _current.cancel()
        return {"FINISHED"}


class MAQUETTE_OT_remove_gpu_support(bpy.types.Operator):
    """Delete the graphics card's runtime; the networks run on the processor then"""

    bl_idname = "maquette.remove_gpu_support"
    bl_label = "Remove GPU Support"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _current is None and installed_runtime(runtime_folder()) is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: it took a while to download."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        shut_down()
        try:
            remove(runtime_folder())
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            offer(runtime_folder())
            redraw_preferences()
        return {"FINISHED"}

"""Check Picture: what the chosen picture is fit for, before a mesh is made of it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bpy

from .. import transfer
from ..blender.redraw import redraw_sidebars
from ..errors import CancelledError, MaquetteError, WorkerError
from ..events import Cancelled, Done, Progress
from ..jobs import Job
from ..preferences import chosen_device
from ..properties import read_settings
from .generation import shared_worker

__all__ = ["MAQUETTE_OT_check_image", "check_soon"]


def check_soon() -> None:
    """Have the chosen picture checked beside Blender; in Blender without a window nobody is shown the result."""
    if not bpy.app.background and bpy.ops.maquette.check_image.poll():
        bpy.ops.maquette.check_image("INVOKE_DEFAULT")


class MAQUETTE_OT_check_image(bpy.types.Operator):
    """Measure what the picture is fit for: its subject, sharpness, light, background and view. Nothing in the scene
    changes"""

    bl_idname = "maquette.check_image"
    bl_label = "Check Picture"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.maquette.image_path:
            cls.poll_message_set("Choose a picture first")
            return False
        if context.window_manager.maquette_state.checking:
            cls.poll_message_set("The picture is being checked")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Have it checked by the worker while Blender stays usable."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._begin(context)
        except MaquetteError as error:
            return self._fail(context, error)
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if not self._tick(context):
                return {"PASS_THROUGH"}
        except MaquetteError as error:
            return self._fail(context, error)
        finally:
            redraw_sidebars()
        self._close(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        self._close(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the result: for scripts and for Blender without a window."""
        try:
            self._begin(context)
            while not self._tick(context):
                time.sleep(0.02)
        except MaquetteError as error:
            return self._fail(context, error)
        self._close(context)
        return {"FINISHED"}

    def _begin(self, context: bpy.types.Context) -> None:
        settings, state = context.scene.maquette, context.window_manager.maquette_state
        self._job: Job | None = None
        self._timer = None
        self._path: str = settings.image_path
        payload = {
            "picture": str(Path(bpy.path.abspath(self._path)).absolute()),
            "settings": asdict(read_settings(settings, chosen_device(context))),
        }
        state.check = state.checked = ""
        self._job = shared_worker().submit("check", payload)
        state.checking = True

    def _tick(self, context: bpy.types.Context) -> bool:
        """Whether the check is over; its lines are in the window manager then."""
        for event in self._job.poll() if self._job is not None else ():
            if isinstance(event, Done):
                state = context.window_manager.maquette_state
                findings, _ = transfer.load_check(event.folder)
                state.check, state.checked = json.dumps(findings), self._path
                return True
            if isinstance(event, Cancelled):
                raise CancelledError("Stopped: the picture was not checked.")
            if not isinstance(event, Progress):
                raise WorkerError(event.message)
        return False

    def _close(self, context: bpy.types.Context) -> None:
        context.window_manager.maquette_state.checking = False
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if self._job is not None:
            self._job.close()
            self._job = None

    def _fail(self, context: bpy.types.Context, error: MaquetteError) -> set[str]:
        self._close(context)
        state = context.window_manager.maquette_state
        finding = {"line": "Picture", "level": "poor", "text": str(error), "fix": ""}
        state.check, state.checked = json.dumps([finding]), self._path
        self.report({"WARNING"}, str(error))
        return {"CANCELLED"}

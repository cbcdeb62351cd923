"""Check Picture: what the chosen picture is fit for, before a mesh is made of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bpy

from .. import transfer
from ..blender.checked_files import Which, keep_prepared, take_files
from ..blender.masks import mask_changed
from ..blender.redraw import redraw_sidebars
from ..errors import MaquetteError
from ..jobs import Job
from ..properties import check_key
from .asking import Asking
from .generation import shared_worker
from .run_settings import run_settings

__all__ = ["MAQUETTE_OT_check_image", "check_soon", "check_soon_in"]


def check_soon() -> None:
    """Have the chosen picture checked beside Blender; in Blender without a window nobody is shown the result."""
    if not bpy.app.background and bpy.ops.maquette.check_image.poll():
        bpy.ops.maquette.check_image("INVOKE_DEFAULT")


def check_soon_in(window: bpy.types.Window) -> None:
    """`check_soon` from a window, if it is still there and its picture has not been checked: for timers."""
    if window not in list(bpy.context.window_manager.windows):
        return
    settings, state = window.scene.maquette, bpy.context.window_manager.maquette_state
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    region = next(region for region in area.regions if region.type == "WINDOW")
    if settings.image_path and state.checked != settings.image_path:
        with bpy.context.temp_override(window=window, area=area, region=region):
            check_soon()


class MAQUETTE_OT_check_image(Asking, bpy.types.Operator):
    """Measure what the picture is fit for: its subject, sharpness, light, background and view; and show it as it will
    be used. No object in the scene changes"""

    bl_idname = "maquette.check_image"
    bl_label = "Check Picture"
    bl_options = {"REGISTER"}
    stopped = "Stopped: the picture was not checked."

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.maquette.image_path:
            cls.poll_message_set("Choose a picture first")
            return False
        if context.window_manager.maquette_state.checking:
            cls.poll_message_set("The picture is being checked")
            return False
        return True

    def ask(self, context: bpy.types.Context) -> Job:
        """Have the picture of the settings checked as they are now."""
        state = context.window_manager.maquette_state
        self._path: str = context.scene.maquette.image_path
        self._asked = _payload(context)
        state.check = state.checked = state.checked_key = ""
        job = shared_worker().submit("check", self._asked)
        state.checking = True
        return job

    def take(self, context: bpy.types.Context, folder: Path) -> bool:
        """Keep what was found, unless the user has changed something meanwhile."""
        if mask_changed(self._path) or _payload(context) != self._asked:
            return False
        findings, subjects, chosen = transfer.load_check(folder)
        names: dict[Which, str] = {
            "picture": transfer.PICTURE,
            "prepared": transfer.PREPARED,
            "mask": transfer.MASK,
        }
        take_files({which: transfer.picture_path(folder, name) for which, name in names.items()})
        keep_prepared(context.scene, f"{Path(self._path).stem or 'Picture'} prepared")
        state = context.window_manager.maquette_state
        state.subjects, state.chosen, state.subjects_of = json.dumps(subjects), chosen, self._path
        state.check, state.checked = json.dumps(findings), self._path
        state.checked_key = check_key(context.scene.maquette)
        return True

    def let_go(self, context: bpy.types.Context) -> None:
        context.window_manager.maquette_state.checking = False
        redraw_sidebars()

    def fail(self, context: bpy.types.Context, error: MaquetteError) -> None:
        """Show it where the lines of the check would stand."""
        state = context.window_manager.maquette_state
        finding = {"line": "Picture", "level": "poor", "text": str(error), "fix": ""}
        state.check, state.checked, state.subjects_of = json.dumps([finding]), self._path, ""
        self.report({"WARNING"}, str(error))


def _payload(context: bpy.types.Context) -> dict[str, Any]:
    """What the worker is asked: the picture of the settings, and they."""
    path = context.scene.maquette.image_path
    return {
        "picture": str(Path(bpy.path.abspath(path)).absolute()),
        "settings": asdict(run_settings(context, path)),
    }

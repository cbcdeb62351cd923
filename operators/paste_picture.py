"""Paste Picture: what was copied elsewhere, a picture or picture files, becomes the picture to make a mesh of."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import bpy

from ..blender.clipboard import Pasted, look_at_clipboard
from ..errors import MaquetteError, PictureError
from .picture_queue import check_name, take_pictures
from .use_image import file_of

__all__ = ["MAQUETTE_OT_paste_picture"]

_NAME = "Pasted Picture"
_PATIENCE = 10.0
"""Seconds that the program which holds the clipboard has to hand it over."""


class _Look:
    """A look at the clipboard in a thread: the program that holds it, which may be this Blender, takes its time."""

    def __init__(self, context: bpy.types.Context) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="maquette-", dir=bpy.app.tempdir, ignore_cleanup_errors=True)
        self._pasted = Pasted()
        self._problem: MaquetteError | None = None
        self._deadline = time.monotonic() + _PATIENCE
        text = context.window_manager.clipboard
        self._thread = threading.Thread(target=self._look, args=(text,), name="maquette-clipboard", daemon=True)
        self._thread.start()

    def _look(self, text: str) -> None:
        try:
            self._pasted = look_at_clipboard(text, Path(self._folder.name) / f"{_NAME}.png")
        except MaquetteError as error:
            self._problem = error
        except OSError as error:
            self._problem = PictureError(f"The picture cannot be kept ({error.strerror}): free some disk space.")

    def over(self) -> bool:
        return not self._thread.is_alive() or time.monotonic() > self._deadline

    def take(self, context: bpy.types.Context) -> str:
        """Use what was found, and say what it was."""
        if self._thread.is_alive():
            raise PictureError("The program that holds the clipboard does not answer: save the picture as a file.")
        if self._problem is not None:
            raise self._problem
        if self._pasted.picture is None:
            files = [check_name(file) for file in self._pasted.files]
            take_pictures(context, files)
            return f"Pasted {Path(files[0]).name}" if len(files) == 1 else f"Pasted {len(files)} pictures"
        image = bpy.data.images.load(str(self._pasted.picture))
        image.pack()
        image.name, image.filepath_raw = _NAME, f"//{_NAME}.png"
        image.use_fake_user = True  # the scene knows its file alone
        take_pictures(context, [str(file_of(image))])
        return f"Pasted {image.size[0]} x {image.size[1]} pixels as {image.name}"

    def close(self) -> None:
        self._folder.cleanup()


class MAQUETTE_OT_paste_picture(bpy.types.Operator):
    """Take the picture that was copied elsewhere, or the picture files: it stays in this Blender file as an image"""

    bl_idname = "maquette.paste_picture"
    bl_label = "Paste Picture"
    bl_options = {"REGISTER", "UNDO"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self._look = _Look(context)
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER" or not self._look.over():
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end(context, self._look)

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop waiting: Esc, or the window closes."""
        context.window_manager.event_timer_remove(self._timer)
        self._look.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for it: for scripts."""
        look = _Look(context)
        while not look.over():
            time.sleep(0.02)
        return self._end(context, look)

    def _end(self, context: bpy.types.Context, look: _Look) -> set[str]:
        try:
            told = look.take(context)
        except MaquetteError as error:
            self.report({"WARNING"}, str(error))
            return {"CANCELLED"}
        finally:
            look.close()
        self.report({"INFO"}, told)
        return {"FINISHED"}

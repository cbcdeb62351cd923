"""Run Batch and Stop Batch: a folder of pictures becomes a folder of meshes, in the background."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bpy

from .. import launch
from ..blender.export import FORMATS
from ..blender.redraw import redraw_sidebars
from ..errors import MaquetteError
from ..events import Cancelled, Done, Progress
from ..jobs import Worker
from ..preferences import chosen_device
from ..properties import MAQUETTE_PG_settings, read_settings
from ..settings import check_settings

__all__ = ["BatchRun", "MAQUETTE_OT_run_batch", "MAQUETTE_OT_stop_batch", "current_batch", "hindrance", "shut_down"]

# As in `commands.batch_process`, which is the other process's, with the libraries that read pictures.
MODULE, JOB, STOP, SUMMARY = "commands.batch_process", "batch", "stop", "summary.json"
_INTERVAL = 0.5

_batch: BatchRun | None = None


def current_batch() -> BatchRun | None:
    """The batch under way, or the last one, or None."""
    return _batch


def shut_down() -> None:
    """Stop the batch under way, and wait until its processes are gone."""
    global _batch
    if bpy.app.timers.is_registered(_follow):
        bpy.app.timers.unregister(_follow)
    if _batch is not None:
        _batch.close()
        _batch = None


class BatchRun:
    """A batch in a process of its own, which Blender's end ends too.

    ``running``; ``line`` says where it stands and ``fraction`` how much is done; at the end, ``summary`` says what came
    out, ``complete`` whether that is all there was to do, and ``gallery`` is the path of its page, or empty;
    ``error`` says why it failed, or is empty.
    """

    def __init__(self, arguments: list[str], settings: Mapping[str, Any], output: Path) -> None:
        self.output, self.running, self.stopping = output, True, False
        self.line, self.fraction = "Starting", 0.0
        self.summary, self.complete, self.gallery, self.error = "", False, "", ""
        self._worker = Worker(launch.default_command(bpy.app.binary_path or None, MODULE))
        self._job = self._worker.submit(JOB, {"arguments": arguments, "settings": dict(settings)})

    def tick(self) -> bool:
        """Take note of how it goes; whether anything has changed."""
        if not self.running:
            return False
        events = self._job.poll()
        for event in events:
            if isinstance(event, Progress):
                self.line, self.fraction = event.step, event.fraction
            else:
                self._end(event)
        return bool(events)

    def stop(self) -> None:
        """Ask it to stop: what is being written is finished, what is being made is dropped. `tick` tells of the end."""
        self.stopping = True
        (self._job.folder / STOP).touch()

    def close(self) -> None:
        """End its processes at once."""
        self.running = False
        self._worker.shutdown()

    def _end(self, event: Any) -> None:
        if isinstance(event, Done):
            summary = json.loads((event.folder / SUMMARY).read_bytes())
            self.summary, self.complete = summary["counts"], summary["complete"]
            self.gallery = summary["gallery"]
        else:
            self.error = "Stopped." if isinstance(event, Cancelled) else event.message
        self._job.close()
        self.close()


def hindrance(group: MAQUETTE_PG_settings) -> str:
    """Why no batch can be started now, in a few words; empty when one can."""
    if _batch is not None and _batch.running:
        return "A batch is running"
    if not group.batch_folder:
        return "Choose a folder of pictures first"
    if not group.batch_output:
        return "Choose a folder for the results first"
    if not group.batch_formats:
        return "Choose a file format first"
    return ""


class MAQUETTE_OT_run_batch(bpy.types.Operator):
    """Make a mesh of every picture in the folder, in the background, with the settings of Generate. What is done
    already and has not changed is left as it is"""

    bl_idname = "maquette.run_batch"
    bl_label = "Run Batch"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = hindrance(context.scene.maquette)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start it and return; a timer follows it."""
        global _batch
        group = context.scene.maquette
        output = _path(group.batch_output)
        try:
            settings = check_settings(read_settings(group, chosen_device(context)))
            _batch = BatchRun(_arguments(group, output), asdict(settings), output)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.timers.is_registered(_follow):
            bpy.app.timers.register(_follow, first_interval=_INTERVAL, persistent=True)
        return {"FINISHED"}


class MAQUETTE_OT_stop_batch(bpy.types.Operator):
    """Stop the batch. What is finished stays, and Run Batch goes on from there"""

    bl_idname = "maquette.stop_batch"
    bl_label = "Stop Batch"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _batch is not None and _batch.running and not _batch.stopping

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if _batch is None:
            return {"CANCELLED"}
        _batch.stop()
        redraw_sidebars()
        return {"FINISHED"}


def _follow() -> float | None:
    """The timer: it goes on until the batch has ended, whatever panels are open and whatever file is loaded."""
    if _batch is None:
        return None
    if _batch.tick():
        redraw_sidebars()
    return _INTERVAL if _batch.running else None


def _arguments(group: MAQUETTE_PG_settings, output: Path) -> list[str]:
    """What the scene's settings are on the command line."""
    formats = ",".join(FORMATS[name][0].removeprefix(".") for name in FORMATS if name in group.batch_formats)
    arguments = [str(_path(group.batch_folder)), "-o", str(output), "--resume", "--formats", formats]
    arguments += ["--recursive"] * group.batch_recursive + ["--gallery"] * group.batch_gallery
    return arguments + (["--blender", bpy.app.binary_path] if bpy.app.binary_path else [])


def _path(text: str) -> Path:
    return Path(bpy.path.abspath(text)).absolute()

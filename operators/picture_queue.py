"""The queue of pictures, kept in the window manager, which undo leaves alone: what is in it, and in what state."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import bpy

from ..blender.redraw import redraw_sidebars
from ..errors import PictureError
from ..run_state import MAQUETTE_PG_queued
from .check_image import check_soon

__all__ = ["add_pictures", "check_name", "chosen_files", "count", "find", "next_waiting", "take_pictures"]

_numbers = iter(range(1, 2**31))
"""Each entry's own number, which stays when others come and go."""


def check_name(path: str) -> str:
    """The path as it is, where Blender can keep it.

    Raises
    ------
    PictureError
        When it is no valid Unicode, which Blender's text must be.
    """
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        shown = ascii(os.path.basename(path))[1:-1]
        raise PictureError(f"{shown} has letters in its name that Blender cannot keep: rename the file.") from None
    return path


def chosen_files(operator: bpy.types.Operator) -> list[str]:
    """The paths that a file browser or a drop left in an operator's ``directory``, ``files`` and ``filepath``.

    Raises
    ------
    PictureError
        When a name is no valid Unicode.
    """
    try:
        names = [item.name for item in operator.files if item.name]
    except UnicodeDecodeError:
        raise PictureError("A file has letters in its name that Blender cannot keep: rename it.") from None
    paths = [os.path.join(operator.directory, name) for name in names] if operator.directory else []
    return [check_name(path) for path in paths or [operator.filepath] if path]


def take_pictures(context: bpy.types.Context, paths: Sequence[str]) -> None:
    """Take one picture for the next run, and have it checked; several go into the queue, the first of them is shown."""
    if not paths:
        return
    if len(paths) > 1:
        add_pictures(context, paths)
        state = context.window_manager.maquette_state
        state.queue_index = next(number for number, entry in enumerate(state.queue) if entry.path == paths[0])
    context.scene.maquette.image_path = paths[0]
    check_soon()


def add_pictures(context: bpy.types.Context, paths: Sequence[str]) -> None:
    """Append pictures to the queue, except those that wait in it already."""
    queue = context.window_manager.maquette_state.queue
    present = {entry.path for entry in queue if entry.state in {"waiting", "running"}}
    for path in dict.fromkeys(paths):
        if path not in present:
            entry = queue.add()
            entry.number, entry.path, entry.name = next(_numbers), path, Path(path).name
    redraw_sidebars()


def find(context: bpy.types.Context, number: int) -> MAQUETTE_PG_queued | None:
    """The entry with a number, or None where it was removed."""
    return next((entry for entry in context.window_manager.maquette_state.queue if entry.number == number), None)


def next_waiting(context: bpy.types.Context) -> MAQUETTE_PG_queued | None:
    """The entry that comes next, or None."""
    return next((entry for entry in context.window_manager.maquette_state.queue if entry.state == "waiting"), None)


def count(context: bpy.types.Context, *states: str) -> int:
    """How many entries are in one of some states."""
    return sum(entry.state in states for entry in context.window_manager.maquette_state.queue)

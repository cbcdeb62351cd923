"""Plays a user in a real Blender window who picks one of two things in a picture by a click, then paints the mask.

Runs inside Blender. Environment: ``STORY_PICTURE`` the picture, two things side by side, ``STORY_OUT`` the JSON file
for what was seen.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

PICTURE, OUT = os.environ["STORY_PICTURE"], Path(os.environ["STORY_OUT"])
seen: dict[str, Any] = {}


def load(name: str) -> ModuleType:
    """Load a module that lies beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stage = load("stage")
in_view, state, until = stage.in_view, stage.state, stage.until


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.maquette


def checked() -> bool:
    """Whether the picture has been checked as it is asked for now."""
    return state().checked == PICTURE and not state().checking


def editor() -> tuple[bpy.types.Window, bpy.types.Region, bpy.types.SpaceImageEditor]:
    """The window that was opened for the picture, where it draws, and what it shows."""
    window = bpy.context.window_manager.windows[-1]
    area = window.screen.areas[0]
    return window, next(region for region in area.regions if region.type == "WINDOW"), area.spaces.active


def mouse(kind: str, value: str, x: float, y: float) -> None:
    """Do something with the mouse over a place of the picture, from its top left corner."""
    window, region, _ = editor()
    right, up = region.view2d.view_to_region(x, 1 - y, clip=False)
    window.event_simulate(type=kind, value=value, x=int(region.x + right), y=int(region.y + up))


def opened() -> Iterator[float]:
    """Wait until the picture has a window of its own, as large as it stays."""
    yield from until(lambda: len(bpy.context.window_manager.windows) == 2)
    yield 1.5


def picked() -> Iterator[float]:
    """A click on the thing at the right."""
    in_view(lambda: bpy.ops.maquette.check_image("INVOKE_DEFAULT"))
    yield from until(checked)
    seen["things"] = len(json.loads(state().subjects))
    seen["fixes"] = [finding["fix"] for finding in json.loads(state().check)]
    in_view(lambda: bpy.ops.ed.undo_push(message="Choose the picture"))
    in_view(lambda: bpy.ops.maquette.pick_subject("INVOKE_DEFAULT"))
    yield from opened()
    mouse("MOUSEMOVE", "NOTHING", 0.72, 0.5)
    yield 0.2
    for value in ("PRESS", "RELEASE"):
        mouse("LEFTMOUSE", value, 0.72, 0.5)
    yield from until(lambda: len(bpy.context.window_manager.windows) == 1)
    yield from until(checked)
    seen["picked"] = [state().chosen, *settings().subject]
    seen["prepared"] = settings().prepared.name
    in_view(bpy.ops.ed.undo)
    yield 0.5
    seen["after_undo"] = settings().subject_of


def left_alone() -> Iterator[float]:
    """Esc instead of the click."""
    images = len(bpy.data.images)
    in_view(lambda: bpy.ops.maquette.pick_subject("INVOKE_DEFAULT"))
    yield from opened()
    mouse("MOUSEMOVE", "NOTHING", 0.5, 0.5)
    mouse("ESC", "PRESS", 0.5, 0.5)
    yield from until(lambda: len(bpy.context.window_manager.windows) == 1)
    yield 0.2
    seen["escaped"] = [settings().subject_of, len(bpy.data.images) - images]


def painted() -> Iterator[float]:
    """A stroke of white between the things, from the top to the bottom."""
    in_view(lambda: bpy.ops.maquette.edit_mask("INVOKE_DEFAULT"))
    yield from opened()
    _, _, space = editor()
    mask = space.image
    seen["mode"] = space.mode
    before = sum(mask.pixels[::4])
    mouse("MOUSEMOVE", "NOTHING", 0.47, 0.2)
    yield 0.2
    mouse("LEFTMOUSE", "PRESS", 0.47, 0.2)
    for step in range(1, 9):
        mouse("MOUSEMOVE", "NOTHING", 0.47, 0.2 + 0.07 * step)
        yield 0.05
    mouse("LEFTMOUSE", "RELEASE", 0.47, 0.76)
    yield from until(lambda: mask.is_dirty)
    yield 0.5
    seen["painted_white"] = (sum(mask.pixels[::4]) - before) / len(mask.pixels[::4])
    in_view(lambda: bpy.ops.maquette.check_image("INVOKE_DEFAULT"))
    yield from until(checked)
    seen["things_with_mask"] = len(json.loads(state().subjects))
    seen["dirty_after_check"] = mask.is_dirty


def story() -> Iterator[float]:
    """All of it, one after the other."""
    yield 1.0
    settings().image_path = PICTURE
    for chapter in (picked(), left_alone(), painted()):
        yield from chapter
        OUT.write_text(json.dumps(seen), "utf-8")


stage.play(story(), seen, OUT)

"""Plays a user in a real Blender window who stops a run, loses the worker process, and tries again.

Runs inside Blender. Environment: ``STORY_PICTURE`` the picture, ``STORY_OUT`` the JSON file for what was seen.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import time
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
children, data, files, in_view = stage.children, stage.data, stage.files, stage.in_view
press, state, until = stage.press, stage.state, stage.until


def start() -> Iterator[float]:
    """Start a run and wait until it is well under way."""
    in_view(lambda: bpy.ops.maquette.generate_from_image("INVOKE_DEFAULT"))
    yield from until(lambda: state().progress > 0.05)


def ended() -> bool:
    """Whether no run is under way."""
    return not state().step


def stopped() -> Iterator[float]:
    """Esc during a run."""
    before = data()
    yield from start()
    seen["worker_while_running"] = len(children())
    pressed = time.monotonic()
    press("ESC")
    yield from until(ended)
    seen["escape_seconds"] = round(time.monotonic() - pressed, 3)
    yield from until(lambda: not children() and not files())
    seen["escape_left"] = {name: count - before[name] for name, count in data().items()}
    seen["escape_error"] = state().error


def killed() -> Iterator[float]:
    """The worker process dies during a run."""
    before = data()
    yield from start()
    for process in children():
        os.kill(process, signal.SIGKILL)
    yield from until(ended)
    seen["killed_error"] = state().error
    seen["killed_left"] = {name: count - before[name] for name, count in data().items()}


def finished(attempt: int) -> Iterator[float]:
    """A run to its end, then one undo."""
    before, name = data(), Path(PICTURE).stem
    yield from start()
    yield from until(ended)
    made = bpy.data.objects.get(name)
    seen.setdefault("runs", []).append(
        {
            "error": state().error,
            "object": made.name if made else "",
            "faces": len(made.data.polygons) if made else 0,
            "active": bpy.context.view_layer.objects.active == made,
            "selected": [item.name for item in bpy.context.selected_objects],
            "longest_tick_ms": round(state().longest_tick_ms, 1),
            "handover_ms": round(state().handover_ms, 1),
            "workers": len(children()),
            "files": files(),
        }
    )
    yield 0.5
    in_view(bpy.ops.ed.undo)
    yield 0.5
    seen["runs"][attempt]["left_after_undo"] = {kind: count - before[kind] for kind, count in data().items()}


def story() -> Iterator[float]:
    """All of it, one after the other."""
    yield 1.0
    bpy.context.scene.maquette.image_path = PICTURE
    in_view(lambda: bpy.ops.ed.undo_push(message="Choose the picture"))
    for chapter in (stopped(), killed(), finished(0), finished(1)):
        yield from chapter
        OUT.write_text(json.dumps(seen), "utf-8")


stage.play(story(), seen, OUT)

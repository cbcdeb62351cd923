"""Plays a user in a real Blender window who stops a run, loses the worker process, and tries again.

Runs inside Blender. Environment: ``STORY_PICTURE`` the picture, ``STORY_OUT`` the JSON file for what was seen.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

PICTURE, OUT = os.environ["STORY_PICTURE"], Path(os.environ["STORY_OUT"])
PATIENCE = 400.0  # seconds for one run; far more than it takes
seen: dict[str, Any] = {"failure": "the story did not come to its end"}


def state() -> bpy.types.PropertyGroup:
    """What the panel shows of the run."""
    return bpy.context.window_manager.maquette_state


def children() -> list[int]:
    """Process ids of this Blender's child processes that have not ended."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:  # it ended meanwhile
                continue
            if int(parent) == os.getpid() and status != "Z":
                found.append(int(folder.name))
    return found


def data() -> dict[str, int]:
    """How many of each kind of thing a run makes there are."""
    return {name: len(getattr(bpy.data, name)) for name in ("objects", "meshes", "materials", "images")}


def files() -> list[str]:
    """What Maquette has in the temporary folder."""
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("maquette*"))


def press(key: str) -> None:
    """Press a key over the 3D view."""
    window, area = view()
    for value in ("PRESS", "RELEASE"):
        window.event_simulate(type=key, value=value, x=area.x + area.width // 3, y=area.y + area.height // 2)


def view() -> tuple[bpy.types.Window, bpy.types.Area]:
    """The window and its 3D view."""
    window = bpy.context.window_manager.windows[0]
    return window, next(area for area in window.screen.areas if area.type == "VIEW_3D")


def in_view(action: Callable[[], object]) -> None:
    """Do something as if from the 3D view."""
    window, area = view()
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
        action()


def until(holds: Callable[[], bool]) -> Iterator[float]:
    """Wait until something holds, looking a hundred times a second."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s in vain; the panel says {state().step!r}, {state().error!r}")
        yield 0.01


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
    del seen["failure"]


chapters = story()


def tick() -> float | None:
    """Go on with the story; called by Blender's timer."""
    try:
        return next(chapters)
    except StopIteration:
        pass
    except BaseException:
        seen["failure"] = traceback.format_exc()
    OUT.write_text(json.dumps(seen), "utf-8")
    bpy.ops.wm.quit_blender()
    return None


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=1.0)

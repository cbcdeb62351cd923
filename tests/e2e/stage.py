"""What the stories played in a real Blender window share. Runs inside Blender; loaded by its path from beside them."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy

PATIENCE = 400.0  # seconds for one run; far more than it takes


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


def show_tab() -> Iterator[float]:
    """Open the sidebar with Maquette's tab."""
    area = view()[1]
    area.spaces.active.show_region_ui = True
    sidebar = region("UI")
    while sidebar.width < 2 or sidebar.active_panel_category != "Maquette":
        with contextlib.suppress(TypeError, AttributeError):  # it knows no tabs before it was drawn
            sidebar.active_panel_category = "Maquette"
        area.tag_redraw()
        yield 0.2


def region(kind: str) -> bpy.types.Region:
    """A part of the 3D view."""
    return next(region for region in view()[1].regions if region.type == kind)


def button(command: str, columns: Sequence[int]) -> Generator[float, None, tuple[int, int]]:
    """Where the first button of the sidebar is, from above, whose Python command begins like this: found by hovering.

    ``columns``: where to look, in pixels from the sidebar's right edge. Uses the clipboard.
    """
    window, area = view()
    sidebar, manager = region("UI"), bpy.context.window_manager
    for y in range(sidebar.y + sidebar.height - 20, sidebar.y, -9):
        for x in (sidebar.x + sidebar.width - column for column in columns):
            for step in (0, 1):
                window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x + step, y=y)
                yield 0.02
            manager.clipboard = ""
            with (
                bpy.context.temp_override(window=window, screen=window.screen, area=area, region=sidebar),
                contextlib.suppress(RuntimeError),
            ):
                bpy.ops.ui.copy_python_command_button()
            if manager.clipboard.startswith(command):
                return x + 1, y
    raise LookupError(f"the sidebar has no button for {command}")


def click(x: int, y: int) -> Iterator[float]:
    """Click at a place of the window."""
    window = view()[0]
    # From elsewhere: a button that the pointer rests on since the panel was drawn takes no click.
    for way in (150, 1, 0):
        window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x - way, y=y)
        yield 0.2
    for value in ("PRESS", "RELEASE"):
        window.event_simulate(type="LEFTMOUSE", value=value, x=x, y=y)
        yield 0.1


def until(holds: Callable[[], bool]) -> Iterator[float]:
    """Wait until something holds, looking a hundred times a second."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            shown = (state().step, state().cleaning_step, state().error)
            raise TimeoutError(f"waited {PATIENCE:.0f} s in vain; the panel says {shown}")
        yield 0.01


def play(chapters: Iterator[float], seen: dict[str, Any], out: Path) -> None:
    """Play a story, which says how many seconds to wait each time; write what was seen, and leave Blender."""
    seen["failure"] = "the story did not come to its end"

    def tick() -> float | None:
        try:
            return next(chapters)
        except StopIteration:
            del seen["failure"]
        except BaseException:
            seen["failure"] = traceback.format_exc()
        out.write_text(json.dumps(seen), "utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)

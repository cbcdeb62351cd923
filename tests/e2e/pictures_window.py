"""Plays a user in a real Blender window who brings pictures in: drops files, pastes, and clicks on Fix.

Runs inside Blender, beside ``x_source.py`` and python-xlib. Environment: ``STORY_OUT`` the JSON file for what was seen;
``STORY`` which of the stories it is: ``drop``, ``paste``, ``fix`` or ``queue``. The pictures lie beside this file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

OUT, HERE = Path(os.environ["STORY_OUT"]), Path(__file__).resolve().parent
seen: dict[str, Any] = {}


def load(name: str) -> ModuleType:
    """Load a module that lies beside this one."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stage = load("stage")
stage.PATIENCE = 100.0
state, until, in_view = stage.state, stage.until, stage.in_view


def source(*arguments: str) -> subprocess.Popen[str]:
    """Start another program of the same screen, which runs beside this one."""
    command = ["python3", str(HERE / "x_source.py"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(HERE)})


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.maquette


def picture() -> str:
    """The chosen picture's name."""
    return Path(settings().image_path).name


def shot(name: str) -> None:
    """A picture of the screen, for whoever looks into a failure."""
    subprocess.run(["import", "-window", "root", str(HERE / name)], check=False)


def dropped(kind: str, *names: str) -> Iterator[float]:
    """Drop files on an area, and choose the entry of the menu that Blender shows."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == kind)
    # The screen's rows count from above, Blender's from below; its window fills the screen.
    x, y = area.x + area.width // 3, area.y + area.height // 2
    program = source("drop", str(x), str(window.height - y), *(str(HERE / name) for name in names))
    yield from until(lambda: program.poll() is not None)
    seen.setdefault("drops", []).append(program.returncode)
    yield 1.0
    shot(f"drop-{kind}-{len(names)}.png")
    for value in ("PRESS", "RELEASE"):
        window.event_simulate(type="RET", value=value, x=x, y=y)
        yield 0.2


def drop() -> Iterator[float]:
    """One file on the 3D view, three there, one on an image editor."""
    yield from dropped("VIEW_3D", "one cup.png")
    yield from until(lambda: picture() == "one cup.png")
    yield from until(lambda: stage.region("UI").active_panel_category == "Maquette")
    yield from dropped("VIEW_3D", "a.png", "b é.png", "c'.png")
    yield from until(lambda: len(state().queue) > 0)
    seen["queue"] = [[entry.name, entry.state] for entry in state().queue]
    window = bpy.context.window_manager.windows[0]
    other = next(area for area in window.screen.areas if area.type == "OUTLINER")
    other.type = "IMAGE_EDITOR"
    yield 0.5
    yield from dropped("IMAGE_EDITOR", "d.png")
    yield 1.0
    seen["editor"] = [picture(), [image.name for image in bpy.data.images]]


def pasted(kind: str, name: str) -> Iterator[float]:
    """Own the clipboard as another program, and press the shortcut over the 3D view."""
    program = source(kind, str(HERE / name))
    try:
        assert program.stdout is not None
        seen.setdefault("ready", []).append(program.stdout.readline().strip())
        settings().image_path = ""
        window, area = stage.view()
        place = (str(area.x + area.width // 3), str(window.height - area.y - area.height // 2))
        subprocess.run(["xdotool", "mousemove", *place, "sleep", "0.3", "key", "ctrl+shift+v"], check=True)
        yield from until(lambda: bool(picture()))
    finally:
        program.kill()
        program.wait()


def paste() -> Iterator[float]:
    """A picture, then a file's address."""
    yield from stage.show_tab()
    yield from pasted("image", "one cup.png")
    image = bpy.data.images.get("Pasted Picture")
    seen["image"] = None if image is None else [*image.size, image.packed_file is not None, image.use_fake_user]
    seen["chosen"] = [Path(settings().image_path).is_file(), picture()]
    yield from pasted("text", "address.txt")
    seen["file"] = picture()


def fix() -> Iterator[float]:
    """A picture that is too small, and the button that mends that."""
    yield from stage.show_tab()
    in_view(lambda: bpy.ops.maquette.drop_picture(filepath=str(HERE / "small.png")))
    yield from until(lambda: state().check and not state().checking)
    yield 1.0
    seen["before"] = levels()
    place = yield from stage.button("bpy.ops.maquette.fix_picture(fix='upscale'", [45, 60])
    yield from stage.click(*place)
    yield from until(lambda: bool(settings().fixes) and bool(state().check) and not state().checking)
    seen["fixes"], seen["after"] = sorted(settings().fixes), levels()


def states() -> list[str]:
    return [entry.state for entry in state().queue]


def queue() -> Iterator[float]:
    """Three pictures, one of them damaged; then Esc, and another file, while a picture is under way."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    yield from stage.show_tab()
    files = [{"name": name} for name in ("a.png", "damaged.png", "d.png")]
    in_view(lambda: bpy.ops.maquette.drop_picture(directory=str(HERE), files=files))
    settings().kind, settings().quality = "logo", "draft"  # the first takes no networks
    settings().texture_size = "0"
    in_view(lambda: bpy.ops.maquette.generate_queue("INVOKE_DEFAULT"))
    yield from until(lambda: state().progress > 0.05)
    shot("queue-running.png")
    yield from until(lambda: not state().step and "waiting" not in states())
    yield 0.5
    seen["states"], seen["workers"] = states(), len(stage.children())
    seen["made"] = [[item.name, round(item.location.x, 2)] for item in bpy.data.objects]
    state().queue_index = 1
    yield 1.0
    shot("queue-done.png")
    in_view(bpy.ops.ed.undo)
    yield 0.5
    seen["undone"] = [[item.name for item in bpy.data.objects], states()]
    settings().kind = "photo"
    in_view(lambda: bpy.ops.maquette.add_to_queue(directory=str(HERE), files=[{"name": "b é.png"}, {"name": "d.png"}]))
    in_view(lambda: bpy.ops.maquette.generate_queue("INVOKE_DEFAULT"))
    yield from until(lambda: state().progress > 0.05)
    stage.press("ESC")
    yield from until(lambda: not state().step and not stage.children())
    seen["stopped"] = states()
    in_view(lambda: bpy.ops.maquette.generate_queue("INVOKE_DEFAULT"))
    yield from until(lambda: state().progress > 0.05)
    bpy.ops.wm.read_homefile()
    yield from until(lambda: not stage.children() and not stage.files())
    seen["loaded"] = [len(state().queue), state().step]


def levels() -> dict[str, str]:
    """How good each line of the check found the picture."""
    return {finding["line"]: finding["level"] for finding in json.loads(state().check)}


def story() -> Iterator[float]:
    """The one that is asked for, and a picture of its end."""
    yield 1.0
    yield from {"drop": drop, "paste": paste, "fix": fix, "queue": queue}[os.environ["STORY"]]()
    yield 0.5
    shot("end.png")


stage.play(story(), seen, OUT)

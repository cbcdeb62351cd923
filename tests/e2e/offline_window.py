"""Plays a user without a network in a real Blender window, who looks at all panels and the preferences.

Runs inside Blender. Environment: ``STORY_OUT`` the JSON file for what was seen.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

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


def no_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    """Keep Python from every socket of the Internet's families, and from asking for names."""
    if event in ("socket.__new__", "socket.connect", "socket.getaddrinfo") and 1 not in arguments[1:2]:  # 1: AF_UNIX
        seen["opened"].append(f"{event} {arguments}")
        raise PermissionError(event)


def open_panels() -> None:
    """Have every panel of ours open: a closed one draws nothing."""
    for name in dir(bpy.types):
        kind = getattr(bpy.types, name)
        if name.startswith("MAQUETTE_PT_") and "DEFAULT_CLOSED" in getattr(kind, "bl_options", ()):
            bpy.utils.unregister_class(kind)
            kind.bl_options = set()
            bpy.utils.register_class(kind)


def watch(drawn: list[str], name: str, kind: type) -> None:
    """Note when a panel has been drawn to its end."""
    draw = kind.draw

    def watched(self: Any, context: bpy.types.Context) -> None:
        draw(self, context)
        drawn.append(name)

    kind.draw = watched


def story() -> Iterator[float]:
    """Sidebar, preferences, and a download that is refused."""
    drawn: list[str] = []
    open_panels()
    for name in ("MAQUETTE_PT_generate", "MAQUETTE_PT_models"):
        watch(drawn, name, getattr(bpy.types, name))
    watch(
        drawn, "preferences", next(a for a in bpy.types.AddonPreferences.__subclasses__() if "MAQUETTE" in a.__name__)
    )
    bpy.context.preferences.view.ui_scale = 0.75
    yield from stage.show_tab()
    stage.in_view(bpy.ops.maquette.show_models)
    yield from stage.until(lambda: len(set(drawn)) == 3)
    seen["drawn"] = sorted(set(drawn))
    seen["online"] = bpy.app.online_access
    seen["download"] = bpy.ops.maquette.download_model.poll()


seen["opened"] = []
sys.addaudithook(no_sockets)
stage.play(story(), seen, Path(os.environ["STORY_OUT"]))

"""Plays a user in a real Blender window who cleans a broken mesh: stops it, loses the worker, and tries again.

Runs inside Blender. Environment: ``STORY_OUT`` the JSON file for what was seen.
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

import bmesh
import bpy

OUT = Path(os.environ["STORY_OUT"])
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


def broken() -> None:
    """Two balls that pass through each other, split at all their edges, with a hole and faces turned over."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    mesh = bpy.data.meshes.new("Broken")
    edited = bmesh.new()
    for place in ((0.0, 0.0, 0.0), (1.13, 0.07, 0.21)):
        made = bmesh.ops.create_uvsphere(edited, u_segments=96, v_segments=48, radius=1.0)
        bmesh.ops.translate(edited, verts=made["verts"], vec=place)
    edited.faces.ensure_lookup_table()
    bmesh.ops.reverse_faces(edited, faces=edited.faces[100:200])
    bmesh.ops.delete(edited, geom=edited.faces[300:304], context="FACES")
    bmesh.ops.split_edges(edited, edges=edited.edges[:])
    edited.to_mesh(mesh)
    edited.free()
    item = bpy.data.objects.new("Broken", mesh)
    bpy.context.scene.collection.objects.link(item)
    item.select_set(True)
    bpy.context.view_layer.objects.active = item


def shape() -> tuple[int, int, float]:
    """What tells one state of the mesh from another; of Edit Mode what was there when it was entered."""
    mesh = bpy.data.objects["Broken"].data
    if mesh.is_editmode:
        bpy.data.objects["Broken"].update_from_editmode()
    total = sum(abs(value) for vertex in mesh.vertices for value in vertex.co)
    return len(mesh.vertices), len(mesh.polygons), round(total, 3)


def start() -> None:
    """Press the button."""
    in_view(lambda: bpy.ops.maquette.clean_up("INVOKE_DEFAULT"))


def ended() -> bool:
    """Whether no cleaning is under way."""
    return not state().cleaning_step


def stopped() -> Iterator[float]:
    """Esc while it is being cleaned."""
    before = shape()
    start()
    yield from until(lambda: state().cleaning_progress > 0.0)
    pressed = time.monotonic()
    press("ESC")
    yield from until(ended)
    seen["escape_seconds"] = round(time.monotonic() - pressed, 3)
    yield from until(lambda: not children() and not files())
    seen["escape_changed"] = shape() != before


def killed() -> Iterator[float]:
    """The worker process dies while it cleans."""
    before = shape()
    start()
    yield from until(lambda: state().cleaning_progress > 0.0)
    for process in children():
        os.kill(process, signal.SIGKILL)
    yield from until(ended)
    seen["killed_changed"] = shape() != before


def finished(mode: str) -> Iterator[float]:
    """A cleaning to its end, then undo and redo."""
    in_view(lambda: bpy.ops.object.mode_set(mode=mode))
    in_view(lambda: bpy.ops.ed.undo_push(message="Mode"))
    yield 0.5
    before, blocks = shape(), data()
    start()
    yield from until(ended)
    yield 0.5
    item = bpy.data.objects["Broken"]
    mesh = json.loads(item["maquette_report"])["mesh"]
    after = shape()
    told = {
        "watertight": mesh["watertight"],
        "self_intersections": mesh["self_intersections"],
        "mode": item.mode,
        "longest_tick_ms": round(state().longest_tick_ms, 1),
        "handover_ms": round(state().handover_ms, 1),
        "more_data": {name: count - blocks[name] for name, count in data().items()},
        "files": files(),
        "changed": after != before,
    }
    in_view(bpy.ops.ed.undo)
    yield 0.5
    told["undone"] = shape() == before
    in_view(bpy.ops.ed.redo)
    yield 0.5
    told["redone"] = shape() == after
    in_view(bpy.ops.ed.undo)
    yield 0.5
    told["undone_again"] = shape() == before
    seen.setdefault("runs", {})[mode] = told


def selected() -> Iterator[float]:
    """A row's two buttons: select the open edges, then fill them."""
    in_view(lambda: bpy.ops.object.mode_set(mode="OBJECT"))
    in_view(lambda: bpy.ops.maquette.merge_vertices("INVOKE_DEFAULT"))
    in_view(lambda: bpy.ops.maquette.select_problem("INVOKE_DEFAULT", which="boundary_edges"))
    yield 0.5
    edited = bmesh.from_edit_mesh(bpy.data.objects["Broken"].data)
    seen["selected_edges"] = sum(edge.select for edge in edited.edges)
    seen["open_edges"] = sum(edge.is_boundary for edge in edited.edges)
    in_view(lambda: bpy.ops.maquette.fill_holes("INVOKE_DEFAULT"))
    yield 0.5
    edited = bmesh.from_edit_mesh(bpy.data.objects["Broken"].data)
    seen["open_edges_left"] = sum(edge.is_boundary for edge in edited.edges)


def story() -> Iterator[float]:
    """All of it, one after the other."""
    yield 1.0
    broken()
    in_view(lambda: bpy.ops.ed.undo_push(message="Broken"))
    for chapter in (stopped(), killed(), finished("OBJECT"), finished("EDIT"), selected()):
        yield from chapter
        OUT.write_text(json.dumps(seen), "utf-8")


stage.play(story(), seen, OUT)

"""Plays an artist in a real Blender window: projects, edits a saved view, paints with a stencil, sculpts with a mask.

Runs inside Blender. Environment: ``STORY_OUT`` the JSON file for what was seen.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
from PIL import Image

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
in_view = stage.in_view


def head() -> bpy.types.Object:
    return bpy.data.objects["Suzanne"]


def texture() -> bpy.types.Image:
    """The picture of the head's material."""
    nodes = head().active_material.node_tree.nodes
    return next(node.image for node in nodes if node.bl_idname == "ShaderNodeTexImage")


def pixels(image: bpy.types.Image) -> np.ndarray:
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)[..., :3]


def shown_points() -> np.ndarray:
    """The vertices of the head with its modifiers."""
    evaluated = head().evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    values = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", values)
    evaluated.to_mesh_clear()
    return values.reshape(-1, 3)


def begin() -> None:
    """A smooth head of quads, its face seen and the back of it guessed."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    bpy.ops.mesh.primitive_monkey_add()
    head().modifiers.new("Subdivision", "SUBSURF").levels = 1
    bpy.ops.object.modifier_apply(modifier="Subdivision")
    points = shown_points()
    values = (points[:, 1] < 0).astype(np.float32)
    head().data.attributes.new("seen", "FLOAT", "POINT").data.foreach_set("value", values)
    bpy.ops.view3d.view_axis(type="FRONT")
    bpy.ops.view3d.view_orbit(angle=0.4, type="ORBITLEFT")
    bpy.ops.view3d.view_selected()
    stage.view()[1].spaces.active.region_3d.view_perspective = "PERSP"
    bpy.ops.ed.undo_push(message="Begin")


def projected() -> Iterator[float]:
    """A picture from the current view, and undo."""
    picture = bpy.data.images.new("Blue", 64, 64)
    picture.generated_color = (0.0, 0.0, 1.0, 1.0)
    in_view(lambda: bpy.ops.maquette.project_picture("INVOKE_DEFAULT", True, source="IMAGE", image="Blue", size="1024"))
    yield 0.5
    seen["blue"] = float((pixels(texture())[..., 0] < 0.1).mean())


def edited() -> Iterator[float]:
    """The view out as a picture, a dot on it, and back."""
    path = OUT.with_name("view.png")
    before = pixels(texture()).copy()
    in_view(lambda: bpy.ops.maquette.save_view("EXEC_DEFAULT", True, filepath=str(path), size=800))
    with Image.open(path) as saved:
        changed = saved.copy()
    changed.paste((255, 0, 0, 255), tuple(side // 2 + step for step in (-6, 6) for side in changed.size))
    changed.save(path)
    in_view(lambda: bpy.ops.maquette.project_picture("INVOKE_DEFAULT", True, project_from="CAMERA"))
    yield 0.5
    after = pixels(texture())
    differ = np.abs(after - before).max(2) > 0.02
    seen["dot"] = {"texels": int(differ.sum()), "red": float(after[differ][:, 0].max())}
    in_view(bpy.ops.ed.undo)
    yield 0.5
    seen["dot"]["left_after_undo"] = float(np.abs(pixels(texture()) - before).max())


def painted() -> Iterator[float]:
    """Texture Paint, and a stroke from ear to ear seen from the side."""
    in_view(lambda: bpy.ops.maquette.paint_texture("INVOKE_DEFAULT", True))
    yield 0.5
    seen["paint_mode"] = head().mode
    before = pixels(texture()).copy()
    in_view(lambda: bpy.ops.view3d.view_axis(type="RIGHT"))
    yield 0.5
    region = next(region for region in stage.view()[1].regions if region.type == "WINDOW")
    spots = [
        {
            "name": "",
            "location": (0.0, 0.0, 0.0),
            "mouse": (place, region.height / 2),
            "mouse_event": (place, region.height / 2),
            "pressure": 1.0,
            "size": 60.0,
            "time": 0.1 * number,
            "is_start": number == 0,
            "x_tilt": 0.0,
            "y_tilt": 0.0,
        }
        for number, place in enumerate(np.linspace(0.2, 0.8, 60) * region.width)
    ]
    in_view(lambda: bpy.ops.paint.image_paint("EXEC_DEFAULT", True, stroke=spots))
    yield 0.5
    rows, columns = np.nonzero(np.abs(pixels(texture()) - before).max(2) > 0.02)
    mask = pixels(bpy.context.tool_settings.image_paint.stencil_image)[..., 0]
    scale = len(mask) / len(before)
    hit = mask[(rows * scale).astype(int), (columns * scale).astype(int)]
    seen["stroke"] = {"free": int((hit < 0.1).sum()), "protected": int((hit > 0.9).sum())}
    for _ in range(2):
        in_view(bpy.ops.ed.undo)
        yield 0.5
    seen["paint_undone"] = head().mode


def sculpted() -> Iterator[float]:
    """Multires, and all of the head blown up."""
    in_view(lambda: bpy.ops.maquette.sculpt("INVOKE_DEFAULT", True, target_faces=30_000))
    yield 0.5
    seen["sculpt"] = [head().mode, len(head().modifiers)]
    in_view(bpy.ops.ed.undo)
    yield 0.5
    seen["sculpt_undone"] = [head().mode, len(head().modifiers)]
    in_view(bpy.ops.ed.redo)
    yield 0.5
    seen["sculpt_redone"] = [head().mode, len(head().modifiers)]
    in_view(lambda: bpy.ops.object.mode_set(mode="OBJECT"))
    before = shown_points()
    in_view(lambda: bpy.ops.object.mode_set(mode="SCULPT"))
    in_view(lambda: bpy.ops.sculpt.mesh_filter(type="INFLATE", strength=0.05))
    in_view(lambda: bpy.ops.object.mode_set(mode="OBJECT"))
    moved = np.linalg.norm(shown_points() - before, axis=1)
    seen["moved"] = [float(moved[before[:, 1] < -0.2].mean()), float(moved[before[:, 1] > 0.2].mean())]
    yield 0.1


def story() -> Iterator[float]:
    """All of it, one after the other."""
    yield 1.0
    in_view(begin)
    yield 0.5
    for chapter in (projected(), edited(), painted(), sculpted()):
        yield from chapter


stage.play(story(), seen, OUT)

"""Times unwrapping and baking: ``bootstrap.py devtools.measure_texture TASK PICTURE FACES RUNS``.

TASK is ``ours``, or ``blender``: Smart UV Project and a Cycles bake of the picture's projection on the same mesh.
Prints one JSON object: the seconds of both steps, added up over all threads, which other work on the machine disturbs
less than those of the clock; the share of the texture that faces cover; the stretch; the process's peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ..contracts import Float, Int, Settings
from ..geometry.axes import project
from ..geometry.bake import bake_texture
from ..geometry.raster import face_map
from ..geometry.refine import subdivide
from ..geometry.triangles import area_vectors
from ..geometry.unwrap import unwrap
from ..model_set import load_models
from ..pipeline import Draft, reconstruct
from ..steps import Steps

__all__ = ["main", "stretch_of"]

SIZE = 2048
LARGEST_START = 125_000
"""Faces of the reduced results; beyond, they are subdivided: reducing millions of faces is not what is timed here."""


def _mesh(picture: Path, faces: int) -> tuple[Draft, Float, Int]:
    """A result of the pipeline with that many triangles, not unwrapped."""
    start = faces
    while start > LARGEST_START:
        start //= 4
    settings = Settings(device="cpu", target_faces=start, texture_size=0)

    def ignore(step: str, fraction: float) -> None:
        """Take progress without showing it."""

    draft = reconstruct(picture, settings, load_models(settings), Steps(ignore, lambda: False))
    vertices, triangles = draft.mesh.vertices, draft.mesh.faces
    while 2 * len(triangles) < faces:
        vertices, triangles = subdivide(vertices, triangles)
    return draft, vertices, triangles


def _ours(draft: Draft, vertices: Float, faces: Int) -> tuple[float, float, Float]:
    """Seconds of unwrapping and of baking, and the UVs."""
    start = time.process_time()
    uv = unwrap(vertices, faces)
    between = time.process_time()
    bake_texture(vertices, faces, uv, draft.subject, draft.surface, SIZE)
    return between - start, time.process_time() - between, uv


def _blender(draft: Draft, vertices: Float, faces: Int) -> tuple[float, float, Float]:
    """The same by Blender; building the mesh and its material is not timed."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh: Any = bpy.data.meshes.new("bench")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    thing: Any = bpy.data.objects.new("bench", mesh)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    thing.select_set(True)
    u, v, _ = project(vertices, draft.surface.camera)
    seen: Any = mesh.uv_layers.new(name="picture")
    corners = np.stack([u / 2 + 0.5, v / 2 + 0.5], 1).astype(np.float32)[faces.ravel()]
    seen.data.foreach_set("uv", corners.ravel())
    mesh.uv_layers.active = mesh.uv_layers.new(name="baked")
    mesh.materials.append(_projecting(draft))
    start = time.process_time()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(island_margin=0.002)
    bpy.ops.object.mode_set(mode="OBJECT")
    between = time.process_time()
    scene: Any = bpy.context.scene
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 1
    bpy.ops.object.bake(type="EMIT", margin=8)
    end = time.process_time()
    uv = np.empty(len(faces) * 6, np.float32)
    mesh.uv_layers["baked"].data.foreach_get("uv", uv)
    return between - start, end - between, uv.reshape(-1, 3, 2)


def _projecting(draft: Draft) -> Any:
    """A material that emits the crop's colours at the first UVs, its image to bake to active."""
    import bpy

    rgba = draft.subject.rgba
    image: Any = bpy.data.images.new("crop", rgba.shape[1], rgba.shape[0])
    image.pixels.foreach_set((rgba[::-1].astype(np.float32) / 255).ravel())
    material: Any = bpy.data.materials.new("bench")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    place, lookup, emit = (nodes.new(f"ShaderNode{name}") for name in ("UVMap", "TexImage", "Emission"))
    place.uv_map, lookup.image = "picture", image
    links.new(place.outputs["UV"], lookup.inputs["Vector"])
    links.new(lookup.outputs["Color"], emit.inputs["Color"])
    links.new(emit.outputs["Emission"], nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    target = nodes.new("ShaderNodeTexImage")
    target.image = bpy.data.images.new("baked", SIZE, SIZE)
    nodes.active = target
    return material


def stretch_of(vertices: Float, faces: Int, uv: Float) -> float:
    """The L2 stretch of UVs [F, 3, 2] of triangles (Sander et al. 2001), at the best scale: 1 at the least."""
    area = np.linalg.norm(area_vectors(vertices, faces), axis=1)
    flat = uv.astype(np.float64)
    first, second = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    twice = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    kept = (np.abs(twice) > 1e-14) & (area > 0)
    sides = np.roll(flat[:, :, ::-1], -1, axis=1) - np.roll(flat[:, :, ::-1], -2, axis=1)
    points = vertices[faces].astype(np.float64)
    # The surface's derivatives along both axes of the UVs: corners weighted by the opposite side.
    along = [(points * side[:, :, None]).sum(1)[kept] / twice[kept, None] for side in (sides[:, :, 0], sides[:, :, 1])]
    squared = sum((vector**2).sum(1) for vector in along) / 2
    mean = float((squared * area[kept]).sum() / area[kept].sum())
    return float(np.sqrt(mean * 0.5 * np.abs(twice[kept]).sum() / area[kept].sum()))


TASKS: dict[str, Callable[[Draft, Float, Int], tuple[float, float, Float]]] = {"ours": _ours, "blender": _blender}


def main() -> int:
    """Print the figures as one JSON object."""
    task, picture, faces, runs = sys.argv[1:5]
    draft, vertices, triangles = _mesh(Path(picture), int(faces))
    found = [TASKS[task](draft, vertices, triangles) for _ in range(int(runs))]
    uv = found[0][2]
    covered = face_map(np.stack([uv[:, :, 0], 1 - uv[:, :, 1]], 2) * SIZE, (SIZE, SIZE)) >= 0
    figures = {
        "faces": len(triangles),
        "unwrap": median(unwrapping for unwrapping, _, _ in found),
        "bake": median(baking for _, baking, _ in found),
        "coverage": float(covered.mean()),
        "stretch": stretch_of(vertices, triangles, uv),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0

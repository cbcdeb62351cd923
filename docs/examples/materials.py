"""Makes ``docs/materials.png``: one generated object with each material preset, rendered by Cycles.

Run from the repository's root: ``.venv/bin/python bootstrap.py docs.examples.materials [PICTURE] [OUT]``; it takes a
few minutes. The light is a room that Blender comes with, and a lamp.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np

# isort: split
# This module exists only once bpy is loaded.
from mathutils import Vector
from PIL import Image, ImageDraw, ImageFont

from ... import model_set, pipeline
from ...blender.build import build_object
from ...contracts import MeshArrays, Settings
from ...materials import PRESETS

__all__ = ["main"]

HERE = Path(__file__).resolve().parent
SIZE, SAMPLES, COLUMNS = 256, 32, 4


def main() -> int:
    """Make the object, render it with every preset, and write the sheet."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "toy.png"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE.parent / "materials.png"
    settings = Settings(texture_size=1024)
    models = model_set.load_models(settings)
    mesh = pipeline.generate(picture, settings, models, lambda _step, _share: None, lambda: False).mesh
    font = ImageFont.load_default(size=15)
    rows = -(-len(PRESETS) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * SIZE, rows * SIZE))
    for place, (key, preset) in enumerate(PRESETS.items()):
        cell = _render(mesh, key)
        ImageDraw.Draw(cell).text((10, 8), preset.label, fill=(40, 40, 40), font=font)
        sheet.paste(cell, (place % COLUMNS * SIZE, place // COLUMNS * SIZE))
    sheet.save(target, optimize=True)
    return 0


def _render(mesh: MeshArrays, preset: str) -> Image.Image:
    """The object with a preset on a chequered floor, in studio light."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    with tempfile.TemporaryDirectory() as folder:
        texture, picture = Path(folder) / "texture.png", Path(folder) / "render.png"
        Image.fromarray(np.asarray(mesh.texture)).save(texture)
        scene.collection.objects.link(build_object(mesh, texture, "object", preset))
        _set_floor(float(np.ptp(mesh.vertices, axis=0).max()))
        _set_light(scene, float(np.ptp(mesh.vertices, axis=0).max()))
        _set_camera(scene, float(np.ptp(mesh.vertices, axis=0).max()), float(mesh.vertices[:, 2].max()) / 2)
        scene.render.filepath = str(picture)
        bpy.ops.render.render(write_still=True)
        return Image.open(picture).convert("RGB")


def _set_floor(size: float) -> None:
    """Chequers under an object that is ``size`` metres at its largest."""
    bpy.ops.mesh.primitive_plane_add(size=40 * size)
    floor = bpy.data.materials.new("floor")
    if bpy.app.version < (5, 0, 0):
        floor.use_nodes = True
    nodes, links = floor.node_tree.nodes, floor.node_tree.links
    chequers = nodes.new("ShaderNodeTexChecker")
    chequers.inputs["Color1"].default_value, chequers.inputs["Color2"].default_value = (0.4,) * 4, (0.25,) * 4
    chequers.inputs["Scale"].default_value = 160.0
    links.new(chequers.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.9
    bpy.context.object.data.materials.append(floor)


def _set_light(scene: bpy.types.Scene, size: float) -> None:
    """A room around, and a lamp above to the left whose reflection shows how smooth a surface is."""
    scene.world = bpy.data.worlds.new("room")
    if bpy.app.version < (5, 0, 0):
        scene.world.use_nodes = True
    room = Path(bpy.utils.system_resource("DATAFILES", path="studiolights/world")) / "interior.exr"
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    light = nodes.new("ShaderNodeTexEnvironment")
    light.image = bpy.data.images.load(str(room))
    links.new(light.outputs["Color"], nodes["Background"].inputs["Color"])
    nodes["Background"].inputs["Strength"].default_value = 0.6
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "AREA"))
    lamp.data.energy, lamp.data.size = 90.0 * size**2, 0.3 * size
    _aim(lamp, Vector((-1.2, -1.6, 2.2)) * size, Vector())
    scene.collection.objects.link(lamp)


def _set_camera(scene: bpy.types.Scene, size: float, middle: float) -> None:
    """Look down a little on the middle of the object, and render with few samples and Blender's denoiser."""
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens = 90.0
    _aim(camera, Vector((1.3, -2.9, 1.4)) * size, Vector((0.0, 0.0, middle)))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = SAMPLES, 1, True
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.view_settings.view_transform, scene.view_settings.exposure = "AgX", -0.7


def _aim(thing: bpy.types.Object, location: Vector, target: Vector) -> None:
    thing.location = location
    thing.rotation_euler = (target - location).to_track_quat("-Z", "Y").to_euler()


if __name__ == "__main__":
    sys.exit(main())

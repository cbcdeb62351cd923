"""Renders toy.png, the example picture: a toy mushroom house, modelled and lit by this script.

Run it with Blender's Python module: ``.venv/bin/python docs/examples/toy.py [OUT.png]``. Cycles, CPU, about a minute.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import bpy

# isort: split
# These modules exist only once bpy is loaded.
import bmesh
from mathutils import Matrix, Vector

SIZE = 768
SAMPLES = 96
BACKDROP = (0.55, 0.66, 0.72, 1.0)
COLOURS = {
    "brick": (0.46, 0.15, 0.08),
    "cream": (0.86, 0.70, 0.46),
    "glow": (0.95, 0.66, 0.16),
    "gold": (0.85, 0.52, 0.08),
    "grass": (0.16, 0.42, 0.08),
    "leaf": (0.07, 0.27, 0.06),
    "red": (0.70, 0.035, 0.025),
    "stone": (0.42, 0.38, 0.35),
    "teal": (0.03, 0.30, 0.36),
    "white": (0.92, 0.88, 0.80),
    "wood": (0.24, 0.10, 0.04),
    "yellow": (0.90, 0.48, 0.05),
}
CAP_PROFILE = (
    (0.50, 1.36), (0.86, 1.27), (1.16, 1.21), (1.33, 1.25), (1.40, 1.36), (1.37, 1.52), (1.26, 1.74),
    (1.08, 1.97), (0.83, 2.17), (0.52, 2.31), (0.22, 2.38), (0.0, 2.395),
)  # fmt: skip
STEM_PROFILE = ((0.0, 0.14), (0.84, 0.14), (0.90, 0.28), (0.86, 0.55), (0.76, 0.85), (0.70, 1.12), (0.74, 1.40))
BASE_PROFILE = (
    (0.0, 0.0), (1.22, 0.0), (1.32, 0.03), (1.35, 0.10), (1.31, 0.17), (1.20, 0.21), (0.9, 0.23), (0.0, 0.24),
)  # fmt: skip


def stretched(x: float, y: float, z: float) -> Matrix:
    """A scaling along the three axes."""
    return Matrix.Diagonal((x, y, z, 1.0))


def material(name: str, colour: Sequence[float], roughness: float = 0.45, coat: float = 0.25) -> bpy.types.Material:
    """A painted-wood Principled material; `colour` is linear RGB."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Coat Weight"].default_value = coat
    shader.inputs["Coat Roughness"].default_value = 0.25
    return made


def add(name: str, mesh: bmesh.types.BMesh, paint: bpy.types.Material, place: Matrix | None = None) -> bpy.types.Object:
    """Turn a BMesh into a smooth-shaded object of the scene."""
    data = bpy.data.meshes.new(name)
    bmesh.ops.recalc_face_normals(mesh, faces=mesh.faces)
    mesh.to_mesh(data)
    mesh.free()
    data.materials.append(paint)
    data.shade_smooth()
    made = bpy.data.objects.new(name, data)
    made.matrix_world = place or Matrix()
    bpy.context.collection.objects.link(made)
    return made


def soften(thing: bpy.types.Object, levels: int = 2) -> None:
    """Subdivision, for rounded toy shapes."""
    modifier = thing.modifiers.new("Round", "SUBSURF")
    modifier.levels = modifier.render_levels = levels


def turned(name: str, profile: Sequence[tuple[float, float]], paint: bpy.types.Material) -> bpy.types.Object:
    """A body of revolution about Z from (radius, height) pairs."""
    mesh = bmesh.new()
    points = [mesh.verts.new((radius, 0.0, height)) for radius, height in profile]
    edges = [mesh.edges.new(pair) for pair in pairwise(points)]
    bmesh.ops.spin(
        mesh, geom=[*points, *edges], cent=(0, 0, 0), axis=(0, 0, 1), angle=math.tau, steps=48, use_merge=True
    )
    bmesh.ops.remove_doubles(mesh, verts=mesh.verts, dist=1e-4)
    made = add(name, mesh, paint)
    soften(made)
    return made


def ball(name: str, paint: bpy.types.Material, place: Matrix) -> bpy.types.Object:
    """A unit sphere under `place`."""
    mesh = bmesh.new()
    bmesh.ops.create_uvsphere(mesh, u_segments=48, v_segments=24, radius=1.0)
    return add(name, mesh, paint, place)


def block(name: str, paint: bpy.types.Material, place: Matrix, bevel: float) -> bpy.types.Object:
    """A cube of side 2 under `place`, its edges rounded by `bevel` in world units."""
    mesh = bmesh.new()
    bmesh.ops.create_cube(mesh, size=2.0, matrix=place)
    made = add(name, mesh, paint)
    modifier = made.modifiers.new("Round", "BEVEL")
    modifier.width, modifier.segments = bevel, 4
    return made


def slab(name: str, outline: Sequence[tuple[float, float]], depth: float, paint: bpy.types.Material, place: Matrix):
    """An outline in XZ pushed out by `depth` towards -Y, with rounded edges."""
    mesh = bmesh.new()
    face = mesh.faces.new([mesh.verts.new((x, 0.0, z)) for x, z in outline])
    pushed = bmesh.ops.extrude_face_region(mesh, geom=[face])["geom"]
    bmesh.ops.translate(mesh, vec=(0, -depth, 0), verts=[v for v in pushed if isinstance(v, bmesh.types.BMVert)])
    made = add(name, mesh, paint, place)
    modifier = made.modifiers.new("Round", "BEVEL")
    modifier.width, modifier.segments, modifier.limit_method = min(0.02, depth / 3), 3, "ANGLE"
    return made


def arch(half: float, straight: float) -> list[tuple[float, float]]:
    """A doorway's outline: straight sides, then a half circle."""
    curve = [(half * math.cos(a), straight + half * math.sin(a)) for a in (math.pi * i / 24 for i in range(25))]
    return [(-half, 0.0), (half, 0.0), *curve]


def disc(radius: float) -> list[tuple[float, float]]:
    """A circle's outline."""
    return [(radius * math.cos(math.tau * i / 40), radius * math.sin(math.tau * i / 40)) for i in range(40)]


def on_wall(degrees: float, height: float, radius: float, lean: float = 0.0) -> Matrix:
    """A place on the stem's wall; 0 degrees is the front (-Y), positive turns to the right."""
    turn = Matrix.Rotation(math.radians(degrees), 4, "Z")
    return turn @ Matrix.Translation((0, -radius, height)) @ Matrix.Rotation(math.radians(lean), 4, "X")


def on_cap(degrees: float, along: float) -> tuple[Vector, Vector]:
    """Point and outward normal on the cap, `along` from its rim (0) to its top (1)."""
    outer = CAP_PROFILE[4:]
    place = along * (len(outer) - 1)
    index = min(int(place), len(outer) - 2)
    start, end = Vector(outer[index]), Vector(outer[index + 1])
    radius, height = start.lerp(end, place - index)
    tangent = (end - start).normalized()
    turn = Matrix.Rotation(math.radians(degrees), 3, "Z")
    return turn @ Vector((0, -radius, height)), turn @ Vector((0, -tangent.y, -tangent.x))


def build_house(paints: dict[str, bpy.types.Material]) -> None:
    """Base, stem, cap with its spots, and the chimney."""
    turned("Base", BASE_PROFILE, paints["grass"])
    turned("Stem", STEM_PROFILE, paints["cream"])
    turned("Cap", CAP_PROFILE, paints["red"])
    spots = (
        (-8, 0.33, 0.25), (-50, 0.20, 0.19), (36, 0.16, 0.17), (58, 0.45, 0.24), (-42, 0.62, 0.20), (14, 0.70, 0.17),
        (92, 0.20, 0.21), (-96, 0.40, 0.26), (130, 0.5, 0.26), (178, 0.3, 0.25), (-140, 0.2, 0.22),
    )  # fmt: skip
    for degrees, along, radius in spots:
        point, normal = on_cap(degrees, along)
        turn = normal.to_track_quat("Z", "Y").to_matrix().to_4x4()
        ball("Spot", paints["white"], Matrix.Translation(point) @ turn @ stretched(radius, radius, 0.07))
    chimney = Matrix.Translation((0.52, 0.42, 2.32)) @ Matrix.Rotation(math.radians(6), 4, "Y")
    block("Chimney", paints["brick"], chimney @ stretched(0.16, 0.16, 0.38), 0.04)
    rim = chimney @ Matrix.Translation((0, 0, 0.40))
    block("Rim", paints["white"], rim @ stretched(0.21, 0.21, 0.07), 0.035)


def build_openings(paints: dict[str, bpy.types.Material]) -> None:
    """The door in front and a round window on each side."""
    door = on_wall(0, 0.22, 0.80, -7)
    slab("Door frame", arch(0.37, 0.42), 0.16, paints["wood"], door)
    slab("Door", arch(0.28, 0.42), 0.20, paints["teal"], door)
    knob = door @ Matrix.Translation((0.17, -0.22, 0.36)) @ Matrix.Scale(0.045, 4)
    ball("Knob", paints["gold"], knob)
    block("Step", paints["stone"], Matrix.Translation((0, -1.06, 0.25)) @ stretched(0.34, 0.16, 0.05), 0.04)
    for degrees in (62, -62):
        window = on_wall(degrees, 0.80, 0.70, -8)
        slab("Window frame", disc(0.23), 0.15, paints["wood"], window)
        slab("Pane", disc(0.165), 0.17, paints["glow"], window)
        for upright in (True, False):
            size = (0.022, 0.01, 0.165) if upright else (0.165, 0.01, 0.022)
            block("Bar", paints["wood"], window @ Matrix.Translation((0, -0.17, 0)) @ stretched(*size), 0.008)


def build_garden(paints: dict[str, bpy.types.Material]) -> None:
    """Small things on the grass: bushes, pebbles and a tiny mushroom."""
    bushes = ((-0.98, -0.52, 0.20), (-0.80, -0.74, 0.14), (1.02, 0.10, 0.18), (-0.7, 0.9, 0.24), (0.5, 1.0, 0.2))
    for x, y, radius in bushes:
        place = Matrix.Translation((x, y, 0.22 + radius * 0.45)) @ stretched(radius, radius, radius * 0.9)
        ball("Bush", paints["leaf"], place)
    ball("Small stem", paints["cream"], Matrix.Translation((0.74, -0.82, 0.31)) @ stretched(0.075, 0.075, 0.14))
    ball("Small cap", paints["yellow"], Matrix.Translation((0.74, -0.82, 0.44)) @ stretched(0.17, 0.17, 0.12))
    for x, y, radius in ((0.48, -1.08, 0.06), (-0.50, -1.08, 0.07), (-0.36, -1.16, 0.045)):
        ball("Pebble", paints["stone"], Matrix.Translation((x, y, 0.23)) @ stretched(radius, radius, radius * 0.7))


def light(name: str, at: Sequence[float], size: float, watts: float, colour: Sequence[float]) -> None:
    """A square area light that looks at the house."""
    data = bpy.data.lights.new(name, "AREA")
    data.size, data.energy, data.color = size, watts, colour
    made = bpy.data.objects.new(name, data)
    made.location = at
    made.rotation_euler = (Vector((0, 0, 1.1)) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(made)


def set_stage() -> None:
    """Camera, soft lights, and a backdrop that is one colour for the camera and a pale sky for the light."""
    azimuth, elevation, distance = math.radians(22), math.radians(17), 9.5
    target = Vector((0, 0, 1.28))
    level = math.cos(elevation)
    offset = Vector((math.sin(azimuth) * level, -math.cos(azimuth) * level, math.sin(elevation)))
    lens = bpy.data.cameras.new("Camera")
    lens.angle = math.radians(22.5)
    camera = bpy.data.objects.new("Camera", lens)
    camera.location = target + offset * distance
    camera.rotation_euler = (-offset).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera

    light("Key", (-3.2, -5.0, 5.2), 3.5, 370, (1.0, 0.95, 0.88))
    light("Fill", (5.5, -3.5, 2.5), 4.0, 110, (0.88, 0.94, 1.0))
    light("Back", (1.5, 4.5, 4.5), 3.0, 200, (1.0, 0.97, 0.93))

    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    sky, backdrop = nodes["Background"], nodes.new("ShaderNodeBackground")
    sky.inputs["Color"].default_value, sky.inputs["Strength"].default_value = (1, 1, 1, 1), 0.42
    backdrop.inputs["Color"].default_value = BACKDROP
    mix, path = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeLightPath")
    links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(sky.outputs[0], mix.inputs[1])
    links.new(backdrop.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])
    bpy.context.scene.world = world


def main() -> None:
    """Build the scene and render it."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("toy.png")).resolve()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    paints = {name: material(name, colour) for name, colour in COLOURS.items()}
    build_house(paints)
    build_openings(paints)
    build_garden(paints)
    set_stage()

    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.seed = "CPU", SAMPLES, 1
    scene.cycles.use_denoising = True
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.render.image_settings.compression, scene.render.dither_intensity = 100, 0.0
    scene.render.filepath = str(out)
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()

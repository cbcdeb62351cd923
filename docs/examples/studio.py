"""The workshop of the example pictures: shapes, paints, lights, camera and render settings that their scripts share.

Z is up; lengths are scene units; colours are linear RGB. Loading this module loads bpy.
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

__all__ = [
    "add", "aim_camera", "ball", "block", "disc", "light", "material", "render", "rounded", "set_world", "slab",
    "soften", "start", "stretched", "sweep", "turned",
]  # fmt: skip

SIZE = 768
WHITE = (1.0, 1.0, 1.0, 1.0)


def start() -> None:
    """Empty the scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


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


def slab(
    name: str, outline: Sequence[tuple[float, float]], depth: float, paint: bpy.types.Material, place: Matrix,
    bevel: float = 0.02,
) -> bpy.types.Object:  # fmt: skip
    """An outline in XZ pushed out by `depth` towards -Y, its edges rounded by at most `bevel`."""
    mesh = bmesh.new()
    face = mesh.faces.new([mesh.verts.new((x, 0.0, z)) for x, z in outline])
    pushed = bmesh.ops.extrude_face_region(mesh, geom=[face])["geom"]
    bmesh.ops.translate(mesh, vec=(0, -depth, 0), verts=[v for v in pushed if isinstance(v, bmesh.types.BMVert)])
    made = add(name, mesh, paint, place)
    modifier = made.modifiers.new("Round", "BEVEL")
    modifier.width, modifier.segments, modifier.limit_method = min(bevel, depth / 3), 3, "ANGLE"
    return made


def disc(radius: float) -> list[tuple[float, float]]:
    """A circle's outline."""
    return [(radius * math.cos(math.tau * i / 40), radius * math.sin(math.tau * i / 40)) for i in range(40)]


def rounded(corners: Sequence[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """A polygon's outline from (x, z, radius) corners, each corner an arc of its radius."""
    outline = []
    for index, (x, z, radius) in enumerate(corners):
        here = Vector((x, z))
        back = (Vector(corners[index - 1][:2]) - here).normalized()
        ahead = (Vector(corners[(index + 1) % len(corners)][:2]) - here).normalized()
        half = back.angle(ahead) / 2
        centre = here + (back + ahead).normalized() * radius / math.sin(half)
        first, last = (here + way * radius / math.tan(half) - centre for way in (back, ahead))
        outline += [tuple(centre + first.lerp(last, i / 10).normalized() * radius) for i in range(11)]
    return outline


def sweep(
    name: str, stations: Sequence[tuple[float, float, float]], paint: bpy.types.Material, hollow: float = 0.0,
    flat: float = 1.0,
) -> bpy.types.Object:  # fmt: skip
    """A round tube along (x, z, radius) stations in the plane Y = 0.

    `hollow` is how deep the last end is drilled; `flat` is the thickness in the plane as a fraction of that across it.
    """
    spots = [Vector((x, 0.0, z)) for x, z, _ in stations]
    rings = []
    for index, (spot, station) in enumerate(zip(spots, stations, strict=True)):
        along = (spots[min(index + 1, len(spots) - 1)] - spots[max(index - 1, 0)]).normalized()
        rings.append((spot, along, station[2]))
    if hollow:
        tip, along, radius = rings[-1]
        rings += [(tip + along * 0.02, along, radius * 0.90), (tip, along, radius * 0.78)]
        rings += [(tip - along * hollow, along, radius * 0.78)]
    mesh = bmesh.new()
    circles = []
    for spot, along, radius in rings:
        across = along.cross(Vector((0, 1, 0))) * flat
        turns = [math.tau * i / 16 for i in range(16)]
        points = [spot + (Vector((0, math.cos(a), 0)) + across * math.sin(a)) * radius for a in turns]
        circles.append([mesh.verts.new(point) for point in points])
    for lower, upper in pairwise(circles):
        for i in range(16):
            mesh.faces.new((lower[i - 1], lower[i], upper[i], upper[i - 1]))
    mesh.faces.new(circles[0])
    mesh.faces.new(circles[-1])
    made = add(name, mesh, paint)
    soften(made)
    return made


def light(
    name: str, at: Sequence[float], size: float, watts: float, colour: Sequence[float], target: float = 1.1
) -> None:
    """A square area light that looks at the height `target` on the Z axis."""
    data = bpy.data.lights.new(name, "AREA")
    data.size, data.energy, data.color = size, watts, colour
    made = bpy.data.objects.new(name, data)
    made.location = at
    made.rotation_euler = (Vector((0, 0, target)) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(made)


def aim_camera(azimuth: float, elevation: float, distance: float, target: Sequence[float]) -> None:
    """Look at `target` from `distance`; angles in degrees, azimuth 0 is the front (-Y), positive turns to the right."""
    turn, rise = math.radians(azimuth), math.radians(elevation)
    level = math.cos(rise)
    offset = Vector((math.sin(turn) * level, -math.cos(turn) * level, math.sin(rise)))
    lens = bpy.data.cameras.new("Camera")
    lens.angle = math.radians(22.5)
    camera = bpy.data.objects.new("Camera", lens)
    camera.location = Vector(target) + offset * distance
    camera.rotation_euler = (-offset).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def set_world(backdrop: Sequence[float] = WHITE, strength: float = 0.42) -> None:
    """A backdrop that is one colour for the camera and a white sky of `strength` for the light."""
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    sky, seen = nodes["Background"], nodes.new("ShaderNodeBackground")
    sky.inputs["Color"].default_value, sky.inputs["Strength"].default_value = WHITE, strength
    seen.inputs["Color"].default_value = backdrop
    mix, path = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeLightPath")
    links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(sky.outputs[0], mix.inputs[1])
    links.new(seen.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])
    bpy.context.scene.world = world


def render(script: str, samples: int, transparent: bool = False) -> None:
    """Render to the picture beside `script`, or to the path and the size in pixels of the command line."""
    given = sys.argv[1:]
    out = Path(given[0]) if given else Path(script).with_suffix(".png")
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.seed = "CPU", samples, 1
    scene.cycles.use_denoising = True
    scene.view_settings.view_transform = "Standard"
    scene.render.film_transparent = transparent
    scene.render.resolution_x = scene.render.resolution_y = int(given[1]) if len(given) > 1 else SIZE
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA" if transparent else "RGB"
    scene.render.image_settings.compression, scene.render.dither_intensity = 100, 0.0
    scene.render.filepath = str(out.resolve())
    bpy.ops.render.render(write_still=True)

"""Renders car.png, an example picture with transparency: a wooden toy car, modelled and lit by this script.

Run it with Blender's Python module: ``.venv/bin/python docs/examples/car.py [OUT.png [SIZE]]``. Cycles, CPU, about a
minute. The car looks towards -X.
"""

from __future__ import annotations

import math

import bpy
from studio import aim_camera, ball, block, disc, light, material, render, rounded, set_world, slab, start, stretched

# isort: split
# This module exists only once bpy is loaded.
from mathutils import Matrix

COLOURS = {
    "teal": (0.045, 0.33, 0.34),
    "cream": (0.86, 0.74, 0.54),
    "glass": (0.50, 0.72, 0.80),
    "tyre": (0.055, 0.045, 0.042),
    "red": (0.66, 0.06, 0.035),
    "mustard": (0.83, 0.42, 0.045),
    "leather": (0.20, 0.075, 0.03),
}
BODY = ((-1.36, 0.34, 0.16), (1.36, 0.34, 0.16), (1.36, 0.90, 0.30), (-1.36, 0.86, 0.34))
CAB = ((-0.66, 0.80, 0.06), (0.98, 0.80, 0.06), (0.76, 1.52, 0.28), (-0.30, 1.52, 0.24))
LEAN = math.atan2(0.36, 0.72)


def wood(name: str, pale: tuple[float, float, float], dark: tuple[float, float, float]) -> bpy.types.Material:
    """Oiled wood with its grain along X."""
    made = material(name, pale, roughness=0.5, coat=0.12)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    where, stretch = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    grain, ramp = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeValToRGB")
    stretch.inputs["Scale"].default_value = (0.5, 7.0, 7.0)
    grain.inputs["Scale"].default_value, grain.inputs["Detail"].default_value = 2.0, 3.0
    grain.inputs["Distortion"].default_value = 0.6
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.35, 0.62
    ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = (*dark, 1.0), (*pale, 1.0)
    links.new(where.outputs["Object"], stretch.inputs["Vector"])
    links.new(stretch.outputs["Vector"], grain.inputs["Vector"])
    links.new(grain.outputs[0], ramp.inputs[0])
    links.new(ramp.outputs[0], nodes["Principled BSDF"].inputs["Base Color"])
    return made


def at(x: float, y: float, z: float) -> Matrix:
    """A place in the scene."""
    return Matrix.Translation((x, y, z))


def facing_front(x: float, z: float, lean: float = 0.0) -> Matrix:
    """A place whose -Y looks ahead of the car (-X), leant back by `lean` radians."""
    return at(x, 0, z) @ Matrix.Rotation(lean, 4, "Y") @ Matrix.Rotation(-math.pi / 2, 4, "Z")


def build_body(paints: dict[str, bpy.types.Material]) -> None:
    """The painted body, the wooden cab, the roof and the windows."""
    slab("Body", rounded(BODY), 1.24, paints["teal"], at(0, 0.62, 0), bevel=0.09)
    slab("Cab", rounded(CAB), 1.04, paints["beech"], at(0, 0.52, 0), bevel=0.08)
    side = ((-0.39, 0.93, 0.07), (0.12, 0.93, 0.05), (0.12, 1.36, 0.05), (-0.20, 1.36, 0.09))
    rear = ((0.24, 0.93, 0.05), (0.79, 0.93, 0.07), (0.67, 1.36, 0.12), (0.24, 1.36, 0.05))
    for window in (side, rear):
        slab("Window", rounded(window), 1.08, paints["glass"], at(0, 0.54, 0))
    screen = [(sign * 0.40, z, 0.08) for sign, z in ((-1, -0.19), (1, -0.19), (1, 0.19), (-1, 0.19))]
    slab("Windscreen", rounded(screen), 0.10, paints["glass"], facing_front(-0.44, 1.16, LEAN))
    stripe = ((-1.37, 0.53, 0.06), (1.37, 0.53, 0.06), (1.37, 0.66, 0.06), (-1.37, 0.66, 0.06))
    slab("Stripe", rounded(stripe), 1.27, paints["cream"], at(0, 0.635, 0))


def build_front(paints: dict[str, bpy.types.Material]) -> None:
    """Headlights, grille, bumpers."""
    for y in (-0.40, 0.40):
        slab("Lamp ring", disc(0.155), 0.12, paints["beech"], at(0, y, 0) @ facing_front(-1.29, 0.66), bevel=0.03)
        ball("Lamp", paints["mustard"], at(-1.40, y, 0.66) @ stretched(0.05, 0.115, 0.115))
    for z in (0.59, 0.66, 0.73):
        block("Grille", paints["tyre"], at(-1.37, 0, z) @ stretched(0.025, 0.17, 0.018), 0.012)
    for x in (-1.38, 1.38):
        block("Bumper", paints["beech"], at(x, 0, 0.40) @ stretched(0.10, 0.60, 0.075), 0.06)


def build_wheels(paints: dict[str, bpy.types.Material]) -> None:
    """Four fat wheels with wooden hubs on their pegs."""
    for x in (-0.80, 0.80):
        for turn in (0.0, math.pi):
            place = Matrix.Rotation(turn, 4, "Z") @ at(x, -0.60, 0.36)
            slab("Tyre", disc(0.36), 0.24, paints["tyre"], place, bevel=0.07)
            slab("Hub", disc(0.235), 0.26, paints["beech"], place, bevel=0.025)
            ball("Peg", paints["red"], place @ at(0, -0.26, 0) @ stretched(0.085, 0.05, 0.085))


def build_luggage(paints: dict[str, bpy.types.Material]) -> None:
    """A roof rack with a strapped suitcase and a rolled blanket."""
    for x in (-0.10, 0.56):
        block("Rack", paints["walnut"], at(x, 0, 1.545) @ stretched(0.05, 0.50, 0.04), 0.03)
    block("Suitcase", paints["red"], at(0.15, 0, 1.73) @ stretched(0.30, 0.40, 0.15), 0.07)
    for y in (-0.20, 0.20):
        block("Strap", paints["leather"], at(0.15, y, 1.73) @ stretched(0.312, 0.035, 0.162), 0.03)
    slab("Blanket", disc(0.15), 0.84, paints["mustard"], at(0.62, 0.42, 1.72), bevel=0.05)
    for y in (-0.20, 0.24):
        slab("Cord", disc(0.162), 0.05, paints["cream"], at(0.62, y, 1.72))


def main() -> None:
    """Build the scene and render it."""
    start()
    paints = {name: material(name, colour) for name, colour in COLOURS.items()}
    paints["beech"] = wood("beech", (0.72, 0.44, 0.20), (0.52, 0.27, 0.10))
    paints["walnut"] = wood("walnut", (0.26, 0.12, 0.05), (0.13, 0.055, 0.025))
    build_body(paints)
    build_front(paints)
    build_wheels(paints)
    build_luggage(paints)
    aim_camera(-38, 17, 8.6, (0, 0, 0.80))
    light("Key", (-3.6, -4.6, 5.4), 3.5, 380, (1.0, 0.95, 0.88), target=0.8)
    light("Fill", (5.0, -4.0, 2.5), 4.0, 110, (0.88, 0.94, 1.0), target=0.8)
    light("Back", (1.5, 4.5, 4.5), 3.0, 200, (1.0, 0.97, 0.93), target=0.8)
    set_world()
    render(__file__, samples=32, transparent=True)


if __name__ == "__main__":
    main()

"""Renders toy.png, the example picture: a toy mushroom house, modelled and lit by this script.

Run it with Blender's Python module: ``.venv/bin/python docs/examples/toy.py [OUT.png [SIZE]]``. Cycles, CPU, about a
minute.
"""

from __future__ import annotations

import math

import bpy
from studio import aim_camera, ball, block, disc, light, material, render, set_world, slab, start, stretched, turned

# isort: split
# This module exists only once bpy is loaded.
from mathutils import Matrix, Vector

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


def arch(half: float, straight: float) -> list[tuple[float, float]]:
    """A doorway's outline: straight sides, then a half circle."""
    curve = [(half * math.cos(a), straight + half * math.sin(a)) for a in (math.pi * i / 24 for i in range(25))]
    return [(-half, 0.0), (half, 0.0), *curve]


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


def main() -> None:
    """Build the scene and render it."""
    start()
    paints = {name: material(name, colour) for name, colour in COLOURS.items()}
    build_house(paints)
    build_openings(paints)
    build_garden(paints)
    aim_camera(22, 17, 9.5, (0, 0, 1.28))
    light("Key", (-3.2, -5.0, 5.2), 3.5, 370, (1.0, 0.95, 0.88))
    light("Fill", (5.5, -3.5, 2.5), 4.0, 110, (0.88, 0.94, 1.0))
    light("Back", (1.5, 4.5, 4.5), 3.0, 200, (1.0, 0.97, 0.93))
    set_world(BACKDROP)
    render(__file__, samples=96)


if __name__ == "__main__":
    main()

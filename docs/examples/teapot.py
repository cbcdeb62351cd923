"""Renders teapot.png, an example picture with a floor and a shadow: a glazed teapot, modelled and lit by this script.

Run it with Blender's Python module: ``.venv/bin/python docs/examples/teapot.py [OUT.png [SIZE]]``. Cycles, CPU, a
minute or two. The spout looks towards -X.
"""

from __future__ import annotations

import math

import bpy
import numpy as np
from studio import add, aim_camera, light, material, render, set_world, start, sweep, turned

# isort: split
# This module exists only once bpy is loaded.
import bmesh

CREAM = (0.84, 0.77, 0.64)
BLUE = (0.035, 0.12, 0.34)
RUST = (0.60, 0.17, 0.05)
FLOOR = (0.05, 0.085, 0.08)  # dark, so that little of its colour falls back on the pot
HEIGHT = 2.0
BODY_PROFILE = (
    (0.0, 0.04), (0.46, 0.04), (0.50, 0.0), (0.58, 0.0), (0.62, 0.06), (0.80, 0.20), (0.96, 0.42), (1.02, 0.68),
    (0.97, 0.94), (0.82, 1.18), (0.60, 1.34), (0.50, 1.38), (0.48, 1.42), (0.45, 1.43), (0.42, 1.40), (0.0, 1.36),
)  # fmt: skip
LID_PROFILE = (
    (0.0, 1.38), (0.40, 1.39), (0.43, 1.42), (0.425, 1.455), (0.34, 1.52), (0.20, 1.575), (0.10, 1.60), (0.075, 1.64),
    (0.10, 1.69), (0.145, 1.745), (0.145, 1.80), (0.09, 1.85), (0.0, 1.86),
)  # fmt: skip
SPOUT = (
    (-0.72, 0.50, 0.30), (-0.94, 0.56, 0.27), (-1.12, 0.68, 0.215), (-1.25, 0.86, 0.165), (-1.35, 1.05, 0.135),
    (-1.46, 1.22, 0.125), (-1.58, 1.34, 0.13),
)  # fmt: skip


def cover(distance: np.ndarray, soft: float = 0.004) -> np.ndarray:
    """How much paint lies where the signed distance to a brush stroke is negative inside; 0..1, edges `soft` wide."""
    return np.clip(0.5 - distance / soft, 0.0, 1.0)


def paint_band() -> np.ndarray:
    """The decoration round the pot, linear RGB [1024, 2048, 3]; rows from Z = 0 up to HEIGHT, columns once round."""
    z = ((np.arange(1024) + 0.5) / 1024 * HEIGHT)[:, None]
    turn = ((np.arange(2048) + 0.5) / 2048)[None, :]
    picture = np.broadcast_to(np.array(CREAM), (1024, 2048, 3)).copy()

    def lay(stroke: np.ndarray, colour: tuple[float, float, float]) -> None:
        """Paint over the picture."""
        nonlocal picture
        picture = picture + stroke[..., None] * (np.array(colour) - picture)

    everywhere = np.ones_like(turn)
    for centre, half in ((0.72, 0.17), (0.50, 0.012), (0.94, 0.012), (1.475, 0.020)):
        lay(cover(np.abs(z - centre) - half) * everywhere, BLUE)
    lay(cover(1.67 - z) * everywhere, BLUE)
    count = 16
    across = (np.mod(turn * count, 1.0) - 0.5) * math.tau / count
    up = z - 0.72
    petals = np.hypot(np.abs(across) + 0.055, up) - 0.125
    lay(cover(petals), CREAM)
    lay(cover(np.hypot(across, up) - 0.030), RUST)
    between = (np.mod(turn * count + 0.5, 1.0) - 0.5) * math.tau / count
    for height in (-0.075, 0.0, 0.075):
        lay(cover(np.hypot(between, up - height) - 0.022), CREAM)
    return picture


def glaze(name: str, colour: tuple[float, float, float]) -> bpy.types.Material:
    """Glazed stoneware of one colour."""
    made = material(name, colour, roughness=0.28, coat=0.6)
    made.node_tree.nodes["Principled BSDF"].inputs["Coat Roughness"].default_value = 0.10
    return made


def painted() -> bpy.types.Material:
    """The same glaze over the painted band, wrapped round the Z axis."""
    band = paint_band()
    image = bpy.data.images.new("Band", band.shape[1], band.shape[0], float_buffer=True)
    image.colorspace_settings.name = "Linear Rec.709"
    image.pixels.foreach_set(np.dstack([band, np.ones(band.shape[:2])]).astype(np.float32).ravel())
    made = glaze("Painted", CREAM)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    where, shift = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    picture = nodes.new("ShaderNodeTexImage")
    picture.image, picture.projection = image, "TUBE"
    # The tube projection turns about (0.5, 0.5) and shows the picture between Z = 0 and Z = 1.
    shift.inputs["Location"].default_value = (0.5, 0.5, 0.0)
    shift.inputs["Scale"].default_value = (1.0, 1.0, 1.0 / HEIGHT)
    links.new(where.outputs["Object"], shift.inputs["Vector"])
    links.new(shift.outputs["Vector"], picture.inputs["Vector"])
    links.new(picture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return made


def handle() -> list[tuple[float, float, float]]:
    """Stations of the handle: an ear from the shoulder round to the belly."""
    ear = []
    for index in range(15):
        angle = math.radians(140 - 280 * index / 14)
        thick = 0.105 + 0.03 * abs(index / 7 - 1) ** 2
        ear.append((1.07 + 0.47 * math.cos(angle), 0.80 + 0.43 * math.sin(angle), thick))
    return ear


def main() -> None:
    """Build the scene and render it."""
    start()
    pot, plain = painted(), glaze("Cream", CREAM)
    turned("Body", BODY_PROFILE, pot)
    turned("Lid", LID_PROFILE, pot)
    sweep("Spout", SPOUT, plain, hollow=0.3)
    sweep("Handle", handle(), glaze("Blue", BLUE), flat=0.75)
    floor = bmesh.new()
    bmesh.ops.create_grid(floor, x_segments=1, y_segments=1, size=60.0)
    add("Floor", floor, material("Floor", FLOOR, roughness=0.7, coat=0.0))
    aim_camera(-24, 22, 9.2, (-0.08, 0, 0.84))
    light("Key", (-4.0, -3.6, 5.6), 3.2, 320, (1.0, 0.95, 0.88), target=0.8)
    light("Fill", (5.0, -4.5, 3.0), 4.0, 90, (0.88, 0.94, 1.0), target=0.8)
    light("Back", (2.0, 4.5, 4.5), 3.0, 150, (1.0, 0.97, 0.93), target=0.8)
    set_world(strength=0.50)
    render(__file__, samples=32)


if __name__ == "__main__":
    main()

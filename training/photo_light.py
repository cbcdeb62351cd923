"""Light for training photographs: sky, lamps with hard and soft shadows, contact shadow, light bounced off the floor.

A stand-in for a path tracer that costs a few rays per pixel. Light is linear, directions are unit vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from embreex.rtcore_scene import EmbreeScene
from scipy import ndimage

__all__ = ["Lamp", "Lighting", "choose_lighting", "light_plane", "light_surface", "unit"]

Array = npt.NDArray[np.float32]
Rng = np.random.Generator
LIFT = 2e-3  # how far shadow rays start above their surface
NEAR = 1.6  # from the subject; farther off, its contact shadow is too faint to be cast
PLANE_SAMPLES, SOFT_SAMPLES, SURFACE_SAMPLES = 6, 8, 4
TABLE = 4096


@dataclass(frozen=True)
class Lamp:
    """A lamp at ``position`` [3] of linear ``colour`` [3]; ``radius`` is its size, in its distance to the origin."""

    position: Array
    colour: Array
    radius: float


@dataclass(frozen=True)
class Lighting:
    """All light of a picture: ``sky`` from above, ``bounce`` from below (both [3]), and the lamps."""

    sky: Array
    bounce: Array
    lamps: tuple[Lamp, ...]


def unit(a: npt.NDArray[np.floating]) -> Array:
    """Vectors of length 1 along the last axis."""
    return (a / (np.linalg.norm(a, axis=-1, keepdims=True) + 1e-12)).astype(np.float32)


def choose_lighting(floor: Array, rng: Rng) -> Lighting:
    """Sky and lamps at random; ``floor`` [3] is the floor's colour, which tints what bounces back from it."""
    sky = rng.uniform([0.7, 0.8, 0.85], [1.05, 1.05, 1.25]) * np.exp(rng.uniform(np.log(0.1), np.log(1.0)))  # bluish
    lamps: list[Lamp] = []
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.08, 0.5, 0.27, 0.15])):
        direction = rng.normal(size=3) * [1.0, 1.0, 0.7]
        direction[2] = abs(direction[2]) + 0.2
        away = 40.0 if rng.random() < 0.6 else rng.uniform(1.5, 6)
        soft = rng.uniform(0.0, 0.02) if rng.random() < 0.5 else rng.uniform(0.02, 0.4)
        colour = rng.uniform(0.85, 1.15, 3) * np.exp(rng.uniform(np.log(0.3), np.log(3.0)))
        lamps.append(Lamp(unit(direction) * np.float32(away), colour.astype(np.float32), float(soft)))
    down = np.mean([lamp.colour * lamp.position[2] / np.linalg.norm(lamp.position) for lamp in lamps] or [sky * 0], 0)
    bounce = floor * (sky + down) * rng.uniform(0.2, 0.9)
    return Lighting(sky.astype(np.float32), bounce.astype(np.float32), tuple(lamps))


def _open(scene: EmbreeScene, points: Array, directions: Array, reach: float = 1e6) -> Array:
    """1 where a ray meets nothing within ``reach``, else 0; float32 [N]."""
    far = np.full(len(points), reach, np.float32)
    return (
        scene.run(np.ascontiguousarray(points), np.ascontiguousarray(directions), far, query="OCCLUDED") < 0
    ).astype(np.float32)


def _lamp_light(
    scene: EmbreeScene, points: Array, normals: Array, lamp: Lamp, table: Array, rng: Rng
) -> tuple[Array, Array]:
    """Share of the lamp's light that arrives, [N], and the direction towards it [N, 3]."""
    away = float(np.linalg.norm(lamp.position))
    to_lamp = lamp.position - points
    distance = np.linalg.norm(to_lamp, axis=-1)
    towards = to_lamp / distance[:, None]
    lambert = np.clip((towards * normals).sum(-1), 0, 1)
    # Only as far as the lamp is near does its light fall off across the picture.
    lambert *= np.minimum((away / distance) ** 2, 4)
    lit = np.flatnonzero(lambert > 1e-3)
    samples = 1 if lamp.radius < 0.004 else SOFT_SAMPLES
    seen = np.zeros(len(lit), np.float32)
    start, straight = points[lit] + LIFT * normals[lit], towards[lit]
    for _ in range(samples):
        spread = table[rng.integers(0, len(table), len(lit))] * np.float32(lamp.radius)
        seen += _open(scene, start, unit(straight + spread), 12.0)
    lambert[lit] *= seen / samples
    return lambert, towards


def _directions(rng: Rng) -> Array:
    """Unit vectors in all directions, to draw from."""
    return unit(rng.normal(size=(TABLE, 3)))


def light_plane(
    scene: EmbreeScene,
    points: Array,
    normal: Array,
    pixels: npt.NDArray[np.int64],
    size: int,
    lighting: Lighting,
    rng: Rng,
) -> Array:
    """Diffuse light [N, 3] on a floor or a wall, with all shadows that fall on it.

    Parameters
    ----------
    scene : EmbreeScene
        What casts the shadows; the plane itself is not in it.
    points, normal : Array
        float32 [N, 3] on the plane, and its normal [3].
    pixels : array
        Where the points are seen, int64 [N], in a picture of ``size`` a side: sampled shadows are smoothed there.
    """
    table = _directions(rng)
    normals = np.broadcast_to(normal, points.shape)
    clear = np.ones(len(points), np.float32)
    near = np.flatnonzero(np.linalg.norm(points - [0, 0, 0.4], axis=-1) < NEAR)
    total = np.zeros(len(near), np.float32)
    for _ in range(PLANE_SAMPLES):
        # A unit vector added to the normal gives directions weighted by the cosine.
        total += _open(
            scene, points[near] + LIFT * normal, unit(normal + table[rng.integers(0, TABLE, len(near))]), 3.0
        )
    clear[near] = total / PLANE_SAMPLES
    clear = _smooth(clear, pixels, size, 0.01 * size)
    light = lighting.sky * (clear * (0.5 + 0.5 * normal[2]))[:, None] + lighting.bounce * np.float32(
        0.5 - 0.5 * normal[2]
    )
    for lamp in lighting.lamps:
        amount, _ = _lamp_light(scene, points, normals, lamp, table, rng)
        if lamp.radius >= 0.004:
            amount = _smooth(amount, pixels, size, min(0.4 + 12 * lamp.radius, 2.0) * size / 256)
        light = light + amount[:, None] * lamp.colour
    return light.astype(np.float32)


def _smooth(values: Array, pixels: npt.NDArray[np.int64], size: int, sigma: float) -> Array:
    """Gaussian mean over the neighbours in the picture that have a value."""
    canvas, known = np.zeros(size * size, np.float32), np.zeros(size * size, np.float32)
    canvas[pixels], known[pixels] = values, 1
    canvas, known = (ndimage.gaussian_filter(a.reshape(size, size), sigma).reshape(-1)[pixels] for a in (canvas, known))
    return canvas / np.maximum(known, 1e-6)


def light_surface(
    scene: EmbreeScene, points: Array, normals: Array, rays: Array, lighting: Lighting, rng: Rng
) -> tuple[Array, Array]:
    """Diffuse light and gloss, both [N, 3], on the subject and what stands around."""
    table = _directions(rng)
    start = points + LIFT * normals
    clear = np.zeros(len(points), np.float32)
    for _ in range(SURFACE_SAMPLES):
        clear += _open(scene, start, unit(normals + table[rng.integers(0, TABLE, len(points))]), 0.7)
    clear = 0.2 + 0.8 * clear / SURFACE_SAMPLES
    up = 0.5 + 0.5 * normals[:, 2:]
    diffuse = (lighting.bounce * (1 - up) + lighting.sky * up) * clear[:, None]
    gloss = np.zeros_like(points)
    shine, amount = rng.uniform(6, 120), rng.uniform(0, 0.6) * (rng.random() < 0.6)
    for lamp in lighting.lamps:
        lambert, towards = _lamp_light(scene, points, normals, lamp, table, rng)
        diffuse = diffuse + lambert[:, None] * lamp.colour
        if amount:
            half = np.clip((normals * unit(towards - rays)).sum(1), 0, 1) ** shine * (lambert > 0.02)
            gloss += (half * amount)[:, None] * lamp.colour
    if rng.random() < 0.3:  # mirrored surroundings: brighter at grazing angles
        facing = -(rays * normals).sum(1, keepdims=True)
        mirrored = rays + 2 * facing * normals
        fresnel = 0.04 + rng.uniform(0.2, 1.0) * (1 - np.clip(facing, 0, 1)) ** 5
        waves = 0.5 + 0.5 * np.sin(mirrored @ rng.normal(0, 4, (3, 3)) + rng.uniform(0, 6, 3))
        gloss += fresnel * (0.6 * waves + 0.4 * (mirrored[:, 2:] > 0)) * lighting.sky
    return diffuse.astype(np.float32), gloss.astype(np.float32)

"""The cameras of training: one that sees an object as `inference.prepare` would crop it, and its rays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from embreex.rtcore_scene import EmbreeScene

from ..inference.prepare import FILL

__all__ = ["SIZE", "View", "cast_view", "choose_view", "met"]

SIZE = 128  # pixels a side of what the depth and shape networks see
NO_HIT = 0xFFFFFFFF  # embree's invalid geometry, where it comes back unsigned
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A camera at ``origin`` with the axes right, forward, up; ``tangent`` of half the crop's field of view."""

    origin: Array
    axes: Array  # [3, 3], rows right, forward, up
    tangent: float
    elevation: float


def choose_view(vertices: Array, rng: np.random.Generator) -> View:
    """A random camera whose crop is filled by the object, as `inference.prepare` would crop it."""
    elevation = math.radians(rng.uniform(0, 38) if rng.random() < 0.8 else rng.uniform(-12, 60))
    azimuth, roll = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.03)
    # A lens of 25 to 90 mm before a sensor 36 mm wide, of which the crop takes a part.
    tangent = 18 / math.exp(rng.uniform(math.log(25), math.log(90))) * rng.uniform(0.5, 1)
    back = np.array(
        [-math.sin(azimuth) * math.cos(elevation), -math.cos(azimuth) * math.cos(elevation), math.sin(elevation)]
    )
    target, distance = vertices.mean(0), 2.0
    axes = np.eye(3)
    for _ in range(5):
        forward = -back
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        right, up = math.cos(roll) * right + math.sin(roll) * up, math.cos(roll) * up - math.sin(roll) * right
        axes = np.stack([right, forward, up])
        local = (vertices - (target + back * distance)) @ axes.T
        depth = np.maximum(local[:, 1], 0.05)
        x, z = local[:, 0] / depth, local[:, 2] / depth
        extent = max(float(np.ptp(x)), float(np.ptp(z))) / 2
        target = target + ((x.max() + x.min()) / 2 * axes[0] + (z.max() + z.min()) / 2 * axes[2]) * distance
        distance = max(distance * extent / (FILL * tangent), 0.6)
    return View(target + back * distance, axes, tangent, elevation)


def cast_view(scene: EmbreeScene, view: View, size: int) -> tuple[dict[str, npt.NDArray[np.float32]], Array, Array]:
    """First hits of all pixels. Returns embree's result, ray origins' common point is ``view.origin``, and unit rays
    [S*S, 3]."""
    grid = ((np.arange(size) + 0.5) / size * 2 - 1) * view.tangent
    x, z = np.meshgrid(grid, -grid)
    rays = x.reshape(-1, 1) * view.axes[0] + view.axes[1] + z.reshape(-1, 1) * view.axes[2]
    lengths = np.linalg.norm(rays, axis=1)
    rays /= lengths[:, None]
    origins = np.broadcast_to(view.origin, rays.shape)
    hits = scene.run(np.ascontiguousarray(origins, np.float32), rays.astype(np.float32), query="INTERSECT", output=True)
    return hits, rays, lengths


def met(found: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.bool_]:
    """Which rays of embree's result met something: bool [N]."""
    return (found["geomID"] >= 0) & (found["geomID"] != NO_HIT)

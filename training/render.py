"""Ray-casts shaded training pictures with their depth, normals and camera.

``main`` writes shards ``depth-SEED.npz``: ``rgb`` uint8 [N, 3, S, S] (sRGB, 0 outside the mask), ``depth`` float16
[N, S, S] (Y of the view frame, 0 at the mean of what is visible), ``normals`` int8 [N, 3, S, S] (times 127),
``mask`` packed bits, ``camera`` float32 [N, 2] (elevation in radians, tangent of half the crop's field of view).
Shading is a stand-in for a path tracer: sky and ground light with ambient occlusion, up to three lights with soft
shadows, gloss and mirrored sky.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy import ndimage

from ..inference.prepare import FILL
from .meshes import TrainingMesh, load_mesh, training_names, vary_shape
from .paint import surface_colour

__all__ = ["NO_HIT", "SIZE", "View", "cast_view", "choose_view", "main", "render_picture"]

SIZE = 128  # pixels a side, from rays cast at twice that
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


def _occluded(scene: EmbreeScene, origins: Array, directions: Array, reach: float = 1e6) -> npt.NDArray[np.bool_]:
    far = np.full(len(origins), reach, np.float32)
    found = scene.run(
        np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(directions, np.float32), far, query="OCCLUDED"
    )
    return found >= 0


def _vertex_normals(vertices: Array, faces: npt.NDArray[np.int64]) -> Array:
    corner = vertices[faces]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, faces[:, k], face)
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-12)


def _unit(a: Array) -> Array:
    return a / (np.linalg.norm(a, axis=-1, keepdims=True) + 1e-12)


def _light(
    scene: EmbreeScene, points: Array, normals: Array, rays: Array, pixels: Array, size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Diffuse light [N, 3] and gloss [N, 3] at the hit points."""
    lifted = points + normals * 2e-3
    sky, ground = rng.uniform(0.5, 1.1, 3) * rng.uniform(0.25, 1.0), rng.uniform(0.3, 1.0, 3) * rng.uniform(0.05, 0.6)
    open_share = np.zeros(len(points))
    for _ in range(3):
        open_share += ~_occluded(scene, lifted, _unit(normals + _unit(rng.normal(size=points.shape))), 0.7)
    picture = np.ones(size * size)
    picture[pixels] = open_share / 3
    occlusion = ndimage.uniform_filter(picture.reshape(size, size), 5).reshape(-1)[pixels]
    diffuse = (ground + (sky - ground) * (0.5 + 0.5 * normals[:, 2:])) * (0.25 + 0.75 * occlusion)[:, None]
    gloss = np.zeros((len(points), 3))
    shine, amount = rng.uniform(6, 120), rng.uniform(0, 0.6) * (rng.random() < 0.7)
    for _ in range(rng.integers(1, 4)):
        direction = rng.normal(size=3) * [1.0, 1.0, 0.8]
        direction[2] = abs(direction[2]) + 0.15
        softness = rng.uniform(0, 0.35)
        towards = _unit(direction / np.linalg.norm(direction) + softness * rng.normal(size=points.shape))
        lambert = np.clip((normals * towards).sum(1), 0, 1)
        if rng.random() < 0.7:
            lambert = lambert * (1 - rng.uniform(0.7, 1.0) * _occluded(scene, lifted, towards))
        picture = np.zeros(size * size)
        picture[pixels] = lambert
        weight = np.zeros(size * size)
        weight[pixels] = 1
        smooth = ndimage.uniform_filter(picture.reshape(size, size), 3) / (
            ndimage.uniform_filter(weight.reshape(size, size), 3) + 1e-6
        )
        lambert = smooth.reshape(-1)[pixels]
        colour = rng.uniform(0.2, 1.0) * rng.uniform(0.8, 1.2, 3)
        diffuse += lambert[:, None] * colour
        gloss += (
            (np.clip((normals * _unit(towards - rays)).sum(1), 0, 1) ** shine * (lambert > 0.02))[:, None]
            * colour
            * amount
        )
    if rng.random() < 0.4:  # mirrored sky: brighter at grazing angles
        mirrored = rays - 2 * (rays * normals).sum(1, keepdims=True) * normals
        fresnel = 0.04 + 0.96 * (1 - np.clip(-(rays * normals).sum(1, keepdims=True), 0, 1)) ** 5
        waves = 0.5 + 0.5 * np.sin(mirrored @ rng.normal(0, 4, (3, 3)) + rng.uniform(0, 6, 3))
        gloss += fresnel * rng.uniform(0.2, 1.0) * (0.5 * waves + 0.5 * (mirrored[:, 2:] > 0)) * sky
    return diffuse, gloss


def _shrink(values: Array, hit: npt.NDArray[np.bool_]) -> Array:
    """Average 2 x 2 pixels over those that hit: [2S, 2S, C] to [S, S, C]."""
    size = len(hit) // 2
    blocks = values.reshape(size, 2, size, 2, -1) * hit.reshape(size, 2, size, 2, 1)
    return blocks.sum((1, 3)) / np.maximum(hit.reshape(size, 2, size, 2, 1).sum((1, 3)), 1)


def render_picture(
    mesh: TrainingMesh, rng: np.random.Generator, size: int = SIZE
) -> dict[str, npt.NDArray[np.generic]] | None:
    """One training picture of a varied copy of ``mesh``, or None where too little can be seen of it or it is cut
    off."""
    vertices, faces = vary_shape(mesh.vertices, rng), mesh.faces
    if len(faces) < 4 or not np.isfinite(vertices).all():
        return None
    view = choose_view(vertices, rng)
    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), faces.astype(np.int32))
    fine = 2 * size
    hits, rays, lengths = cast_view(scene, view, fine)
    hit = (hits["geomID"] >= 0) & (hits["geomID"] != NO_HIT)
    picture = hit.reshape(fine, fine)
    cut_off = picture[0].any() or picture[-1].any() or picture[:, 0].any() or picture[:, -1].any()
    if cut_off or picture.sum() < fine * fine // 50:
        return None
    pixels = np.nonzero(hit)[0]
    triangle, ray = hits["primID"][pixels].astype(np.int64), rays[pixels]
    u, v = hits["u"][pixels, None].astype(np.float64), hits["v"][pixels, None].astype(np.float64)
    weights = np.concatenate([1 - u - v, u, v], 1)
    distance = hits["tfar"][pixels].astype(np.float64)
    points = view.origin + ray * distance[:, None]
    corner = vertices[faces[triangle]]
    normals = _unit(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]))
    if rng.random() < 0.6:
        normals = _unit((_vertex_normals(vertices, faces)[faces[triangle]] * weights[..., None]).sum(1))
    normals = np.where(((normals * ray).sum(1) > 0)[:, None], -normals, normals)
    colour = surface_colour(mesh, triangle, weights, points, rng)
    diffuse, gloss = _light(scene, points, normals, ray, pixels, fine, rng)
    linear = (colour * diffuse + gloss) * rng.uniform(0.7, 1.25) / max(float(np.percentile(diffuse, 90)), 0.35)
    z = distance / lengths[pixels]
    layers = np.zeros((fine * fine, 7))
    layers[pixels] = np.concatenate([np.clip(linear, 0, 1), normals @ view.axes.T, z[:, None]], 1)
    reduced = _shrink(layers, picture)
    mask = picture.reshape(size, 2, size, 2).sum((1, 3)) >= 2
    mean = float(reduced[mask, 6].mean())
    srgb = reduced[..., :3] ** (1 / rng.uniform(1.9, 2.4)) * 255 * mask[..., None]
    return {
        "rgb": srgb.astype(np.uint8).transpose(2, 0, 1),
        "depth": np.where(mask, (reduced[..., 6] - mean) / (mean * view.tangent), 0).astype(np.float16),
        "normals": np.round(_unit(reduced[..., 3:6]) * 127 * mask[..., None]).astype(np.int8).transpose(2, 0, 1),
        "mask": np.packbits(mask),
        "camera": np.array([view.elevation, view.tangent], np.float32),
    }


def main() -> int:
    """``python bootstrap.py training.render --meshes DIR --out DIR --seed N --count N``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True, help="unpacked train_meshes.tar")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--split", default="train")
    args = parser.parse_args()
    rng, names, start = np.random.default_rng(args.seed), training_names(args.meshes, args.split), time.time()
    pictures: list[dict[str, npt.NDArray[np.generic]]] = []
    while len(pictures) < args.count:
        picture = render_picture(load_mesh(args.meshes, names[rng.integers(len(names))]), rng)
        if picture is not None:
            pictures.append(picture)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez(args.out / f"depth-{args.seed:04d}.npz", **{k: np.stack([p[k] for p in pictures]) for k in pictures[0]})
    print(f"{args.count} pictures in {time.time() - start:.0f} s")
    return 0

"""What a camera sees of a training object, and its complete solid along some of the camera's rays.

``main`` writes shards ``views-SEED.npz`` of N samples; S is `SIZE`, frames are those of `contracts`:

- ``depth`` float16 [N, S, S]: Y of the view frame, 0 at the mean of what is visible and outside the mask
- ``mask`` packed bits, ``normals`` int8 [N, 3, S, S] (times 127, view frame)
- ``albedo`` uint8 [N, 3, S, S]: the object's own colours (sRGB) or a plain one
- ``open`` uint8 [N, S, S]: share of the sky that a point sees (ambient occlusion), times 255
- ``lights`` float32 [N, 3, 3]: directions towards three lights (view frame); ``lit`` packed bits [3, S, S]: which reach
- ``camera`` float32 [N, 2]: elevation in radians, tangent of half the crop's field of view
- ``rays`` uint16 [N, RAYS]: pixels (row times S plus column) drawn from the mask; ``solid`` packed bits [RAYS, BINS]:
  where the object is solid along them, bins as in `inference.shape`

Pictures are shaded from these when training draws them (`training.shade`), each time in another light and paint.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from ..inference.shape import DEPTH, FRONT_PERCENTILE, MARGIN
from .camera import SIZE, View, cast_view, choose_view, met
from .deform import Deformation, choose_deformation
from .meshes import TrainingMesh, load_mesh, vertex_normals
from .paint import own_colour
from .solids import GRID, RIM, load_solids

__all__ = ["BINS", "RAYS", "main", "sample_view"]

RAYS = 1024  # rays along which a sample knows the solid
BINS = 128  # depth bins along each
LIGHTS, OPEN_RAYS = 3, 4
SHARP = 0.86  # cosine between a face and its corners' mean normal, under which an edge is a sharp one
Array = npt.NDArray[np.float64]
Solid = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Part:
    mesh: TrainingMesh
    solid: Solid
    shape: Deformation
    place: Array  # [4]: shift and scale after the deformation


def _unit(a: Array) -> Array:
    return a / (np.linalg.norm(a, axis=-1, keepdims=True) + 1e-12)


def _occluded(scene: EmbreeScene, origins: Array, directions: Array, reach: float) -> Solid:
    far = np.full(len(origins), reach, np.float32)
    return scene.run(origins.astype(np.float32), directions.astype(np.float32), far, query="OCCLUDED") >= 0


def _lookup(part: _Part, points: npt.NDArray[np.float32]) -> Solid:
    """Is each of ``points`` [..., 3] inside the part?"""
    size = GRID + 2 * RIM
    own = part.shape.inverse((points - part.place[:3].astype(np.float32)) / np.float32(part.place[3]))
    # Cells beyond the grid land on its rim, which is empty.
    cell = np.clip(own * GRID + size / 2, 0, size - 1).astype(np.int32)
    return part.solid[(cell[..., 0] * size + cell[..., 1]) * size + cell[..., 2]]


def _solid_along(parts: list[_Part], view: View, front: float, pixels: npt.NDArray[np.int64]) -> Solid:
    """Solid cells [RAYS, BINS] along the rays through ``pixels``."""
    z = front * (1 + (-MARGIN + (np.arange(BINS) + 0.5) * DEPTH / BINS) * view.tangent)
    u = ((pixels % SIZE + 0.5) / SIZE * 2 - 1) * view.tangent
    v = (1 - (pixels // SIZE + 0.5) / SIZE * 2) * view.tangent
    rays = u[:, None] * view.axes[0] + view.axes[1] + v[:, None] * view.axes[2]
    points = (view.origin + z[None, :, None] * rays[:, None]).astype(np.float32)
    solid = np.zeros(points.shape[:2], bool)
    for part in parts:
        solid |= _lookup(part, points)
    return solid


def _colours(parts: list[_Part], owner: npt.NDArray[np.int64], triangle: npt.NDArray[np.int64], by: Array) -> Array:
    """sRGB in 0..1 at the hits (barycentric weights ``by``); a plain grey where a part has no colours."""
    colours = np.zeros((len(triangle), 3))
    for k, part in enumerate(parts):
        here = owner == k
        own = own_colour(part.mesh, triangle[here], by[here])
        colours[here] = 0.7 if own is None else own
    return colours


def _light(
    scene: EmbreeScene, points: Array, normals: Array, view: View, rng: np.random.Generator
) -> tuple[Array, Array, Solid]:
    """Open share of the sky [P], light directions [3, 3] (world) and which points [3, P] they reach."""
    lifted = points + normals * 2e-3
    seen = np.zeros(len(points))
    for _ in range(OPEN_RAYS):
        seen += ~_occluded(scene, lifted, _unit(normals + _unit(rng.normal(size=points.shape))), 0.7)
    towards = rng.normal(size=(LIGHTS, 3)) * [1.0, 1.0, 0.8]
    towards[:, 2] = np.abs(towards[:, 2]) + 0.1
    towards[0] -= view.axes[1] * rng.uniform(0, 1.5)  # one rather from the camera's side
    towards = _unit(towards)
    lit = np.zeros((LIGHTS, len(points)), bool)
    for k in range(LIGHTS):
        softness = rng.uniform(0, 0.35)
        facing = (normals @ towards[k]) > -0.2
        way = _unit(towards[k] + softness * rng.normal(size=(int(facing.sum()), 3)))
        lit[k, facing] = ~_occluded(scene, lifted[facing], way, 1e6)
    return seen / OPEN_RAYS, towards, lit


def sample_view(
    parts: list[tuple[TrainingMesh, Solid]], rng: np.random.Generator
) -> dict[str, npt.NDArray[np.generic]] | None:
    """One sample of the union of ``parts``, each varied and placed at random; None where little can be seen of it."""
    varied, everything = list[_Part](), list[Array]()
    for k, (mesh, solid) in enumerate(parts):
        shape = choose_deformation(mesh.vertices, rng)
        place = np.array([0.0, 0, 0, 1]) if k == 0 else np.append(rng.uniform(-0.4, 0.4, 3), rng.uniform(0.4, 1))
        varied.append(_Part(mesh, solid, shape, place))
        everything.append(shape.forward(mesh.vertices) * place[3] + place[:3])
    vertices = np.concatenate(everything)
    if not np.isfinite(vertices).all():
        return None
    view, scene = choose_view(vertices, rng), EmbreeScene()
    for moved, part in zip(everything, varied, strict=True):
        TriangleMesh(scene, moved.astype(np.float32), part.mesh.faces.astype(np.int32))
    hits, rays, lengths = cast_view(scene, view, SIZE)
    hit = met(hits)
    mask = hit.reshape(SIZE, SIZE)
    if mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any() or mask.sum() < SIZE * SIZE // 50:
        return None
    pixels = np.nonzero(hit)[0]
    z = hits["tfar"][pixels].astype(np.float64) / lengths[pixels]
    owner, triangle = hits["geomID"][pixels].astype(np.int64), hits["primID"][pixels].astype(np.int64)
    u, v = hits["u"][pixels, None].astype(np.float64), hits["v"][pixels, None].astype(np.float64)
    weights = np.concatenate([1 - u - v, u, v], 1)
    normals = np.zeros((len(pixels), 3))
    smooth = rng.random() < 0.6
    for k, part in enumerate(varied):
        here = owner == k
        corner = part.mesh.faces[triangle[here]]
        at = everything[k][corner]
        flat = _unit(np.cross(at[:, 1] - at[:, 0], at[:, 2] - at[:, 0]))
        if smooth:  # but for sharp edges
            at = vertex_normals(everything[k], part.mesh.faces)[corner]
            round_off = _unit((at * weights[here][..., None]).sum(1))
            flat = np.where((round_off * flat).sum(1, keepdims=True) > SHARP, round_off, flat)
        normals[here] = flat
    ray = rays[pixels]
    normals = np.where(((normals * ray).sum(1) > 0)[:, None], -normals, normals)
    points = view.origin + ray * hits["tfar"][pixels, None]
    seen, towards, lit = _light(scene, points, normals, view, rng)
    mean, front = float(z.mean()), float(np.percentile(z, FRONT_PERCENTILE))
    drawn = rng.choice(pixels, RAYS, replace=len(pixels) < RAYS)

    def plane(values: Array, channels: int) -> Array:
        full = np.zeros((SIZE * SIZE, channels))
        full[pixels] = values.reshape(len(pixels), channels)
        return full.T.reshape(channels, SIZE, SIZE)

    return {
        "depth": plane((z - mean) / (mean * view.tangent), 1)[0].astype(np.float16),
        "mask": np.packbits(mask),
        "normals": np.round(plane(normals @ view.axes.T, 3) * 127).astype(np.int8),
        "albedo": np.round(plane(_colours(varied, owner, triangle, weights), 3) * 255).astype(np.uint8),
        "open": np.round(plane(seen, 1)[0] * 255).astype(np.uint8),
        "lights": (towards @ view.axes.T).astype(np.float32),
        "lit": np.packbits(plane(lit.T, LIGHTS) > 0.5),
        "camera": np.array([view.elevation, view.tangent], np.float32),
        "rays": drawn.astype(np.uint16),
        "solid": np.packbits(_solid_along(varied, view, front, drawn)),
    }


def main() -> int:
    """``python bootstrap.py training.views --meshes DIR --solids FILE.npy --out DIR --seed N --count N``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True)
    parser.add_argument("--solids", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    names, packed, weights = load_solids(args.solids)
    rng, start, size = np.random.default_rng(args.seed), time.time(), GRID + 2 * RIM
    samples: list[dict[str, npt.NDArray[np.generic]]] = []
    while len(samples) < args.count:
        parts: list[tuple[TrainingMesh, Solid]] = []
        for _ in range(2 if rng.random() < 0.06 else 1):
            k = int(rng.choice(len(names), p=weights))
            grid = np.unpackbits(packed[k])[: size**3].astype(bool)
            parts.append((load_mesh(args.meshes, names[k]), grid))
        sample = sample_view(parts, rng)
        if sample is not None:
            samples.append(sample)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez(args.out / f"views-{args.seed:04d}.npz", **{k: np.stack([s[k] for s in samples]) for k in samples[0]})
    print(f"{args.count} views in {time.time() - start:.0f} s")
    return 0

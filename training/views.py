"""Training samples of the shape network: what a camera sees of a mesh, and its complete solid in that camera's frustum.

``main`` writes shards ``shape-SEED.npz``: ``depth`` float16 [N, S, S] (distance behind the front-most visible point,
in half crop sides at that point's plane; 0 outside the mask), ``mask`` packed bits, ``solid`` packed bits of [BINS,
CELLS, CELLS], ``tangent`` [N].
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from ..inference.shape import FRONT_PERCENTILE, MARGIN, STEP
from .meshes import load_mesh, normalise
from .render import NO_HIT, SIZE, View, cast_view, choose_view
from .solids import GRID, RIM, load_solids

__all__ = ["BINS", "CELLS", "main", "sample_view"]

BINS, CELLS = 96, 64  # depth bins along each ray, rays a side

Array = npt.NDArray[np.float64]


def _stretch(rng: np.random.Generator) -> Array:
    """A random linear map of the object: stretch along the axes, some shear, at times a mirror."""
    matrix = np.diag(rng.uniform(0.65, 1.35, 3))
    if rng.random() < 0.15:
        matrix = matrix @ np.diag(np.where(rng.permutation(3) == 0, rng.uniform(0.3, 2.0), 1.0))
    if rng.random() < 0.3:
        matrix[2, :2] += rng.normal(0, 0.2, 2)
        matrix[0, 1] += rng.normal(0, 0.2)
    if rng.random() < 0.2:  # lying or leaning objects
        matrix = np.linalg.qr(rng.normal(size=(3, 3)))[0] @ matrix
    return matrix


def _lookup(grid: npt.NDArray[np.bool_], points: Array) -> npt.NDArray[np.bool_]:
    """Is each of ``points`` [..., 3] inside the solid?"""
    size = GRID + 2 * RIM
    cell = np.floor(points.astype(np.float32) * GRID + size / 2).astype(np.int32)
    inside = ((cell >= 0) & (cell < size)).all(-1)
    cell = np.clip(cell, 0, size - 1)
    return grid.reshape(-1)[(cell[..., 0] * size + cell[..., 1]) * size + cell[..., 2]] & inside


def _frustum(view: View, front: float) -> Array:
    """World positions of all cells: [BINS, CELLS, CELLS, 3]."""
    z = front * (1 + (-MARGIN + (np.arange(BINS) + 0.5) * STEP) * view.tangent)
    side = ((np.arange(CELLS) + 0.5) / CELLS * 2 - 1) * view.tangent
    x, up = np.meshgrid(side, -side)
    rays = x[..., None] * view.axes[0] + view.axes[1] + up[..., None] * view.axes[2]
    return (view.origin + z[:, None, None, None] * rays).astype(np.float32)


def sample_view(
    parts: list[tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.bool_]]], rng: np.random.Generator
) -> dict[str, npt.NDArray[np.generic]] | None:
    """One sample of the union of ``parts`` (vertices, faces, solid grid), each stretched and placed at random."""
    maps = [_stretch(rng) for _ in parts]
    shifts = [np.zeros(3)] + [rng.uniform(-0.35, 0.35, 3) for _ in parts[1:]]
    moved = [v @ m.T + s for (v, _, _), m, s in zip(parts, maps, shifts, strict=True)]
    everything = np.concatenate(moved)
    scale = 1 / max(float(np.ptp(everything, 0).max()), 1e-9)
    view = choose_view(everything * scale, rng)
    scene = EmbreeScene()
    for vertices, (_, faces, _) in zip(moved, parts, strict=True):
        TriangleMesh(scene, (vertices * scale).astype(np.float32), faces.astype(np.int32))
    hits, _, lengths = cast_view(scene, view, SIZE)
    mask = ((hits["geomID"] >= 0) & (hits["geomID"] != NO_HIT)).reshape(SIZE, SIZE)
    if mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any() or mask.sum() < SIZE * SIZE // 50:
        return None
    z = np.where(mask, hits["tfar"].reshape(SIZE, SIZE) / lengths.reshape(SIZE, SIZE), 0)
    front = float(np.percentile(z[mask], FRONT_PERCENTILE))
    cells = _frustum(view, front) / scale
    solid = np.zeros(cells.shape[:3], bool)
    for (_, _, grid), matrix, shift in zip(parts, maps, shifts, strict=True):
        solid |= _lookup(grid, (cells - shift) @ np.linalg.inv(matrix).T)
    return {
        "depth": np.where(mask, (z - front) / (front * view.tangent), 0).astype(np.float16),
        "mask": np.packbits(mask),
        "solid": np.packbits(solid),
        "tangent": np.float32(view.tangent),
    }


def main() -> int:
    """``python bootstrap.py training.views --meshes DIR --solids FILE.npy --out DIR --seed N --count N``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True)
    parser.add_argument("--solids", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    args = parser.parse_args()
    names, packed = load_solids(args.solids)
    rng, start, size = np.random.default_rng(args.seed), time.time(), GRID + 2 * RIM
    samples: list[dict[str, npt.NDArray[np.generic]]] = []
    while len(samples) < args.count:
        parts = []
        for _ in range(2 if rng.random() < 0.12 else 1):
            k = int(rng.integers(len(names)))
            mesh = load_mesh(args.meshes, names[k])
            grid = np.unpackbits(packed[k])[: size**3].astype(bool).reshape(size, size, size)
            parts.append((normalise(mesh.vertices), mesh.faces, grid))
        sample = sample_view(parts, rng)
        if sample is not None:
            samples.append(sample)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez(args.out / f"shape-{args.seed:04d}.npz", **{k: np.stack([s[k] for s in samples]) for k in samples[0]})
    print(f"{args.count} views in {time.time() - start:.0f} s")
    return 0

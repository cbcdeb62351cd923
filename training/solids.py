"""Solid voxel grids of the training meshes: the ground truth of the shape network.

Half of the meshes are open or self-crossing, so parity would lie. Here a cell is solid where the surface passes,
where no path leads outside past the surface, or where it is hidden from all six axis directions (which closes shells
with a small opening, yet leaves bowls and the space below a table empty).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .meshes import load_mesh, training_names

__all__ = ["GRID", "load_solids", "main", "solid_grid"]

GRID = 112  # cells along the longest side, plus a rim
RIM = 4
# Sources whose objects are more like what people photograph are drawn more often.
WEIGHTS = {"aws_robomaker": 3.0, "gazebo_models": 3.0, "pmndrs_market": 2.0, "object_sim": 3.0}


def _surface_points(
    vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Points on the surface, dense enough to leave no gap in the grid: [N, 3]."""
    corner = vertices[faces]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
    count = int(np.clip(area.sum() * GRID**2 * 8, 20_000, 600_000))
    chosen = rng.choice(len(faces), count, p=area / area.sum())
    a, b = rng.random((2, count, 1))
    flip = a + b > 1
    a, b = np.where(flip, 1 - a, a), np.where(flip, 1 - b, b)
    c = corner[chosen]
    return c[:, 0] + a * (c[:, 1] - c[:, 0]) + b * (c[:, 2] - c[:, 0])


def solid_grid(vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], seed: int = 0) -> npt.NDArray[np.bool_]:
    """Solid cells of a mesh whose box is [-0.5, 0.5] along its longest side: bool [N, N, N], N = GRID + 2 RIM.

    Cell (i, j, k) has its centre at ((i, j, k) + 0.5 - N / 2) / GRID.
    """
    size = GRID + 2 * RIM
    cell = np.clip(
        np.floor(_surface_points(vertices, faces, np.random.default_rng(seed)) * GRID + size / 2), 0, size - 1
    ).astype(int)
    surface = np.zeros((size, size, size), bool)
    surface[tuple(cell.T)] = True
    outside, _ = ndimage.label(~surface)
    solid = outside != outside[0, 0, 0]
    hidden = np.ones_like(surface)
    for axis in range(3):
        hidden &= np.maximum.accumulate(surface, axis) & np.flip(
            np.maximum.accumulate(np.flip(surface, axis), axis), axis
        )
    return solid | hidden


def load_solids(file: Path) -> tuple[list[str], npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Names, packed grids [N, cells / 8] and shares to draw them by (sum 1), as `main` has written them."""
    names = file.with_suffix(".txt").read_text().splitlines()
    weight = np.array([WEIGHTS.get(n.split("/")[0], 1.0) for n in names])
    return names, np.load(file, mmap_mode="r"), weight / weight.sum()


def main() -> int:
    """``python bootstrap.py training.solids --meshes DIR --out FILE.npy [--split val]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", default="train")
    args = parser.parse_args()
    names, grids, start = [], [], time.time()
    for name in training_names(args.meshes, args.split, composed=True):
        mesh = load_mesh(args.meshes, name)
        if len(mesh.faces) >= 4 and np.isfinite(mesh.vertices).all():
            grids.append(np.packbits(solid_grid(mesh.vertices, mesh.faces)))
            names.append(name)
    np.save(args.out, np.stack(grids))
    args.out.with_suffix(".txt").write_text("\n".join(names))
    print(f"{len(names)} solids in {time.time() - start:.0f} s")
    return 0

"""Makes a mesh as generators leave them, to clean: ``bootstrap.py devtools.broken_mesh FILE FACES``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["broken_mesh", "main"]


def broken_mesh(n_faces: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """A rough ring of triangles that share no vertex, one in fifty turned over, with holes and sixty loose pieces.

    Returns
    -------
    vertices : float32 [3 * F, 3]
    faces : int32 [F, 3]
    """
    rng = np.random.default_rng(0)
    pieces = 60
    rows = columns = round(np.sqrt((n_faces - pieces * 8) / 2))
    vertices, faces = _ring(rows, columns)
    vertices += rng.normal(0, 0.1 / rows, vertices.shape)
    holes = rng.choice(len(faces), 40, replace=False)
    faces = faces[~np.isin(faces, faces[holes, 0]).any(axis=1)]
    octahedron = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]) * 0.004
    sides = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
    for _ in range(pieces):
        faces = np.concatenate([faces, sides + len(vertices)])
        vertices = np.concatenate([vertices, octahedron + rng.uniform(-1.5, 1.5, 3)])
    turned = rng.random(len(faces)) < 0.02
    faces[turned] = faces[turned][:, ::-1]
    return vertices[faces].reshape(-1, 3).astype(np.float32), np.arange(faces.size, dtype=np.int32).reshape(-1, 3)


def _ring(rows: int, columns: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """A torus of two triangles per cell."""
    u, v = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a, b = 2 * np.pi * u / rows, 2 * np.pi * v / columns
    radius = 1 + 0.4 * np.cos(b)
    vertices = np.stack([radius * np.cos(a), radius * np.sin(a), 0.4 * np.sin(b)], axis=2).reshape(-1, 3)
    after_u, after_v = (u + 1) % rows, (v + 1) % columns
    p, q, r, s = (i * columns + j for i, j in ((u, v), (after_u, v), (after_u, after_v), (u, after_v)))
    faces = np.concatenate([np.stack([p, q, r], axis=2), np.stack([p, r, s], axis=2)]).reshape(-1, 3)
    return vertices, faces.astype(np.int64)


def main() -> int:
    """Write the mesh as ``vertices`` and ``faces`` in an .npz file."""
    vertices, faces = broken_mesh(int(sys.argv[2]))
    np.savez(Path(sys.argv[1]), vertices=vertices, faces=faces)
    return 0

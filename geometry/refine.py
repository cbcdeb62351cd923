"""More triangles where more are asked for than the surface has."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int

__all__ = ["subdivide"]


def subdivide(vertices: Float, faces: Int) -> tuple[Float, Int]:
    """Split every triangle into four at its edges' midpoints; the shape stays, closed stays closed."""
    ends = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    edges, index = np.unique(ends, axis=0, return_inverse=True)
    middle = (vertices[edges[:, 0]] + vertices[edges[:, 1]]) / 2
    ab, bc, ca = (index.reshape(-1, 3) + len(vertices)).T
    a, b, c = faces.T
    split = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], 1).reshape(-1, 3)
    return np.concatenate([vertices, middle]).astype(np.float32), split.astype(np.int32)

"""Smoothing that does not shrink."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int
from .edges import check_mesh

__all__ = ["taubin"]

# Taubin's pass band: a step inwards, then a slightly longer one outwards.
_INWARDS, _OUTWARDS = 0.5, -0.53


def taubin(vertices: Float, faces: Int, steps: int) -> Float:
    """Smooth a triangle mesh by alternating shrinking and growing steps.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    steps : int
        Pairs of steps; each reaches one edge further.

    Returns
    -------
    float32 [V, 3]
        New positions; vertices that no face uses stay where they are.

    Raises
    ------
    MeshError
        If the arrays are no mesh.

    Notes
    -----
    Taubin, "A signal processing approach to fair surface design", SIGGRAPH 1995, with equal weights.
    """
    check_mesh(vertices, faces)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    sources, sinks = np.concatenate([start, end]), np.concatenate([end, start])
    degree = np.bincount(sinks, minlength=len(vertices))
    share = (1 / np.maximum(degree, 1))[:, None]
    points = vertices.astype(np.float64)
    for _ in range(steps):
        for factor in (_INWARDS, _OUTWARDS):
            near = points[sources]
            total = np.stack([np.bincount(sinks, near[:, axis], len(points)) for axis in range(3)], 1)
            points = points + factor * np.where(degree[:, None] > 0, total * share - points, 0)
    return points.astype(np.float32)

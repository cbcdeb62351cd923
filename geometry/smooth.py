"""Smoothing without shrinking."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int
from .arrays import Points
from .edges import check_mesh, find_edges

__all__ = ["taubin"]

_SHRINK = 0.5
_GROW = -0.53
"""With 0.5 this lets pass what is wider than some nine edges (a pass-band of 0.11) and dampens the rest."""


def taubin(vertices: Float, faces: Int, steps: int) -> Float:
    """Smooth a mesh by alternate steps towards and away from the mean of each vertex's neighbours.

    After G. Taubin, "A signal processing approach to fair surface design" (1995). Vertices without a face stay.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3] or [F, 4]
    steps : int
        Pairs of steps; 0 changes nothing.

    Returns
    -------
    float32 [V, 3]

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or its indices are out of range.
    """
    check_mesh(vertices, faces)
    edges = find_edges(faces)
    sides = edges.order[edges.first]
    ends = np.concatenate([edges.start[sides], edges.end[sides]])
    others = np.concatenate([edges.end[sides], edges.start[sides]])
    order = np.argsort(ends, kind="stable")
    others = others[order]
    degree = np.bincount(ends, minlength=len(vertices))
    moving = np.flatnonzero(degree)
    first = np.cumsum(degree[moving]) - degree[moving]
    points: Points = vertices.astype(np.float64)
    for _ in range(steps):
        for weight in (_SHRINK, _GROW):
            mean = np.add.reduceat(points[others], first, axis=0) / degree[moving, None]
            points[moving] += weight * (mean - points[moving])
    return points.astype(np.float32)

"""Smoothing without shrinking."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Points
from .edges import Edges, check_mesh, find_edges

__all__ = ["smooth_points", "taubin"]

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
    return smooth_points(vertices.astype(np.float64), find_edges(faces), steps).astype(np.float32)


def smooth_points(points: Points, edges: Edges, steps: int, strength: float = 1.0, fixed: Mask | None = None) -> Points:
    """Smooth points along edges, as `taubin` does.

    Parameters
    ----------
    points : float64 [V, 3]
        Finite.
    edges : Edges
        Of faces with any number of corners.
    steps : int
        Pairs of steps; 0 changes nothing.
    strength : float
        How far each step goes, 0 to 1.
    fixed : bool [V], optional
        Points that stay.

    Returns
    -------
    float64 [V, 3]
    """
    sides = edges.order[edges.first]
    ends = np.concatenate([edges.start[sides], edges.end[sides]])
    others = np.concatenate([edges.end[sides], edges.start[sides]])
    order = np.argsort(ends, kind="stable")
    others = others[order]
    degree = np.bincount(ends, minlength=len(points))
    moving = np.flatnonzero(degree)
    first = np.cumsum(degree[moving]) - degree[moving]
    share = np.ones(len(moving)) if fixed is None else np.where(fixed[moving], 0.0, 1.0)
    points = points.copy()
    for _ in range(steps):
        for weight in (_SHRINK, _GROW):
            mean = np.add.reduceat(points[others], first, axis=0) / degree[moving, None]
            points[moving] += (strength * weight * share)[:, None] * (mean - points[moving])
    return points

"""Smoothing without shrinking."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Indices, Points
from .edges import Edges, check_mesh, find_edges
from .self_intersections import crossing_faces
from .triangles import sum_at

__all__ = ["relax_crossings", "smooth_apart", "smooth_points", "taubin"]

_SHRINK = 0.5
_GROW = -0.53
"""With 0.5 this lets pass what is wider than some nine edges (a pass-band of 0.11) and dampens the rest."""

_ROUNDS = 6
_RELAX = 0.3


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


def smooth_apart(vertices: Float, faces: Int, steps: int) -> Float:
    """Smooth triangles as `taubin` does, but take it back where that makes them cross.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
        Best without faces that cross: what is taken back are places around those that do, wider and wider.
    steps : int

    Returns
    -------
    float32 [V, 3]

    Raises
    ------
    MeshError
        As `taubin`.
    """
    smooth = taubin(vertices, faces, steps)
    back = np.zeros(len(vertices), np.bool_)
    for rings in range(1, _ROUNDS + 1):
        crossing = crossing_faces(smooth, faces)
        if not crossing.any():
            break
        spoilt = np.zeros(len(vertices), np.bool_)
        spoilt[faces[crossing]] = True
        for _ in range(rings):
            spoilt[faces[spoilt[faces].any(axis=1)]] = True
        back |= spoilt
        smooth = np.where(back[:, None], vertices, smooth)
    return smooth


def relax_crossings(points: Points, faces: Indices, fixed: Mask) -> Points:
    """Move the corners of triangles that cross towards their neighbours until none cross, or no fewer do.

    Parameters
    ----------
    points : float64 [V, 3]
    faces : int64 [F, 3]
    fixed : bool [V]
        Points that stay.

    Returns
    -------
    float64 [V, 3]
    """
    crossing = crossing_faces(points, faces)
    if not crossing.any():
        return points
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    degree = np.maximum(np.bincount(start, minlength=len(points)), 1)
    best, fewest = points, int(np.count_nonzero(crossing))
    for _ in range(_ROUNDS):
        moving = np.zeros(len(points), np.bool_)
        moving[faces[crossing]] = True
        moving &= ~fixed
        mean = np.stack([sum_at(start, points[end, axis], len(points)) for axis in range(3)], axis=1) / degree[:, None]
        points = points.copy()
        points[moving] += _RELAX * (mean - points)[moving]
        crossing = crossing_faces(points, faces)
        count = int(np.count_nonzero(crossing))
        if count < fewest:
            best, fewest = points, count
        if not count:
            break
    return best


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

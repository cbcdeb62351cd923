"""Bringing a surface that was drawn around another one down onto it."""

from __future__ import annotations

import numpy as np

from ...contracts import Float, Mask
from ..arrays import Indices, Points, dot
from ..nearest import NearestSurface
from ..self_intersections import crossing_faces
from ..triangles import sum_at

__all__ = ["settle"]

_REST = 0.02
"""Vertices stop at this share of the gap above the surface: on it, faces around an edge would shrink to nothing."""
_FAR = 0.9
"""Vertices that are further away than the gap and this, in cells, span a hole."""
_STEP = 0.25
"""Between the places at which the thickness is felt for, in cells."""
_SMOOTHING = 30
_RETREATS, _CHECKS = 40, 6
"""How often faces that get in each other's way go back, and how often it is looked whether any cross."""
_LITTLE = 0.2
"""They go back by halves until no more than this is left of the way, and then all of it."""


def settle(points: Points, triangles: Indices, onto: NearestSurface, field: Float, gap: float, least: float) -> Points:
    """Move the vertices of a closed surface onto the surface it was drawn around.

    Where what it encloses is thick, vertices move all the way; where it is too thin, only so far that the least
    thickness remains. Where it spans a hole it is smoothed. No face turns over, and as far as can be no
    face comes to cross another.

    Parameters
    ----------
    points : float64 [V, 3]
        In cells.
    triangles : int64 [T, 3]
    onto : NearestSurface
        In cells.
    field : float32 [X, Y, Z]
        Positive at the cells that the closed surface encloses.
    gap : float
        How far the closed surface is from the other, in cells.
    least : float
        The least thickness, in cells; no more than twice the gap.

    Returns
    -------
    float64 [V, 3]
    """
    distance, triangle, weights = onto.find(points, gap + _FAR)
    near = np.flatnonzero(triangle >= 0)
    on = onto.place(triangle[near], weights[near])
    out = (points[near] - on) / np.maximum(distance[near], 1e-9)[:, None]
    pull = np.clip(gap + 0.5 * (_thickness(field, on, out, gap) - least), 0.0, (1.0 - _REST) * gap)
    goal = points.copy()
    goal[near] = on + (gap - pull)[:, None] * out
    _smooth(goal, triangles, triangle < 0)
    return _retreated(points, goal, triangles)


def _thickness(field: Float, on: Points, out: Points, gap: float) -> Points:
    """How far it is through the enclosed body from places on its surface inwards, up to twice the gap."""
    depth = np.arange(gap, 3.0 * gap + _STEP, _STEP)
    thickness = np.full(len(on), depth[-1] - gap)
    inside = np.ones(len(on), np.bool_)
    before = _sample(field, on - depth[0] * out)
    thickness[before <= 0] = 0.0
    inside = before > 0
    for start in depth[:-1]:
        value = _sample(field, on - (start + _STEP) * out)
        leaves = inside & (value <= 0)
        share = before[leaves] / (before[leaves] - value[leaves])
        thickness[leaves] = start + share * _STEP - gap
        inside &= ~leaves
        before = value
    return thickness


def _sample(field: Float, places: Points) -> Points:
    """The field at places [N, 3] between cells, interpolated linearly."""
    low = np.clip(np.floor(places), 0, np.array(field.shape) - 2).astype(np.int64)
    x, y, z = (places - low).T
    strides = (field.shape[1] * field.shape[2], field.shape[2], 1)
    first = low @ np.array(strides, np.int64)
    flat = field.ravel()
    total = np.zeros(len(places))
    for corner in range(8):
        i, j, k = corner >> 2, corner >> 1 & 1, corner & 1
        weight = (x if i else 1 - x) * (y if j else 1 - y) * (z if k else 1 - z)
        total += weight * flat[first + i * strides[0] + j * strides[1] + k]
    return total


def _smooth(points: Points, triangles: Indices, free: Mask) -> None:
    """Smooth the free vertices, in place: each moves to the mean of its neighbours, again and again."""
    if not free.any():
        return
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    own = free[start]
    start, end = start[own], end[own]
    number = np.cumsum(free, dtype=np.int64) - 1
    size = int(number[-1]) + 1
    degree = sum_at(number[start], np.ones(len(start)), size)
    for _ in range(_SMOOTHING):
        sums = [sum_at(number[start], points[end, axis], size) for axis in range(3)]
        points[free] = np.stack(sums, axis=1) / degree[:, None]


def _retreated(before: Points, after: Points, triangles: Indices) -> Points:
    """Move from one place to the other, but only as far as no face turns over and none comes to cross another.

    At the first place no face crosses another, so in the end that is where the trouble stops.
    """
    share = np.ones(len(before))
    normal = _normals(before, triangles)
    points = after
    checks = 0
    for _ in range(_RETREATS):
        wrong = dot(normal, _normals(points, triangles)) < 0
        if not wrong.any():
            checks += 1
            wrong = crossing_faces(points.astype(np.float32), triangles.astype(np.int32))
            if not wrong.any() or checks == _CHECKS:
                break
        back = triangles[wrong]
        share[back] = np.where(share[back] > _LITTLE, 0.5 * share[back], 0.0)
        points = before + share[:, None] * (after - before)
    return points


def _normals(points: Points, triangles: Indices) -> Points:
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a)

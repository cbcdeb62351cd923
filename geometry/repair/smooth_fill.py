"""Patches that carry on the curve of the surface around a hole.

After P. Liepa, "Filling holes in meshes" (2003): a patch over the rim is refined until its triangles are as large as
those around, and faired so that its curvature changes as evenly as that of a thin plate.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import Indices, Points
from ..triangles import sum_at
from .polygons import NONE, Polygons, add_faces

__all__ = ["smooth_patch"]

_ROUNDS = 12
_MOST_TRIANGLES = 20_000
_TOLERANCE = 1e-6


def smooth_patch(mesh: Polygons, rim: Indices, rows: Indices) -> Polygons:
    """Add a refined and faired patch.

    Parameters
    ----------
    mesh : Polygons
    rim : int64 [N]
        The vertices around the hole, as the patch runs.
    rows : int64 [T, 3]
        The triangles over the rim, as places in ``rim``.
    """
    points = mesh.points[rim]
    target = float(np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1).mean())
    points, rows = _refine(points, rows, target)
    new = np.arange(len(mesh.points), len(mesh.points) + len(points) - len(rim), dtype=np.int64)
    vertices = np.concatenate([rim, new])
    none = np.full(len(new), NONE, np.int64)
    mesh = replace(
        mesh,
        points=np.concatenate([mesh.points, points[len(rim) :]]),
        point_from=np.concatenate([mesh.point_from, none]),
    )
    mesh = add_faces(
        mesh,
        vertices[rows].ravel(),
        np.full(len(rows), 3, np.int64),
        np.full(rows.size, NONE, np.int64),
        np.full(len(rows), NONE, np.int64),
    )
    return _fair(mesh, new) if len(new) else mesh


def _refine(points: Points, rows: Indices, target: float) -> tuple[Points, Indices]:
    """Split long inner edges at their middles until all are near the target length; the rim stays as it is."""
    for _ in range(_ROUNDS):
        if len(rows) > _MOST_TRIANGLES:
            break
        pairs = np.sort(np.stack([rows, np.roll(rows, -1, axis=1)], axis=2), axis=2)
        keys = pairs[:, :, 0] * (len(points) + 1) + pairs[:, :, 1]
        unique, inverse, count = np.unique(keys, return_inverse=True, return_counts=True)
        inverse = inverse.reshape(rows.shape)
        low, high = np.divmod(unique, len(points) + 1)
        length = np.linalg.norm(points[low] - points[high], axis=1)
        splittable = (count == 2) & (length > 1.5 * target)
        # Only edges that are the longest splittable one of both their triangles: splits never meet in a triangle.
        value = np.where(splittable, length + 1e-12 * np.arange(len(length)), 0.0)
        best = value[inverse].max(axis=1)
        votes = np.bincount(inverse[(value[inverse] == best[:, None]) & (value[inverse] > 0)], minlength=len(unique))
        chosen = splittable & (votes == 2)
        if not chosen.any():
            break
        middle = np.full(len(unique), -1, np.int64)
        middle[chosen] = len(points) + np.arange(np.count_nonzero(chosen), dtype=np.int64)
        points = np.concatenate([points, 0.5 * (points[low[chosen]] + points[high[chosen]])])
        rows = _split(rows, middle[inverse])
        rows = _flip(points, rows)
    return points, rows


def _split(rows: Indices, middle: Indices) -> Indices:
    """Cut each triangle at the middle of its one chosen edge (int64 [T, 3], -1 where none)."""
    cut = np.flatnonzero((middle >= 0).any(axis=1))
    at = np.argmax(middle[cut] >= 0, axis=1)
    turn = (at[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(rows[cut], turn, axis=1).T
    m = middle[cut, at]
    rows = rows.copy()
    rows[cut] = np.stack([a, m, c], axis=1)
    return np.concatenate([rows, np.stack([m, b, c], axis=1)])


def _flip(points: Points, rows: Indices) -> Indices:
    """Turn inner edges the other way where that makes them shorter, each triangle once."""
    start, end = rows, np.roll(rows, -1, axis=1)
    opposite = np.roll(rows, -2, axis=1)
    key = (np.minimum(start, end) * len(points) + np.maximum(start, end)).ravel()
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    one, other = order[same], order[same + 1]
    a, b = start.ravel()[one], end.ravel()[one]
    c, d = opposite.ravel()[one], opposite.ravel()[other]
    gain = np.linalg.norm(points[a] - points[b], axis=1) - np.linalg.norm(points[c] - points[d], axis=1)
    known = np.isin(np.minimum(c, d) * len(points) + np.maximum(c, d), key)
    before = np.cross(points[b] - points[a], points[c] - points[a])
    first = np.cross(points[d] - points[a], points[c] - points[a])
    second = np.cross(points[c] - points[b], points[d] - points[b])
    sound = ((first * before).sum(1) > 0) & ((second * before).sum(1) > 0) & ~known & (c != d)
    candidates = np.flatnonzero(sound & (gain > 1e-9 * (np.abs(gain).max(initial=0.0) + 1e-300)))
    rows, taken = rows.copy(), np.zeros(len(rows), np.bool_)
    added: set[int] = set()
    for i in candidates[np.argsort(-gain[candidates])].tolist():
        t, u = int(one[i]) // 3, int(other[i]) // 3
        edge = int(min(c[i], d[i]) * len(points) + max(c[i], d[i]))
        if taken[t] or taken[u] or edge in added:
            continue
        taken[t] = taken[u] = True
        added.add(edge)
        rows[t], rows[u] = (a[i], d[i], c[i]), (b[i], c[i], d[i])
    return rows


def _fair(mesh: Polygons, moving: Indices) -> Polygons:
    """Move the new points so that the squares of the surface's Laplacian sum up to the least (conjugate gradients)."""
    edges = mesh.edges
    side = edges.order[edges.first]
    ends = np.concatenate([edges.start[side], edges.end[side]])
    others = np.concatenate([edges.end[side], edges.start[side]])
    inner = np.zeros(len(mesh.points), np.bool_)
    inner[moving] = True
    near = inner.copy()
    near[others[inner[ends]]] = True
    use = near[ends]  # rows of the Laplacian at the new points and at the rim around them
    number = np.cumsum(near, dtype=np.int64) - 1
    rows, columns = number[ends[use]], others[use]
    count = int(near.sum())
    weight = 1.0 / np.bincount(rows, minlength=count)
    nodes = np.flatnonzero(near)

    def laplacian(values: Points) -> Points:
        mean = np.stack([sum_at(rows, values[columns, i], count) for i in range(3)], axis=1)
        return values[nodes] - mean * weight[:, None]

    def transposed(values: Points) -> Points:
        spread = (values * weight[:, None])[rows]
        result = -np.stack([sum_at(columns, spread[:, i], len(mesh.points)) for i in range(3)], axis=1)
        result[nodes] += values
        return result[moving]

    points = mesh.points.copy()
    step = np.zeros_like(points)

    def normal(values: Points) -> Points:
        step[moving] = values
        return transposed(laplacian(step))

    residual = -transposed(laplacian(points))
    direction, solution = residual.copy(), np.zeros_like(residual)
    power = first = float((residual**2).sum())
    for _ in range(4 * len(moving) + 50):
        if power <= _TOLERANCE**2 * first or power == 0.0:
            break
        image = normal(direction)
        length = power / float((direction * image).sum())
        solution += length * direction
        residual -= length * image
        power, last = float((residual**2).sum()), power
        direction = residual + power / last * direction
    points[moving] += solution
    return replace(mesh, points=points)

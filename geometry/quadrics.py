"""Quadric error metrics: how far a point is from the planes a vertex stands for.

A quadric is the sum of squared distances to planes, weighted by area: ``x A x + 2 b x + c`` with A symmetric, stored as
the ten numbers (A00, A01, A02, A11, A12, A22, b0, b1, b2, c). After M. Garland and P. Heckbert, "Surface simplification
using quadric error metrics" (1997).
"""

from __future__ import annotations

import numpy as np

from .arrays import Indices, Points, dot

__all__ = ["best_points", "vertex_quadrics"]

_PULL = 1e-5
"""Weight of the pull towards the edge's middle, by the area: it decides where the planes leave the point free."""
_SHORT = 5e-4
"""Weight of the squared length in an edge's cost, by the area: it decides where the planes see no difference."""


def vertex_quadrics(points: Points, triangles: Indices) -> Points:
    """Sum for each vertex the planes of the triangles around it.

    Parameters
    ----------
    points : float64 [V, 3]
    triangles : int64 [T, 3]

    Returns
    -------
    float64 [V, 10]
        Each plane weighs a third of its triangle's area.
    """
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    length = np.sqrt(dot(normal, normal))
    normal /= np.where(length > 0, length, 1.0)[:, None]
    offset = -dot(normal, a)
    x, y, z = normal.T
    plane = np.stack([x * x, x * y, x * z, y * y, y * z, z * z, x * offset, y * offset, z * offset, offset**2])
    plane *= length / 6.0
    corners = triangles.ravel()
    sums = [np.bincount(corners, np.repeat(row, 3), len(points)).astype(np.float64) for row in plane]
    return np.stack(sums, axis=1)


def best_points(points: Points, quadrics: Points, a: Indices, b: Indices) -> tuple[Points, Points]:
    """Find where each edge should collapse to, and what that costs.

    Parameters
    ----------
    points : float64 [V, 3]
    quadrics : float64 [V, 10]
    a, b : int64 [E]
        The ends of the edges.

    Returns
    -------
    target : float64 [E, 3]
        The point of least error, held near the middle of the edge where the planes leave it free.
    cost : float64 [E]
        The error there, including a little for the length of the edge, so that short edges go first in flat places.
    """
    middle = 0.5 * (points[a] + points[b])
    along = points[b] - points[a]
    square = dot(along, along)
    q = (quadrics[a] + quadrics[b]).T
    area = q[0] + q[3] + q[5]
    pull = _PULL * area
    xx, yy, zz = q[0] + pull, q[3] + pull, q[5] + pull
    xy, xz, yz = q[1], q[2], q[4]
    mx, my, mz = middle.T
    slope = np.stack(
        [
            q[0] * mx + xy * my + xz * mz + q[6],
            xy * mx + q[3] * my + yz * mz + q[7],
            xz * mx + yz * my + q[5] * mz + q[8],
        ]
    )
    step = _solve(xx, xy, xz, yy, yz, zz, -slope)
    step[:, dot(step.T, step.T) > square] = 0.0
    at_middle = mx * (slope[0] + q[6]) + my * (slope[1] + q[7]) + mz * (slope[2] + q[8]) + q[9]
    error: Points = np.maximum(at_middle + (step * slope).sum(axis=0), 0.0)
    return middle + step.T, error + _SHORT * area * square


def _solve(xx: Points, xy: Points, xz: Points, yy: Points, yz: Points, zz: Points, right: Points) -> Points:
    """Solve symmetric 3 x 3 systems by their cofactors: float64 [3, N]; 0 where the matrix is null."""
    c00, c01, c02 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    c11, c12, c22 = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    determinant = xx * c00 + xy * c01 + xz * c02
    regular = determinant > 0
    r0, r1, r2 = right
    first: Points = np.stack(
        [c00 * r0 + c01 * r1 + c02 * r2, c01 * r0 + c11 * r1 + c12 * r2, c02 * r0 + c12 * r1 + c22 * r2]
    )
    return np.where(regular, first / np.where(regular, determinant, 1.0), 0.0)

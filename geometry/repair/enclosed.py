"""Which points a closed surface winds around."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Points
from .polygons import Polygons
from .triangulate import triangulate_polygons

__all__ = ["enclosed"]

# Rays run along Z. An odd turn of the mesh keeps them from hitting the edges of grids and of axis-aligned boxes.
_TURN = np.linalg.qr(np.array([[0.42, -0.77, 0.31], [0.66, 0.57, -0.28], [-0.19, 0.36, 0.91]]))[0]


def enclosed(points: Points, mesh: Polygons) -> Mask:
    """Tell which of a few points lie inside a closed, consistently wound mesh.

    A ray is sent from each point, and its crossings, counted by the side they are met from, do not cancel.

    Parameters
    ----------
    points : float64 [N, 3]
        Each is held against all faces: meant for tens of points, not thousands.
    mesh : Polygons

    Returns
    -------
    bool [N]
    """
    middle = mesh.points.mean(axis=0)
    places = (mesh.points - middle) @ _TURN
    a, b, c = (places[mesh.corners[triangulate_polygons(mesh)[0]][:, k]] for k in range(3))
    low, high = (reduce.reduce([a[:, :2], b[:, :2], c[:, :2]]) for reduce in (np.minimum, np.maximum))
    inside = np.zeros(len(points), np.bool_)
    for index, point in enumerate((points - middle) @ _TURN):
        near = np.flatnonzero(((low <= point[:2]) & (point[:2] <= high)).all(axis=1))
        inside[index] = _winding(a[near] - point, b[near] - point, c[near] - point) != 0
    return inside


def _winding(a: Points, b: Points, c: Points) -> int:
    """How often triangles about the origin wind around it, by their crossings with the upper Z axis."""
    areas = np.stack([p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0] for p, q in ((b, c), (c, a), (a, b))], axis=1)
    up, down = (areas > 0).all(axis=1), (areas < 0).all(axis=1)
    height = areas[:, 0] * a[:, 2] + areas[:, 1] * b[:, 2] + areas[:, 2] * c[:, 2]
    above = height * np.sign(areas.sum(axis=1)) > 0
    return int(np.count_nonzero(up & above)) - int(np.count_nonzero(down & above))

"""Triangles paired into quads."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int
from .arrays import Indices, Points, dot
from .edges import check_mesh, find_edges
from .matching import match_cheapest, rematch

__all__ = ["pair_triangles"]

_WIDEST = np.radians(165.0)
"""No corner of a quad may be wider than this; at 180 degrees it would no longer be convex."""
_BEND = np.radians(50.0)
"""The two triangles of a quad may not be bent more than this against each other."""
_BEND_COST = 1.5
"""How much a bend counts beside a corner's difference from a right angle, both in radians."""


def pair_triangles(vertices: Float, faces: Int, target: int | None = None) -> Int:
    """Join pairs of neighbouring triangles into quads, the flattest and squarest first.

    Then triangles left over are brought together by pairing those between them anew: without a target, nine faces in
    ten are quads on a mesh as `decimate` leaves it, and the faces about 0.52 times the triangles.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    target : int, optional
        The number of faces to land on, by keeping the worst pairs apart. Without it, or where it is below what can be
        reached, as many quads as possible are made.

    Returns
    -------
    int32 [G, 4]
        Quads and triangles, the latter with -1 in the last column, in the order of their first triangles, wound as
        before. The diagonal of a quad from its first corner is the edge its triangles shared.

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or its indices are out of range.
    """
    check_mesh(vertices, faces)
    a, b, quads, cost = _candidates(vertices.astype(np.float64), faces)
    chosen = rematch(a, b, match_cheapest(a, b, cost, len(faces)), len(faces))
    chosen = chosen[np.argsort(cost[chosen], kind="stable")]
    if target is not None:
        chosen = chosen[: max(len(faces) - target, 0)]
    result = np.concatenate([faces, np.full((len(faces), 1), -1, np.int32)], axis=1)
    result[np.minimum(a[chosen], b[chosen])] = quads[chosen]
    return np.delete(result, np.maximum(a[chosen], b[chosen]), axis=0)


def _candidates(points: Points, faces: Int) -> tuple[Indices, Indices, Int, Points]:
    """The pairs of triangles that make an acceptable quad: both triangles, the quad, and what is wrong with it."""
    edges = find_edges(faces)
    pairs = edges.first[edges.count == 2]
    one, other = edges.order[pairs], edges.order[pairs + 1]
    apex_one, apex_other = edges.end[edges.after[one]], edges.end[edges.after[other]]
    fit = (edges.start[one] == edges.end[other]) & (apex_one != apex_other)
    quads = np.stack([edges.start[one], apex_other, edges.end[one], apex_one], axis=1)[fit]
    one, other = one[fit], other[fit]
    corners = points[quads]
    ahead = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    # Where the triangles meet, a corner's angle is the sum of theirs, which tells a reflex corner from a sharp one.
    middle = np.roll(corners, 2, axis=1) - corners
    angle = np.where([True, False, True, False], _angle(ahead, middle) + _angle(middle, back), _angle(ahead, back))
    normal_one = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 0])
    normal_other = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    bend = _angle(normal_one, normal_other)
    cost = np.abs(angle - np.pi / 2).max(axis=1) + _BEND_COST * bend
    good = (angle.max(axis=1) < _WIDEST) & (bend < _BEND)
    return edges.face[one][good], edges.face[other][good], quads[good].astype(np.int32), cost[good]


def _angle(a: Points, b: Points) -> Points:
    """The angles between vectors [..., 3]; a right angle where one is null."""
    cross = np.cross(a, b)
    return np.arctan2(np.sqrt(dot(cross, cross)), dot(a, b))

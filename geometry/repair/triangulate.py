"""Cutting the faces of a polygon mesh into triangles."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points, dot
from .ears import clip_ears
from .polygons import Polygons

__all__ = ["triangulate_polygons"]

_FLAT = 1e-9
"""A fan triangle with less than this share of its face's area is better avoided."""


def triangulate_polygons(mesh: Polygons) -> tuple[Indices, Indices]:
    """Cut faces into triangles without adding vertices.

    A quad is cut along the diagonal from its first corner unless that folds it over; larger faces into a fan from their
    first corner where that stays inside, otherwise by cutting off ears.

    Parameters
    ----------
    mesh : Polygons

    Returns
    -------
    triangles : int64 [T, 3]
        Corners of the mesh (``mesh.corners[triangles]`` are vertices), running as their face does. A face of n corners
        always gives n - 2, face after face; those of flat and self-crossing faces may be flat or overlap.
    owner : int64 [T]
        The face each comes from, ascending.
    """
    sizes = mesh.sizes
    if sizes.max() == 3:
        return np.arange(len(mesh.corners), dtype=np.int64).reshape(-1, 3), np.arange(len(sizes), dtype=np.int64)
    owner = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes - 2)
    first_triangle = mesh.first - 2 * np.arange(len(mesh.first), dtype=np.int64)
    begin = mesh.first[owner]
    nth = np.arange(len(owner), dtype=np.int64) - first_triangle[owner]
    triangles = np.stack([begin, begin + nth + 1, begin + nth + 2], axis=1)
    quads = np.flatnonzero(sizes == 4)
    folded = quads[_other_diagonal(mesh, quads)]
    begin, at = mesh.first[folded], first_triangle[folded]
    triangles[at, 2] = begin + 3
    triangles[at + 1, 0] = begin + 1
    many = owner[(nth == 0) & (sizes[owner] > 4)]
    if len(many):
        _cut_large(mesh, triangles, owner, first_triangle, many)
    return triangles, owner


def _other_diagonal(mesh: Polygons, quads: Indices) -> Mask:
    """Tell which quads fold over, or turn flat in part, along their first diagonal but less so along the second."""
    a, b, c, d = (mesh.points[mesh.corners[mesh.first[quads] + i]] for i in range(4))
    ab, ac, ad, bc, bd = b - a, c - a, d - a, c - b, d - b
    agree: Points = dot(np.cross(ab, ac), np.cross(ac, ad))
    other: Points = dot(np.cross(ab, ad), np.cross(bc, bd))
    return (agree <= 0) & (other > agree)


def _cut_large(mesh: Polygons, triangles: Indices, owner: Indices, first_triangle: Indices, many: Indices) -> None:
    """Replace the fans of faces with over four corners, in place, where they leave their face."""
    large = np.flatnonzero(mesh.sizes[owner] > 4)
    points = mesh.points[mesh.corners[triangles[large]]]
    vectors = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    begin = np.flatnonzero(np.diff(owner[large], prepend=-1))
    normal = np.add.reduceat(vectors, begin, axis=0)
    along = dot(vectors, np.repeat(normal, mesh.sizes[many] - 2, axis=0))
    inside = np.minimum.reduceat(along, begin) > _FLAT * dot(normal, normal)
    hard, normal = many[~inside], normal[~inside]
    for size in np.unique(mesh.sizes[hard]).tolist():
        group = mesh.sizes[hard] == size
        faces = hard[group]
        corner = mesh.first[faces, None] + np.arange(size, dtype=np.int64)
        cut = clip_ears(_flattened(mesh.points[mesh.corners[corner]], normal[group]))
        row = first_triangle[faces, None] + np.arange(size - 2, dtype=np.int64)
        triangles[row] = mesh.first[faces, None, None] + cut


def _flattened(points: Points, normal: Points) -> Points:
    """Polygons [P, n, 3] seen along their normals' largest axis, counter-clockwise: [P, n, 2]."""
    axis = np.abs(normal).argmax(axis=1)
    sign = np.where(np.take_along_axis(normal, axis[:, None], 1) < 0, -1.0, 1.0)
    right = np.take_along_axis(points, ((axis + 1) % 3)[:, None, None], 2)[:, :, 0]
    up = np.take_along_axis(points, ((axis + 2) % 3)[:, None, None], 2)[:, :, 0]
    flat = np.stack([right * sign, up], axis=2)
    return flat - flat[:, :1]

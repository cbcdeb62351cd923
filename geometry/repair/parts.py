"""Removal of parts: loose scraps, and shells inside others."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points
from ..shells import inner_shells
from .polygons import Polygons, face_of_corner, keep_faces, polygon_edges
from .prepare import diagonal
from .sides import face_parts, mates
from .triangulate import triangulate_polygons
from .winding import face_vectors

__all__ = ["closed_parts", "part_sizes", "part_volumes", "remove_inner_shells", "remove_loose_parts"]


def remove_loose_parts(
    mesh: Polygons, *, keep_largest: int = 0, smallest_size: float = 0.0, fewest_faces: int = 0
) -> Polygons:
    """Remove the parts that are too small; the largest always stays.

    Parameters
    ----------
    mesh : Polygons
    keep_largest : int
        Keep only this many parts, those with the largest areas; 0 for any number.
    smallest_size : float
        Remove parts whose box has a shorter diagonal than this share of the whole's.
    fewest_faces : int
        Remove parts with fewer faces.
    """
    part = face_parts(mesh)
    n_parts = int(part.max()) + 1
    area = np.bincount(part, np.linalg.norm(face_vectors(mesh), axis=1), n_parts)
    keep = part_sizes(mesh, part) >= smallest_size * diagonal(mesh)
    keep &= np.bincount(part, minlength=n_parts) >= fewest_faces
    order = np.argsort(-area, kind="stable")
    if keep_largest > 0:
        keep[order[keep_largest:]] = False
    keep[order[0]] = True
    return mesh if keep.all() else keep_faces(mesh, keep[part])


def remove_inner_shells(mesh: Polygons, *, keep_cavities: bool = True) -> Polygons:
    """Remove closed parts that lie inside another closed part.

    Parameters
    ----------
    mesh : Polygons
        Wound consistently.
    keep_cavities : bool
        Keep shells that look inwards: they bound a hollow, and belong to the shape. What looks outwards inside
        another part only doubles its inside.
    """
    part = face_parts(mesh)
    closed = closed_parts(mesh, part)
    triangles, owner = triangulate_polygons(mesh)
    inner = inner_shells(mesh.points, mesh.corners[triangles], part[owner], closed)
    if keep_cavities:
        inner &= part_volumes(mesh, part) > 0
    return mesh if not inner.any() else keep_faces(mesh, ~inner[part])


def closed_parts(mesh: Polygons, part: Indices) -> Mask:
    """Whether every edge of each part (``part`` int64 [F] gives the faces') has two faces, bool [P]."""
    edges = polygon_edges(mesh)
    closed = np.ones(int(part.max()) + 1, np.bool_)
    closed[part[edges.face[mates(edges) < 0]]] = False
    return closed


def part_volumes(mesh: Polygons, part: Indices) -> Points:
    """The signed volumes of the parts, float64 [P]; they mean one for closed parts that are wound consistently."""
    middle = 0.5 * (mesh.points.max(axis=0) + mesh.points.min(axis=0))
    begin = mesh.points[mesh.corners[mesh.first[:-1]]] - middle
    return np.bincount(part, (begin * face_vectors(mesh)).sum(axis=1), int(part.max()) + 1) / 3.0


def part_sizes(mesh: Polygons, part: Indices) -> Points:
    """The diagonals of the boxes around the parts, float64 [P]."""
    n_parts = int(part.max()) + 1
    low, high = np.full((n_parts, 3), np.inf), np.full((n_parts, 3), -np.inf)
    owner = part[face_of_corner(mesh)]
    points = mesh.points[mesh.corners]
    np.minimum.at(low, owner, points)
    np.maximum.at(high, owner, points)
    return np.linalg.norm(high - low, axis=1)

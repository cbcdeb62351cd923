"""Removal of parts: loose scraps, and shells inside others."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points
from ..shells import inner_shells
from .polygons import Polygons, keep_faces
from .prepare import diagonal
from .triangulate import triangulate_polygons

__all__ = [
    "closed_parts",
    "part_sizes",
    "part_volumes",
    "remove_flakes",
    "remove_inner_shells",
    "remove_loose_parts",
    "remove_scraps",
]

_SPECK_SIZE = 0.005
_SPECKS_AREA = 0.01
_FLAKES_AREA = 0.02


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
    part = mesh.parts
    n_parts = int(part.max()) + 1
    area = np.bincount(part, mesh.areas, n_parts)
    keep = part_sizes(mesh, part) >= smallest_size * diagonal(mesh)
    keep &= np.bincount(part, minlength=n_parts) >= fewest_faces
    order = np.argsort(-area, kind="stable")
    if keep_largest > 0:
        keep[order[keep_largest:]] = False
    keep[order[0]] = True
    return mesh if keep.all() else keep_faces(mesh, keep[part])


def remove_scraps(mesh: Polygons) -> Polygons:
    """Remove specks: parts under half a percent of the whole's size, if all of them are next to nothing of its area."""
    part = mesh.parts
    speck = part_sizes(mesh, part) < _SPECK_SIZE * diagonal(mesh)
    area = mesh.areas
    if not speck.any() or area[speck[part]].sum() > _SPECKS_AREA * area.sum():
        return mesh
    return keep_faces(mesh, ~speck[part])


def remove_flakes(mesh: Polygons) -> Polygons:
    """Remove open parts beside closed ones, if all of them together are next to nothing of the area."""
    closed = closed_parts(mesh, mesh.parts)
    area = np.bincount(mesh.parts, mesh.areas)
    if closed.all() or area[~closed].sum() > _FLAKES_AREA * area.sum():
        return mesh
    return keep_faces(mesh, closed[mesh.parts])


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
    part = mesh.parts
    closed = closed_parts(mesh, part)
    triangles, owner = triangulate_polygons(mesh)
    inner = inner_shells(mesh.points, mesh.corners[triangles], part[owner], closed)
    if keep_cavities:
        inner &= part_volumes(mesh, part) > 0
    return mesh if not inner.any() else keep_faces(mesh, ~inner[part])


def closed_parts(mesh: Polygons, part: Indices) -> Mask:
    """Whether every edge of each part (``part`` int64 [F] gives the faces') has two faces, bool [P]."""
    closed = np.ones(int(part.max()) + 1, np.bool_)
    closed[part[mesh.owner[mesh.mates < 0]]] = False
    return closed


def part_volumes(mesh: Polygons, part: Indices) -> Points:
    """The signed volumes of the parts, float64 [P]; they mean one for closed parts that are wound consistently."""
    middle = 0.5 * (mesh.points.max(axis=0) + mesh.points.min(axis=0))
    begin = mesh.points[mesh.corners[mesh.first[:-1]]] - middle
    return np.bincount(part, (begin * mesh.vectors).sum(axis=1), int(part.max()) + 1) / 3.0


def part_sizes(mesh: Polygons, part: Indices) -> Points:
    """The diagonals of the boxes around the parts, float64 [P]."""
    n_parts = int(part.max()) + 1
    low, high = np.full((n_parts, 3), np.inf), np.full((n_parts, 3), -np.inf)
    owner = part[mesh.owner]
    points = mesh.points[mesh.corners]
    for axis in range(3):  # one axis at a time is the fast way
        np.minimum.at(low[:, axis], owner, points[:, axis])
        np.maximum.at(high[:, axis], owner, points[:, axis])
    return np.linalg.norm(high - low, axis=1)

"""Making every edge the meeting of at most two faces and every vertex the middle of one fan, without losing surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points, dot
from ..edges import Edges
from ..triangles import sum_at, unit
from .polygons import NONE, Polygons, fans_of, keep_faces, parts_of
from .prepare import diagonal

__all__ = ["remove_non_manifold"]

_FIN = 0.1
"""Open pieces that hang on crowded edges are fins up to this share of the whole area."""
_REACH = 0.1
"""Vertices that are split move apart by at most this share of the sides around them."""


def remove_non_manifold(mesh: Polygons, *, gap: float = 1e-5) -> Polygons:
    """Cut the mesh apart where more than two faces meet at an edge or several fans at a vertex, and drop fins.

    At an edge with more than two faces, those that enclose something between them stay joined (cutting and stitching
    after A. Gueziec et al., "Cutting and stitching: converting sets of polygons to manifold surfaces", 2001, with the
    pairs chosen by their order around the edge). Open pieces that hang on such an edge while all others there are
    paired are fins. What was cut apart moves inwards by a hair, so that it does not grow together when merged again.

    Parameters
    ----------
    mesh : Polygons
        Best wound consistently: what encloses something is told by the winding.
    gap : float
        How far the copies of a split vertex move, as a share of the box's diagonal; 0 leaves them in one place.
    """
    edges = mesh.edges
    mate = mesh.mates.copy()
    crowded = edges.count > 2
    if crowded.any():
        _pair_crowded(mesh, mate, np.flatnonzero(crowded))
        kept = ~_fins(mesh, mate, crowded)
        if not kept.all():
            mate = _kept_mates(edges, mate, kept)
            mesh = keep_faces(mesh, kept)
            edges = mesh.edges
    return _split(mesh, edges, mate, gap)


def _pair_crowded(mesh: Polygons, mate: Indices, crowded: Indices) -> None:
    """Pair the sides of crowded edges into ``mate``, those first that have the inside between them.

    Small open pieces are left out as long as the others can be paired without them: they are likely fins.
    """
    edges = mesh.edges
    sides = np.concatenate([edges.order[edges.first[e] : edges.first[e] + edges.count[e]] for e in crowded])
    angle = _angles(mesh, edges, sides)
    aside = _small_open_pieces(mesh, mesh.parts, edges.order[edges.first[edges.count == 1]])[edges.face[sides]]
    begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(edges.count[crowded])])
    for i in range(len(crowded)):
        group = begin[i] + np.argsort(angle[begin[i] : begin[i + 1]], kind="stable")
        ring = sides[group]
        main = ring[~aside[group]]
        if len(main) and len(main) % 2 == 0:
            ring = main
        for one, other in _pairs(ring.tolist(), edges.forward):
            mate[one], mate[other] = other, one


def _small_open_pieces(mesh: Polygons, part: Indices, free: Indices) -> Mask:
    """The faces of parts (int64 [F]) that have one of the ``free`` sides and little area, bool [F]."""
    n_parts = int(part.max()) + 1
    hangs = np.zeros(n_parts, np.bool_)
    hangs[part[mesh.owner[free]]] = True
    area = np.bincount(part, mesh.areas, n_parts)
    small = area <= _FIN * area.sum()
    small[np.argmax(area)] = False
    return (hangs & small)[part]


def _pairs(ring: list[int], forward: Mask) -> list[tuple[int, int]]:
    """Join neighbours around an edge: a side that runs back and the next one, if that runs forward, have the inside
    between them. Of what is left over, one that runs back and one that runs forward may join as well."""
    pairs: list[tuple[int, int]] = []
    found = True
    while found and len(ring) > 1:
        found = False
        for i in range(len(ring)):
            one, other = ring[i], ring[(i + 1) % len(ring)]
            if not forward[one] and forward[other]:
                pairs.append((one, other))
                ring = [side for side in ring if side not in (one, other)]
                found = True
                break
    # All that is left runs the same way: with wrong windings, neighbours are still the best guess.
    if len(ring) % 2 == 0:
        pairs.extend(zip(ring[::2], ring[1::2], strict=True))
    return pairs


def _angles(mesh: Polygons, edges: Edges, sides: Indices) -> Points:
    """The direction of each side's face around its edge, in radians from an arbitrary direction per edge."""
    low = np.minimum(edges.start[sides], edges.end[sides])
    high = np.maximum(edges.start[sides], edges.end[sides])
    axis: Points = mesh.points[high] - mesh.points[low]
    axis = unit(axis)
    normal: Points = unit(mesh.vectors[edges.face[sides]])
    run: Points = np.where(edges.forward[sides], 1.0, -1.0)[:, None] * axis
    into: Points = np.cross(normal, run)  # from the edge into the face
    # An arbitrary direction that is the same for all sides of an edge, since the axis is.
    other: Points = np.zeros(axis.shape)
    other[np.arange(len(axis)), np.argmin(np.abs(axis), axis=1)] = 1.0
    across: Points = np.cross(axis, other)
    across = unit(across)
    up: Points = np.cross(axis, across)
    return np.arctan2(dot(into, up), dot(into, across))


def _fins(mesh: Polygons, mate: Indices, crowded: Mask) -> Mask:
    """The faces of open pieces that hang on a crowded edge and are small, bool [F]."""
    at_crowded = np.zeros(len(mate), np.bool_)
    at_crowded[mesh.edges.order] = np.repeat(crowded, mesh.edges.count)
    return _small_open_pieces(mesh, parts_of(mesh, mate), np.flatnonzero(at_crowded & (mate < 0)))


def _kept_mates(edges: Edges, mate: Indices, kept: Mask) -> Indices:
    """The mates of the sides that stay, renumbered; a side whose mate goes has none."""
    stay = kept[edges.face]
    number = np.cumsum(stay, dtype=np.int64) - 1
    theirs = mate[stay]
    return np.where((theirs >= 0) & stay[theirs], number[theirs], NONE)


def _split(mesh: Polygons, edges: Edges, mate: Indices, gap: float) -> Polygons:
    """Give each fan a vertex of its own, and move the copies of one vertex apart."""
    fan = fans_of(mesh, mate)
    n_fans = int(fan.max()) + 1
    vertex = np.zeros(n_fans, np.int64)
    vertex[fan] = mesh.corners
    several = np.bincount(vertex, minlength=len(mesh.points))[vertex] > 1
    if not several.any():
        return mesh
    # Vertices keep their order; the copies of one stand together.
    order = np.argsort(vertex, kind="stable")
    number = np.empty(n_fans, np.int64)
    number[order] = np.arange(n_fans, dtype=np.int64)
    points = mesh.points[vertex]
    moved = np.flatnonzero(several)
    points[moved] += _inwards(mesh, edges, fan, n_fans, gap * diagonal(mesh))[moved]
    return replace(mesh, points=points[order], corners=number[fan], point_from=mesh.point_from[vertex[order]])


def _inwards(mesh: Polygons, edges: Edges, fan: Indices, n_fans: int, length: float) -> Points:
    """Steps against the mean normal of each fan, no longer than a part of its shortest side; float64 [N, 3]."""
    normal = unit(mesh.vectors[edges.face])
    mean = np.stack([sum_at(fan, normal[:, i], n_fans) for i in range(3)], axis=1)
    mean = unit(mean)
    sides = np.linalg.norm(mesh.points[edges.end] - mesh.points[edges.start], axis=1)
    shortest = np.full(n_fans, np.inf)
    np.minimum.at(shortest, fan, sides)
    np.minimum.at(shortest, fan[edges.after], sides)
    return -mean * np.minimum(length, _REACH * shortest)[:, None]

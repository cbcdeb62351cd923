"""Merging of vertices that lie at the same place, or nearly so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts import Mask
from ...errors import MeshError
from ..arrays import Indices, Points, expand
from .polygons import Polygons, compact, starts

__all__ = ["merge_onto", "merge_vertices", "same_places"]

_MOST_PAIRS = 40_000_000
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


def merge_vertices(mesh: Polygons, *, distance: float = 0.0, rims_only: bool = False) -> Polygons:
    """Merge vertices within a distance of each other; faces that lose their area by it go.

    Vertices are taken in their order: each merges onto the first one before it that stays and lies within the
    distance. So no chain of near vertices runs together, and nothing moves further than the distance.

    Parameters
    ----------
    mesh : Polygons
        With finite coordinates.
    distance : float
        In the mesh's unit; 0 merges equal positions only.
    rims_only : bool
        Merge only vertices at edges with one face.

    Raises
    ------
    MeshError
        If the distance is so large that too many vertices lie within it.
    """
    some = _at_rims(mesh) if rims_only else np.arange(len(mesh.points), dtype=np.int64)
    if not len(some):
        return mesh
    local = same_places(mesh.points[some])
    if distance > 0:
        kept = np.flatnonzero(local == np.arange(len(local), dtype=np.int64))
        local = kept[_nearby(mesh.points[some[kept]], distance)][np.searchsorted(kept, local)]
    target = np.arange(len(mesh.points), dtype=np.int64)
    target[some] = some[local]
    return merge_onto(mesh, target)


def _at_rims(mesh: Polygons) -> Indices:
    """The vertices at edges with one face, ascending."""
    edges = mesh.edges
    free = edges.order[edges.first[edges.count == 1]]
    return np.unique(np.concatenate([edges.start[free], edges.end[free]]))


def same_places(points: Points) -> Indices:
    """For each point (float64 [V, 3]) the first one at exactly the same place, int64 [V]."""
    rows = np.ascontiguousarray(points + 0.0)  # minus zero and zero are the same place
    bits = rows.view(np.uint64)
    hashed = bits[:, 0] * _MIX[0]
    for axis in (1, 2):
        hashed = ((hashed << np.uint64(23)) | (hashed >> np.uint64(41))) ^ (bits[:, axis] * _MIX[axis])
    order = np.argsort(hashed)
    # Places rarely share a hash, and then stay apart here: only equal coordinates ever merge.
    new = np.ones(len(order), np.bool_)
    new[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    first = np.flatnonzero(new)
    lowest = np.minimum.reduceat(order, first)
    target = np.empty(len(order), np.int64)
    target[order] = lowest[np.cumsum(new, dtype=np.int64) - 1]
    return target


def merge_onto(mesh: Polygons, target: Indices) -> Polygons:
    """Replace every vertex by ``target`` (int64 [V], each a vertex that stays); repeated corners and what is left
    with fewer than three go."""
    if (target == np.arange(len(target), dtype=np.int64)).all():
        return mesh
    corners = target[mesh.corners]
    before = np.arange(-1, len(corners) - 1, dtype=np.int64)
    before[mesh.first[:-1]] = mesh.first[1:] - 1
    keep = corners != corners[before]
    face = mesh.owner
    sizes = np.bincount(face[keep], minlength=mesh.n_faces)
    keep &= (sizes >= 3)[face]
    merged = _select(replace(mesh, corners=corners), keep)
    return compact(_without_pinches(merged))


def _select(mesh: Polygons, keep: Mask) -> Polygons:
    """Keep some corners, and the faces that have any."""
    sizes = np.bincount(mesh.owner[keep], minlength=mesh.n_faces)
    left = sizes > 0
    return replace(
        mesh,
        corners=mesh.corners[keep],
        first=starts(sizes[left]),
        corner_from=mesh.corner_from[keep],
        face_from=mesh.face_from[left],
    )


def _without_pinches(mesh: Polygons) -> Polygons:
    """Split faces that come through a vertex twice there; a triangle cannot, a quad vanishes."""
    face = mesh.owner
    more = np.flatnonzero((mesh.sizes > 3)[face])
    order = more[np.lexsort((mesh.corners[more], face[more]))]
    twice = (np.diff(face[order]) == 0) & (np.diff(mesh.corners[order]) == 0)
    if not twice.any():
        return mesh
    pinched = np.zeros(mesh.n_faces, np.bool_)
    pinched[face[order[1:][twice]]] = True
    whole = _select(mesh, ~pinched[face])
    loops: list[list[int]] = []
    owners: list[int] = []
    for index in np.flatnonzero(pinched).tolist():
        found = _loops(mesh, range(int(mesh.first[index]), int(mesh.first[index + 1])))
        loops.extend(found)
        owners.extend([index] * len(found))
    corners = np.array([corner for loop in loops for corner in loop], np.int64)
    sizes = np.concatenate([whole.sizes, np.array([len(loop) for loop in loops], np.int64)])
    return replace(
        mesh,
        corners=np.concatenate([whole.corners, mesh.corners[corners]]),
        first=starts(sizes),
        corner_from=np.concatenate([whole.corner_from, mesh.corner_from[corners]]),
        face_from=np.concatenate([whole.face_from, mesh.face_from[np.array(owners, np.int64)]]),
    )


def _loops(mesh: Polygons, corners: range) -> list[list[int]]:
    """Cut a face's corners into loops that come through each vertex once; loops of two are nothing."""
    loops: list[list[int]] = []
    path: list[int] = []
    at: dict[int, int] = {}
    for corner in corners:
        vertex = int(mesh.corners[corner])
        if vertex in at:
            start = at[vertex]
            loops.append(path[start:])
            for gone in path[start:]:
                del at[int(mesh.corners[gone])]
            del path[start:]
        at[vertex] = len(path)
        path.append(corner)
    return [loop for loop in [*loops, path] if len(loop) >= 3]


def _nearby(points: Points, distance: float) -> Indices:
    """For each of different points the one it merges onto, itself if it stays."""
    low, high = _close_pairs(points, distance)
    target = np.arange(len(points), dtype=np.int64)
    waiting = np.zeros(len(points), np.bool_)
    waiting[high] = True
    while len(low):
        blocked = np.zeros(len(points), np.bool_)
        blocked[high] = True
        staying = ~blocked[low]  # nothing before it can take it in any more
        nearest = np.full(len(points), len(points), np.int64)
        np.minimum.at(nearest, high[staying], low[staying])
        taken = nearest < len(points)
        target[taken] = nearest[taken]
        left = ~(taken[low] | taken[high])
        low, high = low[left], high[left]
    return target


def _close_pairs(points: Points, distance: float) -> tuple[Indices, Indices]:
    """All pairs (lower, higher index) of points within the distance.

    Each point lies in every cell that the box half a distance around it touches: near points share at least one.
    """
    cell = 2.0 * distance
    base = points.min(axis=0) - distance
    first = np.floor((points - base - distance / 2) / cell)
    last = np.floor((points - base + distance / 2) / cell)
    if last.max() >= 2**21:
        # The cells of the finest grid that fits: larger ones only cost time.
        cell = float((points - base).max() + distance) / 2**20
        first = np.floor((points - base - distance / 2) / cell)
        last = np.floor((points - base + distance / 2) / cell)
    span = (last - first).astype(np.int64) + 1
    owner, nth = expand(span.prod(axis=1))
    rest, z = np.divmod(nth, span[owner, 2])
    x, y = np.divmod(rest, span[owner, 1])
    place = first[owner].astype(np.int64) + np.stack([x, y, z], axis=1)
    key = (place[:, 0] << 42) | (place[:, 1] << 21) | place[:, 2]
    order = np.lexsort((owner, key))
    key, owner = key[order], owner[order]
    start = np.flatnonzero(np.concatenate([np.ones(1, np.bool_), key[1:] != key[:-1]]))
    size = np.diff(np.append(start, len(key)))
    later = np.repeat(start + size, size) - np.arange(len(key), dtype=np.int64) - 1
    if int(later.sum()) > _MOST_PAIRS:
        raise MeshError("The merge distance spans too many vertices; choose a smaller one, or decimate the mesh first.")
    one, nth = expand(later)
    low, high = owner[one], owner[one + 1 + nth]
    near = ((points[low] - points[high]) ** 2).sum(axis=1) <= distance * distance
    pairs = np.unique(low[near] * len(points) + high[near])
    return np.divmod(pairs, len(points))

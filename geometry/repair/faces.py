"""Removal of faces that are there twice, and of faces without area."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts import Mask
from ..arrays import Indices
from ..edges import Edges
from .merge import merge_onto
from .polygons import Polygons, keep_faces, starts

__all__ = ["degenerate_faces", "duplicate_faces", "remove_degenerate", "remove_duplicates"]

_FLAT = 1e-6
_ROUNDS = 20


def remove_duplicates(mesh: Polygons, *, both_of_opposite: bool = False) -> Polygons:
    """Of faces with the same corners keep the first.

    Parameters
    ----------
    mesh : Polygons
    both_of_opposite : bool
        Remove faces that lie back to back both, as where two closed parts were joined along a wall.
    """
    again, first = duplicate_faces(mesh)
    if not again.any():
        return mesh
    keep = ~again
    if both_of_opposite:
        pair = np.flatnonzero(again)
        back_to_back = (mesh.vectors[pair] * mesh.vectors[first[pair]]).sum(axis=1) < 0
        keep[first[pair[back_to_back]]] = False
    return keep_faces(mesh, keep)


def duplicate_faces(mesh: Polygons) -> tuple[Mask, Indices]:
    """Which faces have the same corners, in any order, as one before them (bool [F]), and the first such one."""
    again = np.zeros(mesh.n_faces, np.bool_)
    first = np.arange(mesh.n_faces, dtype=np.int64)
    some = _maybe_duplicate(mesh)
    if not len(some):
        return again, first
    # Faces with the same corners have the same sum of random numbers, one per vertex: few are left to compare in full.
    numbers = np.frombuffer(np.random.default_rng(0).bytes(8 * len(mesh.points)), np.uint64)
    total = np.add.reduceat(numbers[mesh.corners], mesh.first[:-1])[some]
    order = np.argsort(total, kind="stable")
    same = np.concatenate([np.zeros(1, np.bool_), total[order[1:]] == total[order[:-1]]])
    met: dict[tuple[int, ...], int] = {}
    for face in np.sort(some[order[same | np.append(same[1:], False)]]).tolist():
        corners = tuple(sorted(mesh.corners[mesh.first[face] : mesh.first[face + 1]].tolist()))
        first[face] = met.setdefault(corners, face)
        again[face] = first[face] != face
    return again, first


def _maybe_duplicate(mesh: Polygons) -> Indices:
    """All faces but triangles whose first two sides meet different faces: no other has the same corners as those."""
    one, other = mesh.mates[mesh.first[:-1]], mesh.mates[mesh.first[:-1] + 1]
    apart = (one >= 0) & (other >= 0) & (mesh.owner[one] != mesh.owner[other])
    return np.flatnonzero(~apart | (mesh.sizes > 3))


def remove_degenerate(mesh: Polygons, *, flat: float = _FLAT) -> Polygons:
    """Remove faces next to without area, and join up what was around them.

    The short side of a needle is merged into one vertex. A triangle whose one corner lies on the side across gives
    that corner to its neighbour there, so that the side runs through it.

    Parameters
    ----------
    mesh : Polygons
    flat : float
        A face has no area when its height is less than this share of its longest side.
    """
    for _ in range(_ROUNDS):
        bad = degenerate_faces(mesh, flat)
        if not bad.any():
            break
        before = mesh
        mesh = _merge_needles(mesh, bad, flat)
        if mesh is before:
            mesh = _give_corners(mesh, bad)
        if mesh is before:
            return keep_faces(mesh, ~bad) if not bad.all() else mesh
    return mesh


def degenerate_faces(mesh: Polygons, flat: float = _FLAT) -> Mask:
    """Faces whose area is less than the share of the square of their longest side, bool [F]."""
    length = mesh.lengths
    longest = np.maximum.reduceat(length, mesh.first[:-1])
    return 2.0 * mesh.areas <= flat * longest**2


def _merge_needles(mesh: Polygons, bad: Mask, flat: float) -> Polygons:
    """Merge the ends of sides of bad faces that are tiny beside the face; nothing where there are none."""
    edges = mesh.edges
    length = mesh.lengths
    longest = np.maximum.reduceat(length, mesh.first[:-1])
    side = np.flatnonzero(bad[edges.face] & (length <= flat * longest[edges.face]))
    if not len(side):
        return mesh
    low, high = np.minimum(edges.start, edges.end)[side], np.maximum(edges.start, edges.end)[side]
    target = np.arange(len(mesh.points), dtype=np.int64)
    np.minimum.at(target, high, low)
    # One step only where the lower vertex stays itself; chains are for the next round.
    target = np.where(target[target] == target, target, np.arange(len(target), dtype=np.int64))
    return merge_onto(mesh, target)


def _give_corners(mesh: Polygons, bad: Mask) -> Polygons:
    """Let the neighbour across the longest side of a bad triangle run through the triangle's third corner.

    Each face takes part once; a neighbour that is a triangle becomes two.
    """
    edges = mesh.edges
    mate = mesh.mates
    triangle = np.flatnonzero(bad & (mesh.sizes == 3))
    if not len(triangle):
        return mesh
    length = mesh.lengths[mesh.first[triangle][:, None] + np.arange(3, dtype=np.int64)]
    long_side = mesh.first[triangle] + np.argmax(length, axis=1)
    across = mate[long_side]
    taken = np.zeros(mesh.n_faces, np.bool_)
    chosen: list[int] = []
    for i in np.argsort(-length.max(axis=1), kind="stable").tolist():
        if across[i] < 0:
            continue
        other = edges.face[across[i]]
        tip = mesh.corners[edges.after[edges.after[long_side[i]]]]
        begin, end = mesh.first[other], mesh.first[other + 1]
        if taken[triangle[i]] or taken[other] or tip in mesh.corners[begin:end]:
            continue
        taken[triangle[i]] = taken[other] = True
        chosen.append(i)
    if not chosen:
        return mesh
    return _rebuilt(mesh, edges, triangle[chosen], long_side[chosen], across[chosen])


def _rebuilt(mesh: Polygons, edges: Edges, gone: Indices, long_side: Indices, across: Indices) -> Polygons:
    """Drop triangles and put their tips into the sides ``across``."""
    tip = edges.after[edges.after[long_side]]
    face = mesh.owner
    keep = np.ones(len(mesh.corners), np.bool_)
    keep[np.isin(face, gone)] = False
    place = np.cumsum(keep, dtype=np.int64)
    at = place[across]  # behind the corner the side starts at
    corners = np.insert(mesh.corners[keep], at, mesh.corners[tip])
    corner_from = np.insert(mesh.corner_from[keep], at, mesh.corner_from[tip])
    sizes = mesh.sizes.copy()
    sizes[edges.face[across]] += 1
    stays = np.ones(mesh.n_faces, np.bool_)
    stays[gone] = False
    grown = np.zeros(mesh.n_faces, np.bool_)
    grown[edges.face[across]] = True
    start = np.zeros(mesh.n_faces, np.int64)
    result = replace(
        mesh,
        corners=corners,
        first=starts(sizes[stays]),
        corner_from=corner_from,
        face_from=mesh.face_from[stays],
    )
    start[edges.face[across]] = mesh.corners[tip]
    return _split_grown(result, grown[stays] & (mesh.sizes[stays] == 3), start[stays])


def _split_grown(mesh: Polygons, grown: Mask, tip: Indices) -> Polygons:
    """Cut quads that were triangles in two, from the corner at ``tip`` (int64 [F]) to the one across."""
    faces = np.flatnonzero(grown)
    rows = mesh.first[faces][:, None] + np.arange(4, dtype=np.int64)
    at = np.argmax(mesh.corners[rows] == tip[faces][:, None], axis=1)
    rows = np.take_along_axis(rows, (at[:, None] + np.arange(4)) % 4, axis=1)
    halves = np.concatenate([rows[:, [0, 1, 2]], rows[:, [0, 2, 3]]]).ravel()
    whole = np.repeat(~grown, mesh.sizes)
    return replace(
        mesh,
        corners=np.concatenate([mesh.corners[whole], mesh.corners[halves]]),
        first=starts(np.concatenate([mesh.sizes[~grown], np.full(2 * len(faces), 3, np.int64)])),
        corner_from=np.concatenate([mesh.corner_from[whole], mesh.corner_from[halves]]),
        face_from=np.concatenate([mesh.face_from[~grown], np.tile(mesh.face_from[faces], 2)]),
    )

"""Pairs of triangles joined to quads."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int
from .arrays import Indices, Points, dot
from .edges import check_mesh, find_edges
from .triangles import area_vectors, unit

__all__ = ["pair_triangles"]

# A pair folded by more than this (cosine between its triangles) is no quad, nor one with a corner this near to flat.
_LEAST_FLATNESS = 0.3
_LEAST_SINE = 0.08
_ROUNDS = 6


def pair_triangles(vertices: Float, faces: Int, target: int) -> Int:
    """Join neighbouring triangles to quads, the squarest and flattest first, until ``target`` faces are left.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    target : int
        The number of faces aimed at; each quad takes one away. It is missed where too few sound pairs exist.

    Returns
    -------
    int32 [G, 4]
        The quads, then the triangles left over with -1 in their last column. The surface stays what it was.

    Raises
    ------
    MeshError
        If the arrays are no mesh.
    """
    check_mesh(vertices, faces)
    pairs, quads, score = _sound_pairs(vertices, faces)
    order = np.argsort(score, kind="stable")
    pairs, quads, score = pairs[order], quads[order], score[order]
    made = _match(pairs, len(faces))
    chosen = np.sort(made)[: max(len(faces) - target, 0)]
    left = np.ones(len(faces), np.bool_)
    left[pairs[chosen]] = False
    rest = np.concatenate([faces[left], np.full((left.sum(), 1), -1)], 1)
    return np.concatenate([quads[chosen], rest]).astype(np.int32)


def _sound_pairs(vertices: Float, faces: Int) -> tuple[Indices, Indices, Points]:
    """Neighbours that make a sound quad: triangles [P, 2], corners [P, 4], and a score [P], lower being better."""
    edges = find_edges(faces)
    shared = edges.count == 2
    one, other = edges.order[edges.first[shared]], edges.order[edges.first[shared] + 1]
    opposed = edges.forward[one] != edges.forward[other]
    one, other = one[opposed], other[opposed]
    apex, far = (edges.start[edges.after[edges.after[side]]] for side in (one, other))
    quads = np.stack([apex, edges.start[one], far, edges.end[one]], 1)
    pairs = np.stack([edges.face[one], edges.face[other]], 1)
    normals = unit(area_vectors(vertices, faces))[pairs]
    flatness = dot(normals[:, 0], normals[:, 1])
    middle = unit(normals.sum(1))
    corner = vertices[quads].astype(np.float64)
    ahead, behind = unit(np.roll(corner, -1, 1) - corner), unit(np.roll(corner, 1, 1) - corner)
    sine = dot(np.cross(ahead, behind), middle[:, None])
    sound = (flatness > _LEAST_FLATNESS) & (sine.min(1) > _LEAST_SINE) & (apex != far)
    score = np.abs(dot(ahead, behind)).max(1) + 2 * (1 - flatness)
    return pairs[sound], quads[sound], score[sound]


def _match(pairs: Indices, n_faces: int) -> Indices:
    """Pick pairs that share no triangle: greedily in order, then by exchange where that leaves fewer over.

    Two triangles left over on both sides of a pair take one of its triangles each, so two quads stand where one was:
    the augmenting path of length three of matching theory (Berge 1957).
    """
    mate = [-1] * n_faces  # the pair each triangle is in
    ends = pairs.tolist()
    for k, (a, b) in enumerate(ends):
        if mate[a] < 0 and mate[b] < 0:
            mate[a] = mate[b] = k
    around: list[list[int]] = [[] for _ in range(n_faces)]
    for k, (a, b) in enumerate(ends):
        around[a].append(k)
        around[b].append(k)
    for _ in range(_ROUNDS):
        left = [t for t in range(n_faces) if mate[t] < 0]
        if not sum(_exchange(t, mate, ends, around) for t in left if mate[t] < 0):
            break
    return np.array([k for k, (a, _) in enumerate(ends) if mate[a] == k], np.int64)


def _exchange(free: int, mate: list[int], ends: list[list[int]], around: list[list[int]]) -> bool:
    """Find a partner for the triangle ``free`` by breaking up one pair, if its other half finds one too."""
    for first in around[free]:
        taken = ends[first][0] + ends[first][1] - free
        if mate[taken] < 0:
            mate[free] = mate[taken] = first
            return True
        broken = mate[taken]
        widowed = ends[broken][0] + ends[broken][1] - taken
        for second in around[widowed]:
            last = ends[second][0] + ends[second][1] - widowed
            if mate[last] < 0 and last != free:
                mate[free] = mate[taken] = first
                mate[widowed] = mate[last] = second
                return True
    return False

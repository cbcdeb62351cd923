"""One round of edge collapses that keep a surface what it is.

Collapses are chosen so that no face is touched by two of them; each is then as safe as if it were the only one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Mask
from .arrays import Indices, Points, dot

__all__ = ["Collapses", "Limits", "choose_collapses"]


@dataclass(frozen=True)
class Limits:
    """How much a collapse may change a face.

    ``turn``: the least cosine of the angle it may turn by; -1 allows everything. ``thin``: the least height over its
    longest side, unless it was thinner before.
    """

    turn: float
    thin: float


@dataclass(frozen=True)
class Collapses:
    """Edges to collapse: ``a`` and ``b`` int64 [N] the ends, ``target`` float64 [N, 3] where they meet."""

    a: Indices
    b: Indices
    target: Points

    def __len__(self) -> int:
        return len(self.a)

    def pick(self, which: Indices | Mask) -> Collapses:
        """The same for some of the edges."""
        return Collapses(self.a[which], self.b[which], self.target[which])


def choose_collapses(
    points: Points, faces: Indices, edges: Collapses, limits: Limits, most: int, passes: int
) -> Collapses:
    """Choose edges that can collapse at the same time.

    An edge is chosen when it comes first among all edges whose faces it touches, and its collapse is safe; then the
    rest is gone through again.

    Parameters
    ----------
    points : float64 [V, 3]
    faces : int64 [F, 3]
    edges : Collapses
        The edges to choose from, the best first.
    limits : Limits
    most : int
        How many to choose at most.
    passes : int
        How often to go through the edges.

    Returns
    -------
    Collapses
    """
    left = np.arange(len(edges), dtype=np.int64)
    taken = np.zeros(len(points), np.bool_)
    chosen = np.zeros(0, np.int64)
    for _ in range(passes):
        claim = _claims(faces, edges.a[left], edges.b[left], taken)
        lowest = np.minimum(claim[edges.a[left]], claim[edges.b[left]])
        highest = np.maximum(claim[edges.a[left]], claim[edges.b[left]])
        place = np.arange(len(left), dtype=np.int64)
        wins = (lowest == place) & (highest == place)
        first = left[wins]
        good = first[_is_safe(points, faces, edges.pick(first), limits)]
        chosen = np.concatenate([chosen, good])
        taken[edges.a[good]] = taken[edges.b[good]] = True
        left = left[~wins & (lowest >= 0)]
        if len(chosen) >= most or not len(left):
            break
    return edges.pick(np.sort(chosen)[:most])


def _claims(faces: Indices, a: Indices, b: Indices, taken: Mask) -> Indices:
    """For each vertex the first edge that touches one of its faces, -1 where a chosen edge does."""
    nobody = len(a)
    at_vertex = np.full(len(taken), nobody, dtype=np.int64)
    # Written from the last edge to the first, so that the first stays.
    at_vertex[np.stack([a, b], axis=1).ravel()[::-1]] = np.repeat(np.arange(nobody, dtype=np.int64), 2)[::-1]
    at_vertex[taken] = -1
    at_face = np.minimum(np.minimum(at_vertex[faces[:, 0]], at_vertex[faces[:, 1]]), at_vertex[faces[:, 2]])
    claim = np.full(len(taken), nobody, dtype=np.int64)
    for i in range(3):
        np.minimum.at(claim, faces[:, i], at_face)
    return claim


def _is_safe(points: Points, faces: Indices, edges: Collapses, limits: Limits) -> Mask:
    """Tell of each edge whether its collapse keeps the surface a manifold and the faces within limits.

    The ends of an edge of a manifold must have exactly two neighbours in common (the link condition of T. Dey et al.,
    "Topology preserving edge contraction", 1999), and the edge must not belong to a tetrahedron. No face may touch two
    of the edges.
    """
    owner = np.full(len(points), -1, dtype=np.int64)
    owner[edges.a] = owner[edges.b] = np.arange(len(edges), dtype=np.int64)
    owners = owner[faces]
    touched = np.flatnonzero(owners.max(axis=1) >= 0)
    corners, owners = faces[touched], owners[touched]
    edge = owners.max(axis=1)
    moved = owners >= 0
    valence = np.bincount(edge, np.count_nonzero(moved, axis=1), minlength=len(edges))
    bad = valence < 7
    # The vertex after a moved corner is its neighbour; each neighbour of an end comes once.
    after = np.roll(corners, -1, axis=1)
    neighbours = np.sort((edge[:, None] * len(points) + after)[moved])
    common = neighbours[1:][neighbours[1:] == neighbours[:-1]] // len(points)
    bad |= np.bincount(common, minlength=len(edges)) != 2
    kept = np.count_nonzero(moved, axis=1) == 1
    corners, edge, moved = corners[kept], edge[kept], moved[kept]
    before = points[corners]
    later = np.where(moved[:, :, None], edges.target[edge][:, None], before)
    bad[edge[_spoilt(before, later, limits)]] = True
    return ~bad


def _spoilt(before: Points, later: Points, limits: Limits) -> Mask:
    """Tell which triangles [N, 3, 3] turn too far or become too thin."""
    old, new = (np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]) for p in (before, later))
    old_area, new_area = np.sqrt(dot(old, old)), np.sqrt(dot(new, new))
    turned = dot(old, new) < limits.turn * old_area * new_area
    thin = new_area * _longest(before) < np.minimum(limits.thin * _longest(before), old_area) * _longest(later)
    return turned | thin


def _longest(triangles: Points) -> Points:
    """The squared length of the longest side of each triangle."""
    sides = np.roll(triangles, -1, axis=1) - triangles
    longest: Points = dot(sides, sides).max(axis=1)
    return longest

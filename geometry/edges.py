"""The sides and edges of a polygon mesh, and checks and tidying that only need its connectivity.

A *side* is one side of one face, directed as the face runs; an *edge* is a pair of vertices, shared by the sides that
join them. Side s also stands for the face's corner at its start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int, Mask
from ..errors import MeshError
from .arrays import Indices
from .components import components

__all__ = ["Edges", "check_mesh", "compact", "count_fans", "find_edges", "is_closed_manifold", "ringed_vertices"]

_LONGEST_WALK = 64
"""Vertices with more faces than this around them are few, and looked at together."""


@dataclass(frozen=True)
class Edges:
    """All sides of a mesh, and the edges they lie on.

    ``start``, ``end``, ``face``, ``after`` int64 [S]: a side's two vertices, its face, and the next side around it.
    ``order`` int64 [S]: the sides sorted by edge; those of edge e are ``order[first[e]:first[e] + count[e]]``.
    ``forward`` bool [S]: whether a side runs from the lower to the higher vertex.
    """

    start: Indices
    end: Indices
    face: Indices
    after: Indices
    order: Indices
    first: Indices
    count: Indices
    forward: Mask


def check_mesh(vertices: Float, faces: Int) -> None:
    """Refuse arrays that would crash or mislead what comes after.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3] or [F, 4]
        A triangle among quads has -1 in its last column.

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or a face names a vertex that is not there.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] not in (3, 4):
        raise MeshError("The mesh must have three coordinates per vertex and three or four corners per face.")
    if not len(faces):
        raise MeshError("The mesh has no faces; choose an object that has some.")
    if not np.isfinite(vertices).all():
        raise MeshError("The mesh has coordinates that are not numbers; delete those vertices first.")
    corners = faces.copy()
    if faces.shape[1] == 4:
        corners[:, 3] = np.where(faces[:, 3] == -1, faces[:, 0], faces[:, 3])
    if corners.min() < 0 or corners.max() >= len(vertices):
        raise MeshError("A face of the mesh names a vertex that does not exist; the file is damaged.")


def find_edges(faces: Int) -> Edges:
    """Collect the sides and edges of a mesh; `faces` as `check_mesh` accepts them."""
    n_faces, width = faces.shape
    start = faces.astype(np.int64)
    end = np.roll(start, -1, axis=1)
    after = np.arange(start.size, dtype=np.int64).reshape(start.shape)
    after = np.roll(after, -1, axis=1)
    face = np.repeat(np.arange(n_faces, dtype=np.int64), width)
    if width == 4 and (faces[:, 3] < 0).any():
        real = (faces >= 0).ravel()
        triangle = faces[:, 3] < 0
        end[triangle, 2] = start[triangle, 0]
        after[triangle, 2] = np.flatnonzero(triangle) * 4
        after = (np.cumsum(real, dtype=np.int64) - 1)[after.ravel()[real]]
        start, end, face = start.ravel()[real], end.ravel()[real], face[real]
    start, end, after = start.ravel(), end.ravel(), after.ravel()
    forward = start < end
    key = np.minimum(start, end) * (int(start.max()) + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    count = np.diff(np.r_[first, len(key)])
    return Edges(start, end, face, after, order, first, count, forward)


def ringed_vertices(edges: Edges, n_vertices: int) -> Mask:
    """Tell around which vertices every edge has two faces that run along it in opposite directions.

    Returns
    -------
    bool [n_vertices]
        The faces there form closed rings, one or several. True for vertices that no face uses.
    """
    pair = edges.first[edges.count == 2]
    one, other = edges.order[pair], edges.order[pair + 1]
    odd = np.concatenate([edges.order[edges.first[edges.count != 2]], one[edges.forward[one] == edges.forward[other]]])
    ringed = np.ones(n_vertices, np.bool_)
    ringed[edges.start[odd]] = ringed[edges.end[odd]] = False
    return ringed


def count_fans(edges: Edges, n_vertices: int) -> Indices:
    """Count the fans of faces around each vertex: what hangs together by edges that end in it.

    Returns
    -------
    int64 [n_vertices]
        A vertex of a manifold mesh has one fan, a vertex that no face uses none.
    """
    fans = _single_rings(edges, n_vertices)
    rest = np.zeros(n_vertices, np.bool_)
    rest[edges.start] = True
    rest &= fans == 0
    corner = np.flatnonzero(rest[edges.start])
    number = np.zeros(len(edges.start), np.int64)
    number[corner] = np.arange(len(corner), dtype=np.int64)
    # Each side is tied to the one before it on the same edge, so all faces at an edge hang together.
    tied = np.ones(len(edges.order), np.bool_)
    tied[edges.first] = False
    tied &= (rest[edges.start] | rest[edges.end])[edges.order]
    one, other = edges.order[np.flatnonzero(tied) - 1], edges.order[tied]
    same = edges.forward[one] == edges.forward[other]
    at_start = np.where(same, other, edges.after[other])
    at_end = np.where(same, edges.after[other], other)
    ends, others = np.concatenate([one, edges.after[one]]), np.concatenate([at_start, at_end])
    here = rest[edges.start[ends]]
    fan = components(len(corner), number[ends[here]], number[others[here]])
    lowest = corner[fan == np.arange(len(corner), dtype=np.int64)]
    return fans + np.bincount(edges.start[lowest], minlength=n_vertices)


def _single_rings(edges: Edges, n_vertices: int) -> Indices:
    """Walk from face to face around vertices: 1 where the walk comes by all faces there and ends where it began."""
    pair = edges.first[edges.count == 2]
    one, other = edges.order[pair], edges.order[pair + 1]
    beside = np.zeros(len(edges.order), np.int64)
    beside[one], beside[other] = edges.after[other], edges.after[one]
    begin = np.full(n_vertices, -1, np.int64)
    begin[edges.start] = np.arange(len(edges.start), dtype=np.int64)
    n_corners = np.bincount(edges.start, minlength=n_vertices)
    vertex = np.flatnonzero(ringed_vertices(edges, n_vertices) & (begin >= 0))
    begin = begin[vertex]
    at = beside[begin]
    single = np.zeros(n_vertices, np.int64)
    for steps in range(1, _LONGEST_WALK):
        back = at == begin
        if back.any():
            done = vertex[back]
            single[done] = n_corners[done] == steps
            vertex, begin, at = vertex[~back], begin[~back], at[~back]
        at = beside[at]
    return single


def is_closed_manifold(faces: Int, n_vertices: int) -> bool:
    """Tell whether triangles form a closed, consistently wound surface, manifold at every edge and vertex.

    Parameters
    ----------
    faces : int32 [F, 3]
    n_vertices : int
        Vertices that no face uses are no fault.
    """
    repeated = (faces == np.roll(faces, 1, axis=1)).any()
    edges = find_edges(faces)
    if repeated or (edges.count != 2).any():
        return False
    pairs = edges.order.reshape(-1, 2)
    if (edges.forward[pairs[:, 0]] == edges.forward[pairs[:, 1]]).any():
        return False
    return int(count_fans(edges, n_vertices).max()) == 1


def compact(vertices: Float, faces: Int) -> tuple[Float, Int]:
    """Drop the vertices that no face uses, keeping the order of the others."""
    used = np.zeros(len(vertices), np.bool_)
    used[faces[faces >= 0]] = True
    number = np.cumsum(used, dtype=np.int64) - 1
    renumbered = np.where(faces >= 0, number[faces], -1)
    return vertices[used], renumbered.astype(np.int32)

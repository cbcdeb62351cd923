"""Which sides of faces are joined, and what hangs together by them."""

from __future__ import annotations

import numpy as np

from ..arrays import Indices
from ..components import components
from ..edges import Edges
from .polygons import NONE, Polygons, polygon_edges

__all__ = ["corner_fans", "face_parts", "mates", "numbered"]


def mates(edges: Edges) -> Indices:
    """The other side of each side's edge where exactly two faces meet, int64 [S]; `NONE` elsewhere."""
    mate = np.full(len(edges.order), NONE, np.int64)
    pair = edges.first[edges.count == 2]
    one, other = edges.order[pair], edges.order[pair + 1]
    mate[one], mate[other] = other, one
    return mate


def face_parts(mesh: Polygons, edges: Edges | None = None, mate: Indices | None = None) -> Indices:
    """Number what hangs together by joined sides, 0..P - 1 in the order of the first faces: int64 [F]."""
    edges = edges or polygon_edges(mesh)
    mate = mates(edges) if mate is None else mate
    side = np.flatnonzero(mate > np.arange(len(mate), dtype=np.int64))
    return numbered(components(mesh.n_faces, edges.face[side], edges.face[mate[side]]))


def corner_fans(edges: Edges, mate: Indices) -> Indices:
    """Number the fans: the corners at one vertex that hang together by joined sides; int64 [S]."""
    one = np.flatnonzero(mate > np.arange(len(mate), dtype=np.int64))
    other = mate[one]
    same = edges.forward[one] == edges.forward[other]
    at_start = np.where(same, other, edges.after[other])
    at_end = np.where(same, edges.after[other], other)
    n_corners = len(edges.start)
    links = np.concatenate([one, edges.after[one]]), np.concatenate([at_start, at_end])
    return numbered(components(n_corners, *links))


def numbered(label: Indices) -> Indices:
    """Turn labels that name the first member of each group into 0..N - 1."""
    number = np.cumsum(label == np.arange(len(label), dtype=np.int64)) - 1
    return number[label]

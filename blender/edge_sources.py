"""Which edge of a source each side of a cleaned mesh lies on, and where the source's vertices have gone."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..contracts import Mask
from ..geometry.arrays import Indices
from ..geometry.repair.polygons import NONE, Polygons
from ..geometry.repair.transfer import Blend

__all__ = ["EdgeTable", "followed", "read_edges", "side_edges"]

_NOTHING = 1e-6
"""A share of a mix that does not count."""


@dataclass(frozen=True)
class EdgeTable:
    """A mesh's edges: their vertices ``ends`` int64 [E, 2], and the edge from each corner on ``side`` int64 [S]."""

    ends: Indices
    side: Indices

    @property
    def loose(self) -> Mask:
        """The edges that no face uses, bool [E]."""
        free = np.ones(len(self.ends), np.bool_)
        free[self.side] = False
        return free


def read_edges(mesh: bpy.types.Mesh) -> EdgeTable:
    """Read a mesh's edges; as attributes, which is a hundred times as fast as from the elements."""
    ends = np.empty(len(mesh.edges) * 2, np.int32)
    mesh.attributes[".edge_verts"].data.foreach_get("value", ends)
    side = np.empty(len(mesh.loops), np.int32)
    mesh.attributes[".corner_edge"].data.foreach_get("value", side)
    return EdgeTable(ends.reshape(-1, 2).astype(np.int64), side.astype(np.int64))


def side_edges(result: Polygons, blend: Blend, source: Polygons, edges: EdgeTable) -> Indices:
    """The source's edge that each side of the result lies on, or `NONE`, int64 [S].

    A side lies on the edge between two corners of the source that follow each other, in either direction, when both
    its own corners (``blend`` says what of) are made of these two alone.
    """
    after, following = result.after, source.after
    low, high = blend.nearest.copy(), blend.nearest.copy()
    parts = np.where(np.abs(blend.weights) > _NOTHING, blend.parts, blend.nearest[blend.mixed][:, None])
    low[blend.mixed], high[blend.mixed] = parts.min(axis=1), parts.max(axis=1)
    middle = np.zeros(len(low), np.bool_)
    middle[blend.mixed] = ((parts > low[blend.mixed, None]) & (parts < high[blend.mixed, None])).any(axis=1)
    one, other = np.minimum(low, low[after]), np.maximum(high, high[after])
    # Either end may be one of the two corners or lie between them, and nothing else.
    inside = [(value == one) | (value == other) for value in (low, high, low[after], high[after])]
    fits = np.logical_and.reduce(inside) & ~middle & ~middle[after]
    there = np.where(following[one] == other, edges.side[one], NONE)
    back = np.where(following[other] == one, edges.side[other], NONE)
    return np.where(fits, np.maximum(there, back), NONE)


def followed(result: Polygons, source: Polygons) -> Indices:
    """The vertex of the result that each vertex of the source has become, or `NONE`, int64 [source's V].

    A vertex that was merged onto another one is known by the corners that it takes along.
    """
    target = np.full(len(source.points), NONE, np.int64)
    copied = np.flatnonzero(result.corner_from != NONE)
    target[source.corners[result.corner_from[copied]]] = result.corners[copied]
    copied = np.flatnonzero(result.point_from != NONE)[::-1]
    target[result.point_from[copied]] = copied
    return target

"""Edge attributes of a cleaned mesh: seams, sharp edges, creases, selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..geometry.arrays import Indices
from ..geometry.repair.polygons import NONE, Polygons
from .attributes import Column
from .edge_sources import EdgeTable

__all__ = ["carry_edges", "edge_origin", "show_what_faces_use"]


def edge_origin(now: EdgeTable, side: Indices, before: EdgeTable, target: Indices) -> Indices:
    """The source's edge that each edge of the result continues, or `NONE`, int64 [E].

    Parameters
    ----------
    now, before
        The edges of the result and of the source.
    side
        As `side_edges` gives it; of several sides at an edge the first decides.
    target
        As `followed` gives it: for loose edges, and for edges whose end was merged away in one of their faces.
    """
    origin = np.full(len(now.ends), NONE, np.int64)
    known = np.flatnonzero(side != NONE)[::-1]
    origin[now.side[known]] = side[known]
    unknown = np.flatnonzero(origin == NONE)
    moved = target[before.ends]
    candidates = np.flatnonzero((moved != NONE).all(axis=1) & (moved[:, 0] != moved[:, 1]))
    if len(unknown) and len(candidates):
        keys = _keys(moved[candidates])
        order = np.argsort(keys, kind="stable")
        wanted = _keys(now.ends[unknown])
        place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
        hit = keys[order[place]] == wanted
        origin[unknown[hit]] = candidates[order[place[hit]]]
    return origin


def carry_edges(column: Column, origin: Indices, now: EdgeTable, side: Indices) -> Column:
    """An edge attribute for the result; where edges of the source became one, a mark on any of them stays."""
    shape = (len(origin), *column.values.shape[1:])
    values = np.full(shape, b"", object) if column.kind == "STRING" else np.zeros(shape, column.values.dtype)
    known = origin != NONE
    values[known] = column.values[origin[known]]
    if column.kind == "BOOLEAN":
        known = side != NONE
        values |= np.bincount(now.side[known], column.values[side[known]], len(values)) > 0
    return replace(column, values=values)


def show_what_faces_use(columns: Sequence[Column], result: Polygons, now: EdgeTable) -> list[Column]:
    """The columns with the vertices and edges of visible faces visible, as Blender wants it."""
    hidden = next((column.values for column in columns if column.name == ".hide_poly"), None)
    visible = slice(None) if hidden is None else ~hidden[result.owner]
    used = {".hide_vert": result.corners[visible], ".hide_edge": now.side[visible]}
    changed: list[Column] = []
    for column in columns:
        if column.name in used:
            values = column.values.copy()
            values[used[column.name]] = False
            column = replace(column, values=values)
        changed.append(column)
    return changed


def _keys(ends: Indices) -> Indices:
    """One number for each pair of vertices, in any order."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    return (low << 32) | high

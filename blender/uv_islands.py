"""Islands of the active UV map, so that nothing is mixed across a seam."""

from __future__ import annotations

import bpy
import numpy as np

from ..geometry.arrays import Indices
from ..geometry.repair.polygons import NONE, Polygons, parts_of

__all__ = ["uv_islands"]

_SAME = 1e-6
"""Two corners of a map are one when they are no further apart than this."""


def uv_islands(mesh: bpy.types.Mesh, source: Polygons) -> Indices | None:
    """A number for each face of what `read_polygons` read of the mesh, the same for faces across whose edges the
    active UV map runs on, int64 [F]; None without UV maps."""
    layer = mesh.uv_layers.active
    if layer is None:
        return None
    values = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", values)
    uv = values.reshape(-1, 2)
    side = np.flatnonzero(source.mates != NONE)
    mate = source.mates[side]
    along = source.corners[side] == source.corners[mate]  # wound in opposite ways, the two sides run alike
    here, there = uv[side], uv[source.after[side]]
    start = uv[np.where(along, mate, source.after[mate])]
    end = uv[np.where(along, source.after[mate], mate)]
    runs_on = (np.abs(here - start) <= _SAME).all(axis=1) & (np.abs(there - end) <= _SAME).all(axis=1)
    joined = np.full(len(source.corners), NONE, np.int64)
    joined[side[runs_on]] = mate[runs_on]
    return parts_of(source, joined)

"""Shape keys of a mesh as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ..geometry.arrays import Points
from .polygons import read_points

__all__ = ["read_offsets", "write_shapes"]


def read_offsets(mesh: bpy.types.Mesh) -> list[Points]:
    """How far each shape key moves the vertices from those that `read_points` gives, float64 [V, 3] each."""
    base, offsets = read_points(mesh), []
    for key in _keys(mesh):
        values = np.empty(base.size, np.float32)
        key.data.foreach_get("co", values)
        offsets.append(values.reshape(-1, 3) - base)
    return offsets


def write_shapes(mesh: bpy.types.Mesh, shapes: Sequence[Points]) -> None:
    """Give the shape keys, in their order, these vertices, float64 [V, 3] each."""
    for key, values in zip(_keys(mesh), shapes, strict=True):
        key.data.foreach_set("co", values.astype(np.float32).ravel())


def _keys(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    return list(mesh.shape_keys.key_blocks) if mesh.shape_keys is not None else []

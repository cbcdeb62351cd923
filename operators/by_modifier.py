"""Cleaning by one of Blender's modifiers, on a stand-in that has all the object's attributes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ..blender.polygons import read_polygons, world_scale
from ..blender.rebuild import rebuild
from ..blender.shape_keys import read_offsets
from ..blender.stand_in import stand_in
from ..blender.transplant import transplant
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.transfer import blend
from .cleanup import as_new

__all__ = ["as_modified", "dressed_stand_in", "take_over"]


@contextmanager
def dressed_stand_in(
    context: bpy.types.Context, item: bpy.types.Object, source: Polygons, before: Polygons
) -> Iterator[bpy.types.Object]:
    """An object without shape keys, in lengths of the world, with the geometry ``before`` and the attributes of the
    object whose mesh is ``source``."""
    with stand_in(context, item.data.copy()) as other:
        keys = other.data.shape_keys
        if keys is not None:
            name = keys.name
            other.shape_key_clear()
            # Blender 5 frees the keys by that; 4.5 counts those of a copy twice and so leaves them behind.
            left = bpy.data.shape_keys.get(name)
            if left is not None:
                bpy.data.batch_remove([left])
        rebuild(other, before, blend(before, source), keep_loose=False)
        yield other


def as_modified(context: bpy.types.Context, other: bpy.types.Object) -> bpy.types.Mesh:
    """A new mesh of what an object's modifiers make of it."""
    depsgraph = context.evaluated_depsgraph_get()
    evaluated = other.evaluated_get(depsgraph)
    return bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=depsgraph)


def take_over(item: bpy.types.Object, source: Polygons, donor: bpy.types.Mesh) -> None:
    """Give an object a mesh in lengths of the world that was made from its own, ``source``; errors as `transplant`."""
    after = read_polygons(donor)
    back = np.linalg.inv(world_scale(item))
    offsets = read_offsets(item.data)
    shares = blend(as_new(after), source).points if offsets else None
    points = after.points @ back.T
    shapes = [points + shares.mix(offset) for offset in offsets] if shares is not None else []
    donor.attributes["position"].data.foreach_set("vector", points.astype(np.float32).ravel())
    transplant(item, donor, shapes)

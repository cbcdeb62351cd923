"""Objects that stand in for the user's while Blender's own operators and modifiers work on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ..geometry.repair.polygons import Polygons
from .replace_geometry import replace_geometry

__all__ = ["plain_mesh", "stand_in"]


@contextmanager
def stand_in(context: bpy.types.Context, mesh: bpy.types.Mesh) -> Iterator[bpy.types.Object]:
    """An object in the scene, at its origin, with a mesh that goes with it in the end."""
    item = bpy.data.objects.new("Maquette", mesh)
    context.scene.collection.objects.link(item)
    try:
        context.view_layer.update()
        yield item
    finally:
        bpy.data.objects.remove(item)
        bpy.data.meshes.remove(mesh)
        context.view_layer.update()  # until then the layer has a place without an object


def plain_mesh(polygons: Polygons) -> bpy.types.Mesh:
    """A mesh of the geometry alone."""
    mesh = bpy.data.meshes.new("Maquette")
    replace_geometry(mesh, polygons, np.empty((0, 2), np.int64))
    return mesh

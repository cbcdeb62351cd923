"""Objects to files without a loss: far from the origin too, and in formats that round."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from ..geometry.arrays import Points
from ..meshfiles.check import far_centre
from ..meshfiles.obj import move_obj
from ..meshfiles.ply import move_ply
from .export import export_file
from .polygons import read_points

__all__ = ["write_objects"]

_KINDS = {"MESH", "EMPTY", "ARMATURE"}

# These hold points in the world: the others keep each object's transform beside its own small coordinates.
_WORLD = {".obj", ".ply", ".stl"}

_FINE = 30
"""OBJ is written with six digits after the point: by so many powers of two the largest coordinate stands before it."""


def write_objects(objects: Sequence[bpy.types.Object], path: Path) -> list[str]:
    """Write objects to a file in a folder where nothing else lies.

    Parameters
    ----------
    objects
        All objects of a file; those that are no meshes only hold the others in place.
    path
        The suffix says in which format.

    Returns
    -------
    A sentence on each thing that the file cannot hold.

    Raises
    ------
    OutputError, MeshError
        As `export.export_file`.
    """
    items = [item for item in objects if item.type in _KINDS]
    for item in items:  # what is hidden cannot be selected, so it would be left out
        item.hide_viewport = False
        item.hide_set(False)
    suffix = path.suffix.lower()
    if suffix not in _WORLD:
        export_file(items, path)
        return []
    points = _world_points(items)
    offset = far_centre(points)
    scale = _fine_scale(points - offset) if suffix == ".obj" else 1.0
    with _moved(items, -offset, scale):
        export_file(items, path)
    if suffix == ".obj":
        right, back, up = offset.tolist()
        path.write_bytes(move_obj(path.read_bytes(), np.array([right, up, -back]), 1.0 / scale))
    elif suffix == ".ply" and offset.any():
        path.write_bytes(move_ply(path.read_bytes(), path, offset))
    elif offset.any():
        place = ", ".join(f"{value:g}" for value in offset.tolist())
        return [f"STL holds no coordinates so far from the origin: ({place}) was taken from all of them."]
    return []


def _world_points(items: Sequence[bpy.types.Object]) -> Points:
    """The vertices of all mesh objects in the world, those that are numbers, float64 [V, 3]."""
    found: list[Points] = [np.zeros((0, 3))]
    for item in items:
        if item.type == "MESH":
            matrix = np.array(item.matrix_world, np.float64)
            found.append(read_points(item.data) @ matrix[:3, :3].T + matrix[:3, 3])
    points = np.concatenate(found)
    return points[np.isfinite(points).all(axis=1)]


def _fine_scale(points: Points) -> float:
    """A power of two that makes coordinates so large that six digits after the point are enough for 32 bits."""
    largest = float(np.abs(points).max(initial=0.0))
    return 2.0 ** (_FINE - math.frexp(largest)[1]) if largest > 0 else 1.0


@contextmanager
def _moved(items: Sequence[bpy.types.Object], shift: Points, scale: float) -> Iterator[None]:
    """Move and then scale all objects, for the time being."""
    roots = [item for item in items if item.parent is None]
    before = [(item.location.copy(), item.scale.copy()) for item in roots]
    try:
        for item in roots:
            item.location = (item.location + Vector(shift)) * scale
            item.scale = item.scale * scale
        bpy.context.view_layer.update()
        yield
    finally:
        for item, (location, size) in zip(roots, before, strict=True):
            item.location, item.scale = location, size
        bpy.context.view_layer.update()

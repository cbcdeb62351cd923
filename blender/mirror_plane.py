"""An object's mirror plane: Blender mirrors brushes about its local axes only, so the origin may have to move there."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from ..errors import MeshError
from ..geometry.arrays import Points

__all__ = ["move_origin", "set_symmetry"]


def set_symmetry(mesh: bpy.types.Mesh, axis: int | None) -> None:
    """Mirror brushes about one local axis of a mesh, 0 for X, or not at all."""
    for number, name in enumerate("xyz"):
        setattr(mesh, f"use_mirror_{name}", number == axis)


def move_origin(item: bpy.types.Object, normal: Points, offset: float) -> None:
    """Turn and move the origin of an object in Object Mode so that its local X = 0 is the plane of the points p with
    ``normal . p == offset``; the surface and the object's children stay where they are in the world.

    Raises
    ------
    MeshError
        If something else depends on where the origin is.
    """
    mesh, scale = item.data, np.abs(np.array(item.matrix_world.to_scale()))
    tied = mesh.users > 1 or item.modifiers or item.constraints or item.animation_data or item.parent
    if tied or mesh.library is not None or item.library is not None:
        raise MeshError(f"{item.name} is linked, shared, animated, parented or has modifiers, so its origin stays.")
    if scale.min() <= 0 or scale.max() / scale.min() > 1.001:
        raise MeshError(f"{item.name} is stretched: apply its scale first (Object > Apply > Scale).")
    x = normal * (1.0 if normal[0] >= 0 else -1.0)
    y = np.cross([0.0, 0.0, 1.0], x)
    y /= np.linalg.norm(y)
    turn = np.eye(4)
    turn[:3, :3] = np.stack([x, y, np.cross(x, y)])
    turn[0, 3] = -offset * (1.0 if normal[0] >= 0 else -1.0)
    into = Matrix(turn)
    mesh.transform(into, shape_keys=True)
    mesh.update()
    item.matrix_world = item.matrix_world @ into.inverted()
    for child in item.children:
        child.matrix_parent_inverse = into @ child.matrix_parent_inverse

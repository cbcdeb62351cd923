"""Custom normals of a mesh, as directions at its corners."""

from __future__ import annotations

import bpy
import numpy as np

from ..contracts import Mask
from ..geometry.arrays import Points
from ..geometry.repair.polygons import NONE, Polygons
from ..geometry.repair.transfer import Blend

__all__ = ["carry_normals", "read_normals", "write_normals"]


def read_normals(mesh: bpy.types.Mesh) -> Points | None:
    """The unit normals at the corners, float64 [S, 3], where the mesh has custom ones; None where it has none."""
    if not mesh.has_custom_normals:
        return None
    values = np.empty(len(mesh.loops) * 3, np.float32)
    mesh.corner_normals.foreach_get("vector", values)
    return values.reshape(-1, 3).astype(np.float64)


def carry_normals(normals: Points, result: Polygons, source: Polygons, blend: Blend) -> Points:
    """The normals for a result: the other way round where a face is, and zero (made by Blender) for new faces."""
    turned, new = _compare(result, source)
    carried = np.asarray(blend.mix(normals), np.float64)
    carried[turned[result.owner]] *= -1.0
    carried[new[result.owner]] = 0.0
    length = np.linalg.norm(carried, axis=1, keepdims=True)
    return carried / np.where(length > 0, length, 1.0)


def _compare(result: Polygons, source: Polygons) -> tuple[Mask, Mask]:
    """The faces of the result that run the other way round than in the source, and those that are new; bool [F].

    A face that closes a hole may name the corners around it as its source. It is told by corners of several faces,
    and by sides that run back along a side which is still there.
    """
    here, there, following = result.corner_from, result.corner_from[result.after], source.after
    known = (here != NONE) & (there != NONE)
    forward, backward = known & (following[here] == there), known & (following[there] == here)
    in_use = np.zeros(len(source.corners), np.bool_)
    in_use[here[forward]] = True
    against = backward & in_use[there]
    foreign = (here != NONE) & (source.owner[here] != result.face_from[result.owner])
    sums = [np.bincount(result.owner, flags, result.n_faces) for flags in (forward, backward, against, foreign)]
    new = (result.face_from == NONE) | (sums[2] > 0) | (sums[3] > 1)
    return (sums[1] > sums[0]) & ~new, new


def write_normals(mesh: bpy.types.Mesh, normals: Points) -> None:
    """Give the corners of a finished mesh these normals, zero ones excepted."""
    mesh.normals_split_custom_set(normals.astype(np.float32).tolist())

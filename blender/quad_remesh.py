"""Blender's own remeshing into quads."""

from __future__ import annotations

import bpy
import numpy as np

from ..errors import MeshError
from ..geometry.repair.polygons import Polygons
from .polygons import read_polygons
from .quiet import quiet
from .stand_in import plain_mesh, stand_in

__all__ = ["quadriflow", "voxel_remesh"]

_CLOSE_ENOUGH = 0.1
_ATTEMPTS = 6
_DAMPING = 0.6
"""QuadriFlow's count jumps about as what is asked for changes: a full correction overshoots. It also differs from run
to run: 60 times 600 faces of the same sphere gave 383 to 542 (Blender 4.5 and 5.2)."""


def quadriflow(
    context: bpy.types.Context, mesh: Polygons, target: int, keep_sharp: bool, keep_rims: bool
) -> Polygons | None:
    """Remesh with QuadriFlow; None where it declines.

    Asks again with a corrected count while the answer is more than a tenth away from the target, and gives the best.

    Parameters
    ----------
    context
    mesh : Polygons
        Finite; QuadriFlow only takes manifold meshes wound consistently.
    target : int
        Faces wanted.
    keep_sharp, keep_rims : bool
        Whether edges follow sharp ones of the mesh, and its rims.
    """
    asked, best = target, None
    for _ in range(_ATTEMPTS):
        result = _once(context, mesh, asked, keep_sharp, keep_rims)
        if result is None:
            if best is None:
                break
            continue  # chance: it took this mesh before
        if best is None or abs(result.n_faces - target) < abs(best.n_faces - target):
            best = result
        if abs(result.n_faces - target) <= _CLOSE_ENOUGH * target:
            break
        asked = max(4, round(asked * (target / result.n_faces) ** _DAMPING))
    return best


def voxel_remesh(context: bpy.types.Context, mesh: Polygons, size: float) -> Polygons:
    """Rebuild the surface of a mesh from cubes with sides of ``size``: closed and manifold, nearly all quads.

    Raises
    ------
    MeshError
        If nothing is left, as of an open surface.
    """
    with stand_in(context, plain_mesh(mesh)) as item, context.temp_override(active_object=item, object=item):
        item.data.remesh_voxel_size = size
        item.data.remesh_voxel_adaptivity = 0.0
        with quiet():
            try:
                bpy.ops.object.voxel_remesh()
            except RuntimeError as error:
                raise MeshError("Blender's voxel remesh cannot use this mesh: make it solid first.") from error
        if not len(item.data.polygons):
            raise MeshError("Blender's voxel remesh found no inside in this mesh: make it solid first.")
        return read_polygons(item.data)


def _once(
    context: bpy.types.Context, mesh: Polygons, target: int, keep_sharp: bool, keep_rims: bool
) -> Polygons | None:
    with stand_in(context, plain_mesh(mesh)) as item, context.temp_override(active_object=item, object=item):
        with quiet():
            try:
                ended = bpy.ops.object.quadriflow_remesh(
                    mode="FACES",
                    target_faces=target,
                    use_mesh_symmetry=False,
                    use_preserve_sharp=keep_sharp,
                    use_preserve_boundary=keep_rims,
                    smooth_normals=False,
                )
            except RuntimeError:  # it declines, or fails on the way
                return None
        if ended != {"FINISHED"} or not len(item.data.polygons):
            return None
        result = read_polygons(item.data)
        return result if np.isfinite(result.points).all() else None

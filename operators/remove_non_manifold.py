"""Remove Non-Manifold: cut a surface apart where it branches."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.report import counted
from ..geometry.repair.manifold import remove_non_manifold
from ..geometry.repair.polygons import Polygons
from .cleanup import Cleanup

__all__ = ["MAQUETTE_OT_remove_non_manifold"]


class MAQUETTE_OT_remove_non_manifold(Cleanup, bpy.types.Operator):
    """Cut the surface apart where more than two faces meet at an edge or two cones at a point, and drop fins, in all
    selected meshes. What encloses a volume stays"""

    bl_idname = "maquette.remove_non_manifold"
    bl_label = "Remove Non-Manifold"

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        result = remove_non_manifold(mesh)
        left = int(np.count_nonzero(result.edges.count > 2))
        kept = f"{counted(left, 'edge', 'edges')} with more than two faces cannot be cut without opening the surface"
        if result is mesh:
            return mesh, kept if left else "No edge has more than two faces, and no vertex two fans"
        split = len(result.points) - len(np.unique(result.point_from))
        gone = mesh.n_faces - result.n_faces
        texts = [f"split {counted(split, 'vertex', 'vertices')}"] if split else []
        texts += [f"removed {counted(gone, 'face', 'faces')} of fins"] if gone else []
        text = " and ".join(texts) or "cut crowded edges apart"
        return result, text[0].upper() + text[1:] + (f"; {kept}" if left else "")

"""Recalculate Normals: all faces look outwards."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.report import counted
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.winding import make_consistent, one_sided_faces
from .cleanup import Cleanup
from .joined import turn_as_joined

__all__ = ["MAQUETTE_OT_recalculate_normals"]


class MAQUETTE_OT_recalculate_normals(Cleanup, bpy.types.Operator):
    """Turn faces over so that neighbours agree and all look outwards, in all selected meshes. Hollows inside keep
    looking inwards"""

    bl_idname = "maquette.recalculate_normals"
    bl_label = "Recalculate Normals"

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        result = turn_as_joined(mesh, make_consistent)
        turned = int(np.count_nonzero(_runs(result) != _runs(mesh)))
        text = f"Turned {counted(turned, 'face', 'faces')} over" if turned else "All faces look the right way"
        if one_sided_faces(result).any():
            text += "; a part with one side only, like a Moebius strip, cannot be made consistent"
        return result, text


def _runs(mesh: Polygons) -> np.ndarray:
    """The second corner of each face, which tells the way it runs."""
    return mesh.corner_from[mesh.first[:-1] + 1]

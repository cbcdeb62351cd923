"""Remove Duplicate Faces: faces that lie on another one, and faces without area."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty

from ..blender.report import counted
from ..geometry.repair.faces import remove_degenerate, remove_duplicates
from ..geometry.repair.polygons import Polygons
from .cleanup import Cleanup
from .joined import remove_as_joined

__all__ = ["MAQUETTE_OT_remove_duplicate_faces"]


class MAQUETTE_OT_remove_duplicate_faces(Cleanup, bpy.types.Operator):
    """Remove faces that have the same corners as another one, and close up faces without any area, in all selected
    meshes"""

    bl_idname = "maquette.remove_duplicate_faces"
    bl_label = "Remove Duplicate Faces"

    duplicates: BoolProperty(
        name="Duplicate Faces", description="Of faces with the same corners keep the first", default=True
    )
    degenerate: BoolProperty(
        name="Faces without Area",
        description="Remove needles and slivers, and join up what is around them, so that no gap is left",
        default=True,
    )
    flat: FloatProperty(
        name="Flatness",
        description="A face has no area when it is lower than this share of its longest side",
        default=1e-6,
        min=0.0,
        max=0.1,
        precision=7,
        step=0.0001,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "duplicates")
        self.layout.prop(self, "degenerate")
        row = self.layout.row()
        row.active = self.degenerate
        row.prop(self, "flat")

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        result, texts = mesh, []
        if self.duplicates:
            result = remove_as_joined(mesh, remove_duplicates)
            texts.append((mesh.n_faces - result.n_faces, "duplicate face", "duplicate faces"))
        if self.degenerate:
            before = result
            result = remove_degenerate(before, flat=self.flat)
            texts.append((before.n_faces - result.n_faces, "face without area", "faces without area"))
        found = [counted(*text) for text in texts if text[0] > 0]
        if result is mesh:
            return mesh, "No duplicate faces, and none without area"
        return result, f"Removed {' and '.join(found)}" if found else "Closed up faces without area"

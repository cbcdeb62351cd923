"""Remove Loose Parts: floating bits and crumbs."""

from __future__ import annotations

import bpy
from bpy.props import FloatProperty, IntProperty

from ..blender.report import counted
from ..geometry.repair.parts import remove_loose_parts
from ..geometry.repair.polygons import Polygons, compact
from .cleanup import Cleanup
from .joined import remove_as_joined

__all__ = ["MAQUETTE_OT_remove_loose_parts"]


class MAQUETTE_OT_remove_loose_parts(Cleanup, bpy.types.Operator):
    """Remove parts that hang together with nothing else and are small, and edges and vertices without a face, in all
    selected meshes. The largest part always stays"""

    bl_idname = "maquette.remove_loose_parts"
    bl_label = "Remove Loose Parts"
    keeps_loose = False

    smallest_size: FloatProperty(
        name="Smaller Than",
        description="Remove parts that are smaller than this share of the whole object; 0 for none",
        default=5.0,
        min=0.0,
        max=100.0,
        subtype="PERCENTAGE",
    )
    fewest_faces: IntProperty(
        name="Fewer Faces Than",
        description="Remove parts with fewer faces than this; 0 for none",
        default=0,
        min=0,
        soft_max=1000,
    )
    keep_largest: IntProperty(
        name="Keep Only the Largest",
        description="Keep this many of the largest parts and remove all others; 0 for no such limit",
        default=0,
        min=0,
        soft_max=20,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("smallest_size", "fewest_faces", "keep_largest"):
            self.layout.prop(self, name)

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        counts: list[int] = []

        def step(joined: Polygons) -> Polygons:
            result = remove_loose_parts(
                joined,
                keep_largest=self.keep_largest,
                smallest_size=self.smallest_size / 100.0,
                fewest_faces=self.fewest_faces,
            )
            counts.extend([int(joined.parts.max()) + 1, int(result.parts.max()) + 1])
            return result

        result = compact(remove_as_joined(mesh, step))
        stray = len(mesh.points) - len(result.points) if result.n_faces == mesh.n_faces else 0
        if result is mesh:
            return mesh, f"Nothing to remove from {counted(counts[0], 'part', 'parts')}"
        if stray:
            return result, f"Removed {counted(stray, 'vertex', 'vertices')} without a face"
        gone = mesh.n_faces - result.n_faces
        parts = counted(counts[0] - counts[1], "part", "parts")
        return result, f"Removed {parts} with {counted(gone, 'face', 'faces')}, {counts[1]:,} left"

"""Fill Holes: close what is open."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty

from ..blender.report import counted
from ..geometry.repair.holes import fill_holes, find_holes
from ..geometry.repair.loops import find_loops
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.polygons import Polygons
from .cleanup import Cleanup

__all__ = ["MAQUETTE_OT_fill_holes"]


class MAQUETTE_OT_fill_holes(Cleanup, bpy.types.Operator):
    """Close holes with new faces, in all selected meshes. Edges that only part at a seam are joined first. Large holes,
    such as the opening of a cup, are closed only when asked"""

    bl_idname = "maquette.fill_holes"
    bl_label = "Fill Holes"

    smooth: BoolProperty(
        name="Smooth",
        description="Carry on the curve of the surface around each hole, instead of spanning it flat",
        default=False,
    )
    large: BoolProperty(name="Large Holes Too", description="Close every hole, whatever its size", default=False)
    max_size: FloatProperty(
        name="Longest Rim",
        description="Close holes whose rim is at most this long, in percent of the diagonal of the object's box",
        default=50.0,
        min=0.0,
        soft_max=400.0,
        precision=1,
        subtype="PERCENTAGE",
    )
    max_sides: IntProperty(
        name="Most Sides",
        description="Close holes with at most this many edges; 0 for any number",
        default=0,
        min=0,
        soft_max=100,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "smooth")
        self.layout.prop(self, "large")
        column = self.layout.column()
        column.active = not self.large
        column.prop(self, "max_size")
        column.prop(self, "max_sides")

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        joined = merge_vertices(mesh, rims_only=True)
        texts = []
        if joined is not mesh:
            texts.append("joined its seams")
        before = len(find_holes(joined))
        # A rim of no length is no limit to the step itself; here it means that no hole is small enough.
        limits = {} if self.large else {"max_length": max(self.max_size, 1e-6) / 100.0, "max_sides": self.max_sides}
        result = fill_holes(joined, smooth=self.smooth, **limits)
        left = len(find_holes(result))
        if before > left:
            texts.append(f"closed {counted(before - left, 'hole', 'holes')}")
        if left and not self.large:
            texts.append(f"left {counted(left, 'larger one', 'larger ones')} open (see Large Holes Too)")
        one_sided = len(find_loops(result)) - left
        if one_sided:
            rims = counted(one_sided, "rim of a part", "rims of parts")
            texts.append(f"left {rims} with one side only, like a Moebius strip")
        text = ", ".join(texts) or "no holes to close"
        return result, text[0].upper() + text[1:]

"""Remove Inner Shells: closed surfaces inside others, which nobody sees and slicers print."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty

from ..blender.report import counted
from ..geometry.repair.parts import remove_inner_shells
from ..geometry.repair.polygons import Polygons
from .cleanup import Cleanup
from .joined import remove_as_joined

__all__ = ["MAQUETTE_OT_remove_inner_shells"]


class MAQUETTE_OT_remove_inner_shells(Cleanup, bpy.types.Operator):
    """Remove closed surfaces that lie wholly inside another one, in all selected meshes"""

    bl_idname = "maquette.remove_inner_shells"
    bl_label = "Remove Inner Shells"

    keep_cavities: BoolProperty(
        name="Keep Hollows",
        description="Keep shells whose faces look inwards: they make the object hollow, as a vase for printing is",
        default=True,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "keep_cavities")

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        counts: list[int] = []

        def step(joined: Polygons) -> Polygons:
            result = remove_inner_shells(joined, keep_cavities=self.keep_cavities)
            every = result if not self.keep_cavities else remove_inner_shells(joined, keep_cavities=False)
            counts.extend(int(part.parts.max()) + 1 for part in (joined, result, every))
            return result

        result = remove_as_joined(mesh, step)
        before, after, least = counts
        hollows = f"; {counted(after - least, 'hollow was', 'hollows were')} kept" if after > least else ""
        if result is mesh:
            return mesh, f"No inner shells to remove{hollows}"
        gone = mesh.n_faces - result.n_faces
        shells = counted(before - after, "inner shell", "inner shells")
        return result, f"Removed {shells} with {counted(gone, 'face', 'faces')}{hollows}"

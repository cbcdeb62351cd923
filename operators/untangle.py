"""Untangle: a body that passes through itself becomes one that does not."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.polygons import read_polygons
from ..blender.rebuild import rebuild
from ..blender.report import counted
from ..blender.stand_in import stand_in
from ..errors import MeshError
from ..geometry.problems import find_problems
from ..geometry.repair.faults import find_faults
from ..geometry.repair.manifold import remove_non_manifold
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.parts import part_volumes
from ..geometry.repair.polygons import Polygons, keep_faces
from ..geometry.repair.prepare import drop_invalid
from ..geometry.repair.transfer import blend
from .by_modifier import as_modified, dressed_stand_in, take_over
from .cleanup import Cleanup, Notes, read_source

__all__ = ["MAQUETTE_OT_untangle"]

_MOST_FACES = 100_000
"""Blender's exact solver takes minutes for more, and cannot be stopped."""
_SLIVER = 1e-6
"""Bodies with less than this share of the largest one's volume are slivers."""


class MAQUETTE_OT_untangle(Cleanup, bpy.types.Operator):
    """Unite each selected mesh with itself, exactly, also where a single body passes through itself. For closed meshes.
    Takes seconds for 10,000 faces, and cannot be stopped"""

    bl_idname = "maquette.untangle"
    bl_label = "Untangle"

    def clean_item(self, context: bpy.types.Context, item: bpy.types.Object, notes: Notes) -> str:
        source = read_source(item)
        before = merge_vertices(drop_invalid(source))
        crossing = len(find_problems(before).crossing_faces)
        if not crossing:
            return "No face passes through another"
        if not find_faults(before).closed:
            raise MeshError("Only closed meshes can be untangled: run Clean Up or Make Solid first.")
        if before.n_faces > _MOST_FACES:
            raise MeshError(f"Untangling takes too long beyond {_MOST_FACES:,} faces: run Decimate first.")
        donor = _united_with_itself(context, item, source, before)
        try:
            return _finish(item, source, donor, crossing, notes)
        finally:
            bpy.data.meshes.remove(donor)


def _united_with_itself(
    context: bpy.types.Context, item: bpy.types.Object, source: Polygons, before: Polygons
) -> bpy.types.Mesh:
    """A new mesh: the union of the object with nothing, for which the exact solver cuts it at its own crossings."""
    nothing = bpy.data.collections.new("Maquette")
    try:
        with dressed_stand_in(context, item, source, before) as other:
            modifier = other.modifiers.new("Untangle", "BOOLEAN")
            modifier.operation, modifier.solver, modifier.use_self = "UNION", "EXACT", True
            modifier.operand_type, modifier.collection = "COLLECTION", nothing
            return _without_slivers(context, as_modified(context, other))
    finally:
        bpy.data.collections.remove(nothing)


def _without_slivers(context: bpy.types.Context, donor: bpy.types.Mesh) -> bpy.types.Mesh:
    """The mesh without the bodies of no volume that the solver leaves along crossings; the mesh given is used up."""
    made = read_polygons(donor)
    apart = remove_non_manifold(made, gap=0.0)
    volumes = part_volumes(apart, apart.parts)
    tidy = keep_faces(apart, (np.abs(volumes) > _SLIVER * np.abs(volumes).max())[apart.parts])
    with stand_in(context, donor) as other:
        rebuild(other, tidy, blend(tidy, made), keep_loose=False)
        return as_modified(context, other)


def _finish(item: bpy.types.Object, source: Polygons, donor: bpy.types.Mesh, crossing: int, notes: Notes) -> str:
    """Check the result, and give it to the object."""
    if not len(donor.polygons) or not find_faults(read_polygons(donor)).closed:
        raise MeshError("The crossings could not be resolved into a closed surface; nothing was changed.")
    left = len(find_problems(read_polygons(donor)).crossing_faces)
    if left >= crossing:
        raise MeshError("The crossings could not be resolved; nothing was changed.")
    take_over(item, source, donor)
    text = f"Resolved {counted(crossing, 'crossing face', 'crossing faces')}"
    if left:
        notes.warned = True
        text += f", {left:,} are left"
    return text

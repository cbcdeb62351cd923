"""Decimate: fewer faces, the shape kept."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ..blender.polygons import read_polygons
from ..blender.report import counted
from ..errors import MeshError
from ..geometry.problems import Problems, find_problems
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.prepare import drop_invalid
from ..settings import FACE_LIMITS
from .by_modifier import as_modified, dressed_stand_in, take_over
from .cleanup import Cleanup, Notes, read_source

__all__ = ["MAQUETTE_OT_decimate", "decimate"]

_TOLERANCE = 0.02
_ATTEMPTS = 4

# What must not become more by it, and its words: one and many.
_FAULTS = {
    "boundary_edges": ("open edge", "open edges"),
    "non_manifold_edges": ("non-manifold edge", "non-manifold edges"),
    "crossing_faces": ("face that crosses another", "faces that cross others"),
}


class MAQUETTE_OT_decimate(Cleanup, bpy.types.Operator):
    """Reduce all selected meshes to a number of triangles each, keeping their shape, UVs, colours and materials. Seams
    whose sides touch are joined first"""

    bl_idname = "maquette.decimate"
    bl_label = "Decimate"

    target_faces: IntProperty(
        name="Faces",
        description="How many triangles each mesh has in the end, give or take 2 %; smaller meshes stay as they are",
        default=20_000,
        min=FACE_LIMITS[0],
        max=FACE_LIMITS[1],
        soft_max=200_000,
        step=1000,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "target_faces")

    def clean_item(self, context: bpy.types.Context, item: bpy.types.Object, notes: Notes) -> str:
        return decimate(context, item, self.target_faces, notes)


def decimate(context: bpy.types.Context, item: bpy.types.Object, faces: int, notes: Notes) -> str:
    """Reduce an object's mesh to so many triangles, and say what was done; ``notes`` is told where that needs a look.

    Raises
    ------
    MeshError
        If the mesh may not or cannot be changed, or a closed one would not stay closed; it is as it was then.
    """
    source = read_source(item)
    if int((source.sizes - 2).sum()) <= faces:
        return f"Has only {counted(source.n_faces, 'face', 'faces')} already"
    before = merge_vertices(drop_invalid(source))
    donor = _decimated(context, item, source, before, faces)
    try:
        return _finish(item, source, before, donor, faces, notes)
    finally:
        bpy.data.meshes.remove(donor)


def _decimated(
    context: bpy.types.Context, item: bpy.types.Object, source: Polygons, before: Polygons, faces: int
) -> bpy.types.Mesh:
    """A new mesh, in lengths of the world, with all attributes, vertex groups and seams."""
    with dressed_stand_in(context, item, source, before) as other:
        modifier = other.modifiers.new("Decimate", "DECIMATE")
        modifier.use_collapse_triangulate = True
        ratio = faces / int((before.sizes - 2).sum())
        for attempt in range(_ATTEMPTS):
            modifier.ratio = min(ratio, 1.0)
            made = as_modified(context, other)
            count = len(made.polygons)
            if abs(count - faces) <= _TOLERANCE * faces or attempt == _ATTEMPTS - 1:
                return made
            bpy.data.meshes.remove(made)
            ratio *= faces / max(count, 1)
    raise AssertionError("unreachable")


def _finish(
    item: bpy.types.Object, source: Polygons, before: Polygons, donor: bpy.types.Mesh, faces: int, notes: Notes
) -> str:
    """Check the result, and give it to the object."""
    after = read_polygons(donor)
    text = f"Decimated {source.n_faces:,} faces to {after.n_faces:,}"
    if abs(after.n_faces - faces) > _TOLERANCE * faces:
        text += f", as near to {faces:,} as its parts allow"
        notes.warned = True
    worse = _worse(find_problems(before), find_problems(after))
    if "boundary_edges" in worse and not len(find_problems(before).boundary_edges):
        raise MeshError("The closed surface would not stay closed with so few faces: choose more.")
    if worse:
        text += f"; it now has {' and '.join(worse.values())}"
        notes.warned = True
    take_over(item, source, donor)
    return text


def _worse(before: Problems, after: Problems) -> dict[str, str]:
    """What there is more of than before, in words."""
    counts = {name: (len(getattr(before, name)), len(getattr(after, name))) for name in _FAULTS}
    return {name: counted(now, *_FAULTS[name]) for name, (was, now) in counts.items() if now > was}

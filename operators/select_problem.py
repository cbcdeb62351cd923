"""Select Problem: show where one kind of fault lies."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import EnumProperty

from ..blender.edge_sources import read_edges
from ..blender.polygons import read_polygons, scaled, world_scale
from ..blender.report import counted
from ..errors import MaquetteError, MeshError
from ..geometry.arrays import Indices
from ..geometry.problems import find_problems
from ..geometry.repair.polygons import Polygons
from .targets import check_editable, is_mesh_active, object_mode, shaping_modifiers

__all__ = ["MAQUETTE_OT_select_problem"]

# By the report's key: what is selected, its name in `Problems`, and one and many of it in words.
_PROBLEMS = {
    "boundary_edges": ("EDGE", "boundary_edges", "open edge", "open edges"),
    "non_manifold_edges": ("EDGE", "non_manifold_edges", "non-manifold edge", "non-manifold edges"),
    "non_manifold_vertices": ("VERT", "non_manifold_vertices", "non-manifold vertex", "non-manifold vertices"),
    "inconsistent_edges": ("FACE", "turned_faces", "face turned over", "faces turned over"),
    "inner_shells": ("FACE", "inner_faces", "face of inner shells", "faces of inner shells"),
    "self_intersections": ("FACE", "crossing_faces", "face that crosses another", "faces that cross others"),
    "duplicate_faces": ("FACE", "duplicate_faces", "duplicate face", "duplicate faces"),
    "degenerate_faces": ("FACE", "degenerate_faces", "face without area", "faces without area"),
    "loose_parts": ("FACE", "loose_faces", "face of loose parts", "faces of loose parts"),
}


class MAQUETTE_OT_select_problem(bpy.types.Operator):
    """Select where this lies in the active mesh, in Edit Mode"""

    bl_idname = "maquette.select_problem"
    bl_label = "Select Problem"
    bl_options = {"REGISTER", "UNDO"}

    which: EnumProperty(
        name="Problem",
        description="What to select",
        items=[(key, many[0].upper() + many[1:], f"Select the {many}") for key, (_, _, _, many) in _PROBLEMS.items()],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        item = context.active_object
        kind, name, one, many = _PROBLEMS[self.which]
        try:
            found = _find(context, item, kind, name)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        _enter_edit_mode(context, item, kind)
        if not len(found):
            names = ", ".join(shaping_modifiers(item))
            self.report({"INFO"}, f"No {many}" + (f" in the mesh itself, without {names}" if names else ""))
        else:
            self.report({"INFO"}, f"Selected {counted(len(found), one, many)}")
        return {"FINISHED"}


def _find(context: bpy.types.Context, item: bpy.types.Object, kind: str, name: str) -> Indices:
    """Find the elements, and mark them and nothing else as selected."""
    check_editable(item)
    if not item.visible_get():
        raise MeshError(f"{item.name} is hidden: show it first.")
    with object_mode(context):
        mesh = read_polygons(item.data)
        found: Indices = getattr(find_problems(scaled(mesh, world_scale(item))), name)
        _mark(item.data, mesh, found, kind)
    return found


def _mark(mesh: bpy.types.Mesh, polygons: Polygons, found: Indices, kind: str) -> None:
    """Select vertices, edges (each by one of its sides) or faces with all that belongs to them, and show them."""
    edges = read_edges(mesh)
    chosen = {
        "vertices": np.zeros(len(polygons.points), np.bool_),
        "edges": np.zeros(len(edges.ends), np.bool_),
        "polygons": np.zeros(polygons.n_faces, np.bool_),
    }
    if kind == "VERT":
        chosen["vertices"][found] = True
    elif kind == "EDGE":
        chosen["edges"][edges.side[found]] = True
        chosen["vertices"][edges.ends[edges.side[found]]] = True
    else:
        chosen["polygons"][found] = True
        sides = chosen["polygons"][polygons.owner]
        chosen["edges"][edges.side[sides]] = True
        chosen["vertices"][polygons.corners[sides]] = True
    for name, flags in chosen.items():
        elements = getattr(mesh, name)
        hidden = np.zeros(len(flags), np.bool_)
        elements.foreach_get("hide", hidden)
        if (hidden & flags).any():
            elements.foreach_set("hide", hidden & ~flags)
        elements.foreach_set("select", flags)


def _enter_edit_mode(context: bpy.types.Context, item: bpy.types.Object, kind: str) -> None:
    """Edit this object alone, in the select mode of the elements."""
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for other in context.selected_objects:
        other.select_set(False)
    item.select_set(True)
    context.tool_settings.mesh_select_mode = [kind == mode for mode in ("VERT", "EDGE", "FACE")]
    bpy.ops.object.mode_set(mode="EDIT")

"""Sculpt Mode set up: Multires or Dyntopo to the detail asked for, and masks."""

from __future__ import annotations

import bpy
import numpy as np

from ..contracts import Float
from ..errors import MeshError

__all__ = ["enter_sculpt", "find_multires", "shared_edges", "subdivide", "use_dyntopo", "write_mask"]

_MASK = ".sculpt_mask"


def find_multires(item: bpy.types.Object) -> bpy.types.Modifier | None:
    """The object's Multires modifier, or None."""
    return next((modifier for modifier in item.modifiers if modifier.type == "MULTIRES"), None)


def shared_edges(mesh: bpy.types.Mesh) -> int:
    """How many edges more than two faces have in common."""
    edges = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("edge_index", edges)
    return int(np.count_nonzero(np.bincount(edges, minlength=len(mesh.edges)) > 2))


def write_mask(mesh: bpy.types.Mesh, mask: Float) -> None:
    """Protect vertices from sculpting: float32 [V] in 0..1, 1 for what brushes leave alone. Not in Sculpt Mode."""
    attribute = mesh.attributes.get(_MASK)
    if attribute is not None and (attribute.data_type, attribute.domain) != ("FLOAT", "POINT"):
        mesh.attributes.remove(attribute)
        attribute = None
    if attribute is None:
        attribute = mesh.attributes.new(_MASK, "FLOAT", "POINT")
    attribute.data.foreach_set("value", np.ascontiguousarray(mask, np.float32))


def subdivide(item: bpy.types.Object, levels: int) -> None:
    """Give an object in Sculpt Mode, the active one, a Multires modifier with as many levels.

    An own one that is there gets the levels it lacks. A new one takes over the vertices' sculpt mask, which Blender
    does only when the first level is made in Sculpt Mode.

    Raises
    ------
    MeshError
        If Blender cannot subdivide the mesh.
    """
    multires = find_multires(item) or item.modifiers.new("Multires", "MULTIRES")
    try:
        while multires.total_levels < levels:
            bpy.ops.object.multires_subdivide(modifier=multires.name, mode="CATMULL_CLARK")
    except RuntimeError as error:
        raise MeshError(f"{item.name} cannot be subdivided: clean it up, or choose Dyntopo.") from error
    multires.levels = multires.sculpt_levels = multires.render_levels = multires.total_levels


def use_dyntopo(context: bpy.types.Context, length: float) -> None:
    """Switch Dyntopo on in Sculpt Mode, with edges of a length in the world's unit.

    Blender makes an undo step of its own of that, which cannot be helped: to undo all takes two.
    """
    if not context.sculpt_object.use_dynamic_topology_sculpting:
        bpy.ops.sculpt.dynamic_topology_toggle()
    sculpt = context.tool_settings.sculpt
    sculpt.detail_type_method = "CONSTANT"
    sculpt.constant_detail_resolution = float(np.clip(1 / max(length, 1e-9), 0.001, 10_000))


def enter_sculpt(item: bpy.types.Object) -> None:
    """Switch an object in Object Mode, the active one, to Sculpt Mode.

    Raises
    ------
    MeshError
        If Blender does not allow it.
    """
    try:
        bpy.ops.object.mode_set(mode="SCULPT")
    except RuntimeError as error:
        raise MeshError(f"{item.name} cannot be sculpted: show it in the viewport and make it local.") from error

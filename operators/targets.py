"""Which objects a cleaning works on, and the modes it has to leave for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..errors import MeshError

__all__ = ["check_editable", "find_targets", "has_targets", "is_mesh_active", "object_mode", "shaping_modifiers"]

# Modifiers that leave the faces as they are, so that what the user sees is what was cleaned.
_HARMLESS = {
    "ARMATURE",
    "CAST",
    "CLOTH",
    "COLLISION",
    "CORRECTIVE_SMOOTH",
    "CURVE",
    "DATA_TRANSFER",
    "DISPLACE",
    "HOOK",
    "LAPLACIANDEFORM",
    "LAPLACIANSMOOTH",
    "LATTICE",
    "MESH_CACHE",
    "MESH_DEFORM",
    "MESH_SEQUENCE_CACHE",
    "NORMAL_EDIT",
    "SHRINKWRAP",
    "SIMPLE_DEFORM",
    "SMOOTH",
    "SOFT_BODY",
    "SURFACE",
    "SURFACE_DEFORM",
    "UV_PROJECT",
    "UV_WARP",
    "VERTEX_WEIGHT_EDIT",
    "VERTEX_WEIGHT_MIX",
    "VERTEX_WEIGHT_PROXIMITY",
    "WARP",
    "WAVE",
    "WEIGHTED_NORMAL",
}


def find_targets(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The mesh objects to work on, the active one first; of those that share a mesh only the first.

    That is the active object, which the panel shows, hidden or not, and all that are selected or in the same mode.
    """
    active = context.active_object
    found = [] if active is None else [active]
    found += [item for item in context.view_layer.objects if item.mode == "EDIT"]
    found += context.selected_objects
    by_mesh: dict[bpy.types.Mesh, bpy.types.Object] = {}
    for item in found:
        if item.type == "MESH":
            by_mesh.setdefault(item.data, item)
    return list(by_mesh.values())


def is_mesh_active(
    operator: type[bpy.types.Operator], context: bpy.types.Context, otherwise: str = "Select a mesh object first"
) -> bool:
    """Whether the active object is a mesh, as an operator's poll says it."""
    if context.active_object is None or context.active_object.type != "MESH":
        operator.poll_message_set(otherwise)
        return False
    return True


def has_targets(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether there is anything to work on, as an operator's poll says it."""
    if not find_targets(context):
        operator.poll_message_set("Select a mesh object first")
        return False
    return True


def check_editable(item: bpy.types.Object) -> None:
    """Refuse an object whose mesh belongs to another file.

    Raises
    ------
    MeshError
        With what to do about it.
    """
    if item.data.library is not None:
        raise MeshError("The mesh is linked from another file: make it local first (Object > Relations > Make Local).")
    if item.data.override_library is not None:
        raise MeshError("The mesh is a library override: make it local first (Object > Relations > Make Local).")


def shaping_modifiers(item: bpy.types.Object) -> list[str]:
    """The names of the modifiers that show other faces than those of the mesh."""
    return [modifier.name for modifier in item.modifiers if modifier.show_viewport and modifier.type not in _HARMLESS]


@contextmanager
def object_mode(context: bpy.types.Context) -> Iterator[None]:
    """Work in Object Mode, and come back to the mode, and for Edit Mode to all objects, that the user was in."""
    layer = context.view_layer
    active = layer.objects.active
    mode = "OBJECT" if active is None else active.mode
    if mode == "OBJECT":
        yield
        return
    edited = [item for item in layer.objects if item.mode == mode]
    bpy.ops.object.mode_set(mode="OBJECT")
    try:
        yield
    finally:
        selected = {item: item.select_get() for item in layer.objects}
        for item in layer.objects:
            item.select_set(item in edited)
        bpy.ops.object.mode_set(mode=mode)
        for item, state in selected.items():
            item.select_set(state)

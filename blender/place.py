"""Where a new object goes: its collection, its place, and what is selected."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

__all__ = ["leave_edit_mode", "place"]


def leave_edit_mode(context: bpy.types.Context) -> None:
    """Go to Object Mode, as an undo step of its own, so that the user's edits are kept and undone apart from ours."""
    if context.mode == "OBJECT" or context.view_layer.objects.active is None:
        return
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.ed.undo_push(message="Leave Edit Mode")


def place(
    item: bpy.types.Object,
    scene: bpy.types.Scene,
    view_layer: bpy.types.ViewLayer,
    location: Iterable[float],
    spaces: Iterable[bpy.types.SpaceView3D] = (),
) -> None:
    """Put an object into the scene, the only one selected, and active.

    Parameters
    ----------
    item
        A new object, in no collection yet.
    location
        Its origin, in the world's metres.
    spaces
        3D views that must show it even while they show only a few objects (local view).
    """
    _collection(scene, view_layer).objects.link(item)
    item.location = tuple(location)
    for other in list(view_layer.objects.selected):
        other.select_set(False, view_layer=view_layer)
    for space in spaces:
        if space.local_view is not None:
            item.local_view_set(space, True)
    item.select_set(True, view_layer=view_layer)
    view_layer.objects.active = item


def _collection(scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer) -> bpy.types.Collection:
    """The active collection where it can take and show an object, else the first that can, else the scene's own."""
    root = view_layer.layer_collection
    for layer in (view_layer.active_layer_collection, root, *_below(root)):
        if layer.visible_get() and not layer.exclude and not _is_closed(layer.collection):
            return layer.collection
    return scene.collection


def _below(layer: bpy.types.LayerCollection) -> Iterable[bpy.types.LayerCollection]:
    for child in layer.children:
        yield child
        yield from _below(child)


def _is_closed(collection: bpy.types.Collection) -> bool:
    """Whether a new object could not be added, being linked from another file, or not be selected."""
    return collection.library is not None or collection.override_library is not None or collection.hide_select

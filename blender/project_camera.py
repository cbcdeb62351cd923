"""Cameras of Blender, and views of the 3D viewport, as matrices; cameras that remember the view saved from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import bpy
import numpy as np
from mathutils import Matrix

from ..errors import MeshError
from ..geometry.arrays import Points

__all__ = [
    "SavedView",
    "View",
    "add_camera",
    "camera_matrix",
    "find_view",
    "remember_view",
    "saved_views",
    "viewed",
]

_FILE, _ORIGINAL, _OF = "maquette_view_file", "maquette_view", "maquette_view_of"
"""What a camera keeps of the view saved from it: the picture's file, what was in it, and of which object."""


class View(NamedTuple):
    """What a 3D viewport shows: ``window`` and ``view`` float64 [4, 4], as Blender names them, and its size; or the
    ``camera`` it looks through."""

    window: Points
    view: Points
    size: tuple[int, int]
    clip: tuple[float, float]
    camera: bpy.types.Object | None


class SavedView(NamedTuple):
    """A camera with the picture that was saved from it."""

    camera: bpy.types.Object
    file: Path
    original: bpy.types.Image


def viewed(context: bpy.types.Context) -> View | None:
    """What the 3D viewport at hand shows, or None where there is none."""
    areas = [context.area] if context.area is not None else []
    areas += list(context.screen.areas) if context.screen is not None else []
    area = next((area for area in areas if area.type == "VIEW_3D"), None)
    if area is None:
        return None
    space = area.spaces.active
    region = next(region for region in area.regions if region.type == "WINDOW")
    shown = space.region_3d
    own = space.camera if space.use_local_camera else context.scene.camera
    return View(
        np.array(shown.window_matrix, np.float64),
        np.array(shown.view_matrix, np.float64),
        (max(region.width, 1), max(region.height, 1)),
        (space.clip_start, space.clip_end),
        own if shown.view_perspective == "CAMERA" else None,
    )


def camera_matrix(
    context: bpy.types.Context, camera: bpy.types.Object, width: int, height: int, square: bool = False
) -> Points:
    """From points of the world to clip coordinates, for a picture of ``width`` x ``height``: float64 [4, 4].

    Blender's own: lens, shift, sensor fit, orthographic scale and, unless pixels are ``square``, the scene's pixel
    aspect count.

    Raises
    ------
    MeshError
        For what is no camera, and for panoramic ones.
    """
    if camera.type != "CAMERA":
        raise MeshError(f"{camera.name} is not a camera: choose one.")
    if camera.data.type not in {"PERSP", "ORTHO"}:
        raise MeshError(f"{camera.name} is a panoramic camera: use a perspective or an orthographic one.")
    render = context.scene.render
    aspect = (1.0, 1.0) if square else (render.pixel_aspect_x, render.pixel_aspect_y)
    depsgraph = context.evaluated_depsgraph_get()
    lens = camera.calc_matrix_camera(depsgraph, x=width, y=height, scale_x=aspect[0], scale_y=aspect[1])
    place = np.array(camera.evaluated_get(depsgraph).matrix_world.normalized(), np.float64)
    return np.array(lens, np.float64) @ np.linalg.inv(place)


def add_camera(
    context: bpy.types.Context, item: bpy.types.Object, data: bpy.types.Camera, place: Points
) -> bpy.types.Object:
    """Add a camera that stands at ``place`` float64 [4, 4] to the scene, named after an object and hidden: it stands in
    the middle of the view."""
    camera = bpy.data.objects.new(f"{item.name} View", data)
    data.name = camera.name
    camera.matrix_world = Matrix(place)
    context.scene.collection.objects.link(camera)
    camera.hide_set(True)
    context.view_layer.update()
    return camera


def remember_view(camera: bpy.types.Object, item: bpy.types.Object, file: Path, original: bpy.types.Image) -> None:
    """Keep with a camera which picture was saved from it."""
    camera[_FILE], camera[_ORIGINAL], camera[_OF] = str(file), original, item


def saved_views(item: bpy.types.Object) -> Iterator[SavedView]:
    """The views that were saved of an object and are still there."""
    for camera in bpy.data.objects:
        view = find_view(camera)
        if view is not None and camera.get(_OF) == item:
            yield view


def find_view(camera: bpy.types.Object) -> SavedView | None:
    """The view saved from a camera, or None for a camera of another kind."""
    original = camera.get(_ORIGINAL)
    if camera.type != "CAMERA" or not isinstance(original, bpy.types.Image) or not isinstance(camera.get(_FILE), str):
        return None
    return SavedView(camera, Path(bpy.path.abspath(camera[_FILE])), original)

"""The picture shown through the mask that is being painted, and marks on the things to choose among."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from ..contracts import Point
from .masks import UNDER

__all__ = ["add_overlay", "draw_marks", "remove_overlay"]

_STRENGTH = 0.5
_MARK, _RING = 11.0, 24
_handles: list[object] = []


def add_overlay() -> None:
    """Show pictures through their masks in all image editors; nothing without a window."""
    if not bpy.app.background:
        _handles.append(bpy.types.SpaceImageEditor.draw_handler_add(_draw_under, (), "WINDOW", "POST_VIEW"))


def remove_overlay() -> None:
    """Take that back."""
    while _handles:
        bpy.types.SpaceImageEditor.draw_handler_remove(_handles.pop(), "WINDOW")


def _draw_under() -> None:
    space = bpy.context.space_data
    under = space.image.get(UNDER) if space.image is not None else None
    if not isinstance(under, bpy.types.Image) or not space.overlay.show_overlays:
        return
    shader = gpu.shader.from_builtin("IMAGE_COLOR")
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]  # the view's unit is the image
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners, "texCoord": corners})
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_sampler("image", gpu.texture.from_image(under))
    shader.uniform_float("color", (1.0, 1.0, 1.0, _STRENGTH))
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def draw_marks(region: bpy.types.Region, points: Sequence[Point], chosen: int) -> None:
    """Draw a disc on each point of the image that the region shows; the chosen one, counted from 0, is filled."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    shader.bind()
    for number, (x, y) in enumerate(points):
        left, up = region.view2d.view_to_region(x, 1 - y, clip=False)
        turns = [2 * math.pi * k / _RING for k in range(_RING)]
        for radius, colour in ((_MARK, (0.0, 0.0, 0.0, 0.8)), (_MARK - 3, (1.0, 1.0, 1.0, 1.0))):
            ring = [(left + radius * math.cos(turn), up + radius * math.sin(turn)) for turn in turns]
            shader.uniform_float("color", (0.25, 0.7, 0.3, 1.0) if number == chosen and radius < _MARK else colour)
            batch_for_shader(shader, "TRI_FAN", {"pos": ring}).draw(shader)
    gpu.state.blend_set("NONE")

"""Texture Paint set up: mode, canvas, stencil and a viewport that shows the texture."""

from __future__ import annotations

import bpy

from ..contracts import Pixels
from ..errors import MeshError
from .images import pack_pixels

__all__ = ["clear_stencil", "enter_texture_paint", "set_stencil", "show_textures"]

_MASK = "maquette_stencil"
_TINT, _OPACITY = (0.9, 0.25, 0.1), 0.3
"""How the protected part is marked in the viewport."""


def enter_texture_paint(
    context: bpy.types.Context, item: bpy.types.Object, slot: int, image: bpy.types.Image, uv_map: str
) -> None:
    """Switch an object in Object Mode, the active one, to Texture Paint, with a picture of its materials as the canvas.

    Raises
    ------
    MeshError
        If Blender cannot paint on the object.
    """
    layers = item.data.uv_layers
    layers.active = layers.get(uv_map) or next(layer for layer in layers if layer.active_render)
    item.active_material_index = slot
    try:
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
    except RuntimeError as error:
        raise MeshError(f"{item.name} cannot be painted on: show it in the viewport and make it local.") from error
    paint = context.tool_settings.image_paint
    paint.mode, paint.canvas = "MATERIAL", image
    material = item.material_slots[slot].material
    number = next((k for k, each in enumerate(material.texture_paint_images) if each == image), None)
    if number is None:  # shown by way of nodes that Blender does not look through
        paint.mode = "IMAGE"
    else:
        material.paint_active_slot = number


def set_stencil(context: bpy.types.Context, item: bpy.types.Object, mask: Pixels, invert: bool) -> bpy.types.Image:
    """Protect from paint where a mask uint8 [S, S] over the UVs is white, or black if it is to ``invert``.

    Raises
    ------
    OutputError
        When the disk for temporary files is full.
    """
    paint, mesh = context.tool_settings.image_paint, item.data
    before = paint.stencil_image
    image = pack_pixels(mask, f"{item.name} seen")
    image[_MASK] = True
    mesh.uv_layer_stencil_index = mesh.uv_layers.active_index
    paint.stencil_image, paint.use_stencil_layer, paint.invert_stencil = image, True, invert
    paint.stencil_color = _TINT
    if before is not None and before.get(_MASK) and not before.users:
        bpy.data.images.remove(before)
    return image


def clear_stencil(context: bpy.types.Context) -> None:
    """Let paint go everywhere."""
    context.tool_settings.image_paint.use_stencil_layer = False


def show_textures(context: bpy.types.Context) -> None:
    """Let the 3D viewports of the screen show textures, and what a stencil protects as a tint."""
    for area in context.screen.areas if context.screen is not None else []:
        if area.type == "VIEW_3D":
            space = area.spaces.active
            if space.shading.type == "WIREFRAME":
                space.shading.type = "SOLID"
            if space.shading.type == "SOLID":
                space.shading.color_type = "TEXTURE"
            space.overlay.texture_paint_mode_opacity = _OPACITY

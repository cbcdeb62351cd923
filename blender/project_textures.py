"""The textures that an object's faces show, and new ones in their place."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Color

from ..contracts import Pixels
from ..errors import MeshError
from .images import image_pixels, pack_pixels
from .maps import base_texture, find_shader, is_read_only, shown_nodes, uv_of
from .material import build_material, shader_to_set

__all__ = ["Canvas", "find_canvases", "read_canvas", "show_pixels"]

_GREY = 0.8
"""The colour of a new texture where no material says another, as Blender's own new materials."""


@dataclass
class Canvas:
    """One texture of an object: the picture and UV layer, and the material ``slots`` that show it.

    Without ``image`` there is none yet: ``material`` is to have one, or is still to be made where it is None, too.
    """

    image: bpy.types.Image | None
    uv_map: str
    material: bpy.types.Material | None
    slots: list[int] = field(default_factory=list[int])


def find_canvases(item: bpy.types.Object) -> tuple[list[Canvas], list[str]]:
    """The textures of an object's materials, and what speaks against painting on the others, one sentence each."""
    canvases: dict[tuple[object, ...], Canvas] = {}
    refused: list[str] = []
    for number, slot in enumerate(item.material_slots):
        try:
            canvas = _canvas(slot.material)
        except MeshError as error:
            refused.append(str(error))
            continue
        key = (canvas.image, canvas.uv_map) if canvas.image is not None else (canvas.material,)
        canvases.setdefault(key, canvas).slots.append(number)
    if not item.material_slots:
        return [Canvas(None, "", None, [0])], []
    return list(canvases.values()), list(dict.fromkeys(refused))


def read_canvas(canvas: Canvas, size: int) -> Pixels:
    """The texture as it is: uint8 [H, W, 3 or 4], first row at the top; of one colour, ``size`` pixels wide, where
    there is none yet."""
    if canvas.image is not None:
        return image_pixels(canvas.image)
    shader = find_shader(canvas.material) if canvas.material is not None else None
    colour = Color((_GREY, _GREY, _GREY) if shader is None else tuple(shader.inputs["Base Color"].default_value)[:3])
    levels = np.rint(np.clip(tuple(colour.from_scene_linear_to_srgb()), 0, 1) * 255)
    return np.broadcast_to(levels.astype(np.uint8), (size, size, 3)).copy()


def show_pixels(item: bpy.types.Object, canvas: Canvas, pixels: Pixels) -> bpy.types.Image:
    """Show other pixels in place of a texture, in a new packed picture, since undo does not bring pixels back.

    The new picture takes over the name and all users of the old one, which stays beside it until the file is saved and
    nothing uses it.

    Raises
    ------
    MeshError
        If the material cannot have a texture.
    OutputError
        When the disk for temporary files is full.
    """
    old = canvas.image
    if old is None:
        image = pack_pixels(pixels, canvas.material.name if canvas.material is not None else item.name, colour=True)
        _give(item, canvas, image)
        return image
    # Without its alpha where nothing is transparent: files get smaller, and exporters have less to decide.
    opaque = pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all())
    name = old.name
    image = pack_pixels(pixels[..., :3] if opaque else pixels, name)
    image.colorspace_settings.name = "sRGB" if old.is_float else old.colorspace_settings.name
    image.alpha_mode = old.alpha_mode
    old.user_remap(image)
    if old.library is None:
        old.name = f"{name} before"
        image.name = name
    return image


def _canvas(material: bpy.types.Material | None) -> Canvas:
    """The texture of one material; errors say why it cannot be painted."""
    if material is None:
        return Canvas(None, "", None)
    if is_read_only(material):
        raise MeshError(f"The material {material.name} is linked from another file: make it local first.")
    shader = find_shader(material)
    node = base_texture(shader) if shader is not None else None
    if shader is None and material.node_tree is not None:
        shown = shown_nodes(material.node_tree)
        node = next((each for each in shown if each.bl_idname == "ShaderNodeTexImage" and each.image is not None), None)
    if node is None:
        if shader is not None and shader.inputs["Base Color"].is_linked:
            raise MeshError(f"The colours of {material.name} come from nodes: bake them into an image first.")
        return Canvas(None, "", material)
    image, lies = node.image, uv_of(node)
    if lies is None or lies[1]:
        raise MeshError(f"The picture of {material.name} is not laid on by UVs alone: bake it into an image first.")
    if image.source not in {"FILE", "GENERATED"}:
        raise MeshError(f"{image.name} is tiled (UDIM), a film or a render result: use a single picture instead.")
    return Canvas(image, lies[0], material)


def _give(item: bpy.types.Object, canvas: Canvas, image: bpy.types.Image) -> None:
    """Connect a picture as the base colour of a material that has none, made where there is no material."""
    if canvas.material is not None:
        shader = shader_to_set(canvas.material)
        tree = canvas.material.node_tree
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = image
        texture.location = (shader.location.x - 320.0, shader.location.y)
        tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        return
    material = build_material(item.name, image)
    if not item.material_slots:
        item.data.materials.append(material)
    for number in canvas.slots:
        item.material_slots[number].material = material

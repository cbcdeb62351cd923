"""Occlusion, roughness and metallic in one picture, in the channels that glTF asks for."""

from __future__ import annotations

import bpy
import numpy as np
from PIL import Image

from ..contracts import Pixels
from .images import image_pixels, pack_pixels
from .maps import CHANNELS, NAMES, connect_occlusion, connect_orm

__all__ = ["pack_orm", "values_as_image", "values_as_numbers"]

_SIDE = 32  # pixels of a picture that has one value everywhere
_MADE = "maquette_of_values"


def pack_orm(
    name: str,
    roughness: bpy.types.Image | float,
    metallic: bpy.types.Image | float,
    occlusion: bpy.types.Image | None = None,
) -> bpy.types.Image:
    """One picture with occlusion in red (white without it), roughness in green and metallic in blue.

    It is as large as the largest of the pictures that go in; of those the green channel is read, as they are grey.

    Raises
    ------
    OutputError
        When a picture that goes in has no pixels, or the disk for temporary files is full.
    """
    channels = [
        np.full((1, 1), round(each * 255), np.uint8) if isinstance(each, float) else image_pixels(each)[..., 1]
        for each in (1.0 if occlusion is None else occlusion, roughness, metallic)
    ]
    height, width = max((each.shape for each in channels), key=lambda shape: shape[0] * shape[1])
    size = (_SIDE, _SIDE) if width * height == 1 else (width, height)
    return pack_pixels(np.stack([_resized(each, size) for each in channels], axis=-1), name)


def values_as_image(material: bpy.types.Material, shader: bpy.types.Node) -> None:
    """Turn a shader's numbers for roughness and metallic into a picture, for programs that only read pictures.

    Our occlusion map, where there is one, goes into it too. Inputs that something is connected to stay as they are.

    Raises
    ------
    OutputError
        When the occlusion map has no pixels, or the disk for temporary files is full.
    """
    values_as_numbers(material, shader)
    rough, metal = shader.inputs["Roughness"], shader.inputs["Metallic"]
    if rough.is_linked or metal.is_linked:
        return
    tree = material.node_tree
    node = tree.nodes.get(NAMES["occlusion"])
    occlusion = node.image if node is not None else None
    image = pack_orm(f"{material.name} ORM", rough.default_value, metal.default_value, occlusion)
    image[_MADE] = True
    connect_orm(tree, shader, image, occlusion is not None)


def values_as_numbers(material: bpy.types.Material, shader: bpy.types.Node) -> None:
    """Take back what `values_as_image` made; other pictures, of real surfaces, stay."""
    tree = material.node_tree
    node = tree.nodes.get(NAMES["orm"])
    if node is None or node.image is None or _MADE not in node.image:
        return
    image = node.image
    for each in (node, tree.nodes.get(CHANNELS)):
        if each is not None:
            tree.nodes.remove(each)
    if not image.users:
        bpy.data.images.remove(image)
    occlusion = tree.nodes.get(NAMES["occlusion"])
    if occlusion is not None and occlusion.image is not None:
        connect_occlusion(tree, shader, occlusion.image)


def _resized(channel: Pixels, size: tuple[int, int]) -> Pixels:
    return np.asarray(Image.fromarray(channel).resize(size, Image.Resampling.BILINEAR))

"""The pictures that give objects their base colour: found, judged whether they can be enlarged, and replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy

from ..errors import MeshError, PictureError
from .images import pack_image
from .maps import base_texture, find_shader, is_read_only, upstream

__all__ = ["base_images", "check_image", "show_instead"]


def base_images(item: bpy.types.Object) -> list[bpy.types.Image]:
    """The pictures that are the base colour of the object's materials, each once.

    A material without a Principled shader (one that shines by itself, say) counts with the first picture it shows.

    Raises
    ------
    MeshError
        If there are none, or only in materials of other files.
    """
    materials = [slot.material for slot in item.material_slots if slot.material is not None]
    own = [material for material in materials if not is_read_only(material)]
    if materials and not own:
        raise MeshError(f"The material {materials[0].name} is linked from another file: make it local first.")
    found = dict.fromkeys(image for material in own for image in _shown(material))
    if not found:
        raise MeshError(f"{item.name} has no picture as its base colour: there is nothing to enlarge.")
    return list(found)


def check_image(image: bpy.types.Image) -> None:
    """Refuse what is not one picture of one moment.

    Raises
    ------
    PictureError
        With what it is instead.
    """
    kinds = {"TILED": "in several tiles (UDIM)", "MOVIE": "a film", "SEQUENCE": "a sequence of pictures"}
    if image.source in kinds:
        raise PictureError(f"{image.name} is {kinds[image.source]}, which cannot be enlarged; use a single picture.")
    if image.source == "VIEWER":
        raise PictureError(f"{image.name} is a result that Blender makes anew: save it as a file and use that.")
    if not all(image.size):
        raise PictureError(f"{image.name} has no pixels: its file is missing.")


def show_instead(old: bpy.types.Image, path: Path) -> bpy.types.Image:
    """Let all materials of this file that show ``old`` show the picture file ``path``, packed, instead.

    ``old`` stays as it is; Blender drops it when the file is saved and nothing else uses it.

    Raises
    ------
    MeshError
        If no material shows it any more.
    OutputError
        If the file cannot be read.
    """
    nodes = [node for node in _texture_nodes() if node.image == old]
    if not nodes:
        raise MeshError(f"No material shows {old.name} any more: nothing was changed.")
    image = pack_image(path, old.name)
    image.name = f"{Path(old.name).stem} {max(image.size)} px"
    # What is read from a picture with floating-point colours has been brought to sRGB.
    linear = old.is_float and not old.colorspace_settings.is_data
    image.colorspace_settings.name = "sRGB" if linear else old.colorspace_settings.name
    image.alpha_mode = old.alpha_mode
    for node in nodes:
        node.image = image
    for scene in bpy.data.scenes:
        paint = scene.tool_settings.image_paint
        if paint.canvas == old:  # else the next stroke would go where nobody sees it
            paint.canvas = image
    return image


def _shown(material: bpy.types.Material) -> list[bpy.types.Image]:
    shader = find_shader(material)
    if shader is not None:
        node = base_texture(shader)
    else:
        output = material.node_tree.get_output_node("ALL") if material.node_tree is not None else None
        nodes = upstream(output.inputs["Surface"]) if output is not None else []
        node = next((n for n in nodes if n.bl_idname == "ShaderNodeTexImage" and n.image is not None), None)
    return [] if node is None else [node.image]


def _texture_nodes() -> Iterator[bpy.types.Node]:
    """All Image Texture nodes of this file's own materials and node groups."""
    trees = [m.node_tree for m in bpy.data.materials if m.node_tree is not None and not is_read_only(m)]
    trees += [group for group in bpy.data.node_groups if group.library is None and group.override_library is None]
    for tree in trees:
        yield from (node for node in tree.nodes if node.bl_idname == "ShaderNodeTexImage")

"""A packed picture and the material that shows it."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..errors import OutputError

__all__ = ["build_material", "pack_image"]

ROUGHNESS = 0.6


def pack_image(path: Path, name: str) -> bpy.types.Image:
    """Load a picture file into the blend file itself; the file is not needed afterwards.

    The file's bytes are packed as they are, and Blender decodes them only when something shows the picture.

    Raises
    ------
    OutputError
        When the file cannot be read.
    """
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        raise OutputError("The texture's temporary file is gone: free some disk space and run again.") from error
    image.name = name
    image.pack()
    image.filepath_raw = ""
    return image


def build_material(name: str, image: bpy.types.Image) -> bpy.types.Material:
    """A Principled material, not metallic and fairly rough, with the picture as its base colour."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):  # from then on a material always has nodes
        material.use_nodes = True
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    shader.inputs["Roughness"].default_value = ROUGHNESS
    shader.inputs["Metallic"].default_value = 0.0
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    texture.location = (shader.location.x - 320.0, shader.location.y)
    tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    return material

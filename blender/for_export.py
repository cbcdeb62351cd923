"""Materials as single exporters need them, for the time of an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np

from .images import image_pixels, pack_pixels
from .maps import find_shader, is_read_only, lie_like, shown_nodes

__all__ = ["grey_pictures", "no_spare_displacement", "triangles"]

_INPUTS = ("Roughness", "Metallic")


@contextmanager
def grey_pictures(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Let roughness and metallic come from grey pictures of their own where they are channels of a packed one.

    FBX and OBJ would lose them otherwise. At the end the materials are as before. Materials linked from another blend
    file cannot be changed and are left as they are.

    Raises
    ------
    OutputError
        When a picture has no pixels, or the disk for temporary files is full.
    """
    cut: list[tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]] = []
    made: list[bpy.types.Node] = []
    try:
        for material in _materials(objects):
            shader = find_shader(material)
            for entry in (shader.inputs[name] for name in _INPUTS) if shader is not None else ():
                source = _channel(entry)
                if source is not None:
                    made.append(_grey(*source))
                    cut.append((entry.links[0].from_socket, entry))
                    material.node_tree.links.new(made[-1].outputs["Color"], entry)
        yield
    finally:
        for socket, entry in cut:
            entry.id_data.links.new(socket, entry)
        for node in made:
            image = node.image
            node.id_data.nodes.remove(node)
            bpy.data.images.remove(image)


@contextmanager
def no_spare_displacement(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Let Displacement nodes that lie ready without being connected say nothing.

    The USD exporter takes the first it finds, connected or not. At the end the materials are as before.
    """
    cut: list[tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]] = []
    set_to_zero: list[tuple[bpy.types.NodeSocket, float]] = []
    try:
        for material in _materials(objects):
            shown = shown_nodes(material.node_tree)
            for node in material.node_tree.nodes:
                if node.bl_idname != "ShaderNodeDisplacement" or node in shown:
                    continue
                for entry in (node.inputs["Height"], node.inputs["Midlevel"]):
                    for link in entry.links:
                        cut.append((link.from_socket, entry))
                        material.node_tree.links.remove(link)
                    set_to_zero.append((entry, entry.default_value))
                    entry.default_value = 0.0
        yield
    finally:
        for entry, value in set_to_zero:
            entry.default_value = value
        for socket, entry in cut:
            entry.id_data.links.new(socket, entry)


@contextmanager
def triangles(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Let meshes with faces of more than four corners be triangles, just as Blender draws them.

    The glTF exporter, which triangulates anyway, has no tangents for them otherwise. At the end the objects have their
    own modifiers again; those linked from another blend file are left as they are.
    """
    added: list[tuple[bpy.types.Object, bpy.types.Modifier]] = []
    graph = bpy.context.evaluated_depsgraph_get()
    try:
        for item in objects:
            if item.type != "MESH" or item.library is not None:
                continue
            faces = item.evaluated_get(graph).data.polygons
            corners = np.empty(len(faces), np.int32)
            faces.foreach_get("loop_total", corners)
            if (corners > 4).any():
                modifier = item.modifiers.new("Triangulate", "TRIANGULATE")
                modifier.quad_method, modifier.ngon_method = "FIXED", "CLIP"
                added.append((item, modifier))
        yield
    finally:
        for item, modifier in added:
            item.modifiers.remove(modifier)


def _materials(objects: Sequence[bpy.types.Object]) -> list[bpy.types.Material]:
    """The materials of objects that have nodes and may be changed."""
    found = dict.fromkeys(slot.material for item in objects for slot in item.material_slots)
    return [each for each in found if each is not None and each.node_tree is not None and not is_read_only(each)]


def _channel(entry: bpy.types.NodeSocket) -> tuple[bpy.types.Node, int] | None:
    """The Image Texture, and which of its channels goes into a socket; None where it is something else."""
    if not entry.is_linked:
        return None
    split, socket = entry.links[0].from_node, entry.links[0].from_socket
    if split.bl_idname != "ShaderNodeSeparateColor" or split.mode != "RGB" or not split.inputs["Color"].is_linked:
        return None
    texture = split.inputs["Color"].links[0].from_node
    if texture.bl_idname != "ShaderNodeTexImage" or texture.image is None or texture.image.source == "TILED":
        return None
    return texture, [each.name for each in split.outputs].index(socket.name)


def _grey(texture: bpy.types.Node, channel: int) -> bpy.types.Node:
    pixels = image_pixels(texture.image)[..., channel]
    node = texture.id_data.nodes.new("ShaderNodeTexImage")
    node.image = pack_pixels(pixels, f"{texture.image.name} {'RGB'[channel]}")
    lie_like(node, texture)
    return node

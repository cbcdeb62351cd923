"""Pictures in materials: one way to find the shader and to connect normal, occlusion, roughness and metallic maps.

The nodes are those that Blender's exporters recognise: Image Texture nodes of Non-Color images, a Normal Map node,
channels taken out of a packed image by Separate Color, and for occlusion, which no shader of Blender's knows, the group
that the glTF exporter looks for.
"""

from __future__ import annotations

from typing import Any

import bpy

__all__ = [
    "CHANNELS",
    "NAMES",
    "base_texture",
    "connect_normal",
    "connect_occlusion",
    "connect_orm",
    "current_normal",
    "find_shader",
    "is_read_only",
    "lie_like",
    "own_node",
    "own_texture",
    "shown_nodes",
    "switch_on_nodes",
    "upstream",
    "uv_of",
]

NAMES = {
    "normal": "Maquette Normal",
    "displacement": "Maquette Displacement",
    "occlusion": "Maquette Occlusion",
    "orm": "Maquette ORM",
}
"""The names of our Image Texture nodes. A map given again takes the node of the one before."""
CHANNELS = "Maquette ORM Channels"
"""The node that takes the channels of the last of them apart."""

_STEP = 300.0
_GLTF_GROUP = "glTF Material Output"
_GLTF_NAMES = ("gltf material output", "gltf settings")  # what the add-on looks for; the second is its older name
# All that the group of Blender 5.2's own add-on has, which also reads them: name and default.
_GLTF_INPUTS = {
    "Occlusion": 0.0,
    "Thickness": 0.0,
    "Dispersion": 0.0,
    "Iridescence Factor": 0.0,
    "Iridescence Thickness Minimum": 100.0,
}


def is_read_only(material: bpy.types.Material) -> bool:
    """Whether a material belongs to another file."""
    return material.library is not None or material.override_library is not None


def switch_on_nodes(material: bpy.types.Material) -> None:
    """Give a material nodes; from Blender 5 on it always has them."""
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True


def find_shader(material: bpy.types.Material) -> bpy.types.Node | None:
    """The Principled shader that a material shows, else the first it has; None without one, or without nodes."""
    if material.node_tree is None or (bpy.app.version < (5, 0, 0) and not material.use_nodes):
        return None
    found = [node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"]
    output = material.node_tree.get_output_node("ALL")
    shown = upstream(output.inputs["Surface"]) if output is not None else []
    return next((node for node in [*shown, *found] if node in found), None)


def upstream(socket: bpy.types.NodeSocket) -> list[bpy.types.Node]:
    """The nodes that lead into a socket, the nearest first."""
    found: dict[bpy.types.Node, None] = {}
    sockets = [socket]
    while sockets:
        nodes = [link.from_node for each in sockets for link in each.links if link.from_node not in found]
        found.update(dict.fromkeys(nodes))
        sockets = [each for node in nodes for each in node.inputs if each.is_linked]
    return list(found)


def shown_nodes(tree: bpy.types.NodeTree) -> list[bpy.types.Node]:
    """The nodes that lead into what the material shows."""
    output = tree.get_output_node("ALL")
    inputs = output.inputs if output is not None else ()
    return list(dict.fromkeys(node for entry in inputs for node in upstream(entry)))


def base_texture(shader: bpy.types.Node) -> bpy.types.Node | None:
    """The Image Texture node whose picture is the shader's base colour, straight or by way of other nodes."""
    nodes = upstream(shader.inputs["Base Color"])
    return next((node for node in nodes if node.bl_idname == "ShaderNodeTexImage" and node.image is not None), None)


def own_node(
    tree: bpy.types.NodeTree, shader: bpy.types.Node, kind: str, name: str, column: int, row: int
) -> bpy.types.Node:
    """The node of that name, from an earlier time or new, left of the shader and below the picture's own colours."""
    node = tree.nodes.get(name)
    if node is None or node.bl_idname != kind:
        node = tree.nodes.new(kind)
        node.name = node.label = name
        node.location = (shader.location.x - _STEP * column, shader.location.y - _STEP * row)
    return node


def own_texture(
    tree: bpy.types.NodeTree, shader: bpy.types.Node, role: str, image: bpy.types.Image, row: int
) -> bpy.types.Node:
    """Our Image Texture node for one of `NAMES`, with a picture; the one before is removed if nothing else uses it."""
    node = own_node(tree, shader, "ShaderNodeTexImage", NAMES[role], 2, row)
    before = node.image
    node.image = image
    if before is not None and before != image and not before.users:
        bpy.data.images.remove(before)
    return node


def connect_normal(
    tree: bpy.types.NodeTree, shader: bpy.types.Node, image: bpy.types.Image, uv_map: str = ""
) -> bpy.types.Node:
    """Lead a tangent-space map (OpenGL) into the shader, or into the Bump node there; returns its Image Texture."""
    texture = own_texture(tree, shader, "normal", image, 2)
    if texture.inputs["Vector"].is_linked:  # from a map before, which lay otherwise
        tree.links.remove(texture.inputs["Vector"].links[0])
    node = own_node(tree, shader, "ShaderNodeNormalMap", f"{NAMES['normal']} Map", 1, 2)
    node.space, node.uv_map = "TANGENT", uv_map
    node.inputs["Strength"].default_value = 1.0
    tree.links.new(texture.outputs["Color"], node.inputs["Color"])
    tree.links.new(node.outputs["Normal"], _normal_entry(shader))
    return texture


def current_normal(shader: bpy.types.Node) -> tuple[bpy.types.Node, bpy.types.Node | None] | None:
    """What is connected as normals, past a Bump node: the node, and the Image Texture it reads if it is a Normal Map.

    None where nothing is connected.
    """
    entry = _normal_entry(shader)
    if not entry.is_linked:
        return None
    node = entry.links[0].from_node
    links = node.inputs["Color"].links if node.bl_idname == "ShaderNodeNormalMap" else ()
    texture = links[0].from_node if links else None
    whole = texture is not None and texture.bl_idname == "ShaderNodeTexImage" and texture.image is not None
    return node, texture if whole else None


def uv_of(texture: bpy.types.Node) -> tuple[str, str] | None:
    """How an Image Texture lies on the surface: the UV map, "" for the one marked for rendering, and the Mapping node.

    None where other coordinates than UVs decide, or several Mapping nodes.
    """
    entry, mapping = texture.inputs["Vector"], ""
    while entry.is_linked:
        node, socket = entry.links[0].from_node, entry.links[0].from_socket
        if node.bl_idname == "ShaderNodeUVMap":
            return node.uv_map, mapping
        if node.bl_idname == "ShaderNodeTexCoord":
            return ("", mapping) if socket.name == "UV" else None
        if node.bl_idname != "ShaderNodeMapping" or mapping:
            return None
        entry, mapping = node.inputs["Vector"], node.name
    # A Mapping node that nothing leads to is at one point.
    return ("", "") if texture.projection == "FLAT" and not mapping else None


def lie_like(texture: bpy.types.Node, model: bpy.types.Node) -> None:
    """Let an Image Texture lie on the surface just as another one does."""
    tree, entry = texture.id_data, texture.inputs["Vector"]
    texture.interpolation, texture.extension = model.interpolation, model.extension
    if model.inputs["Vector"].is_linked:
        tree.links.new(model.inputs["Vector"].links[0].from_socket, entry)
    elif entry.is_linked:
        tree.links.remove(entry.links[0])


def connect_occlusion(tree: bpy.types.NodeTree, shader: bpy.types.Node, image: bpy.types.Image) -> None:
    """Lead a grey map to where the glTF exporter looks for occlusion; Blender itself shows nothing of it."""
    texture = own_texture(tree, shader, "occlusion", image, 4)
    tree.links.new(texture.outputs["Color"], _gltf_node(tree, shader).inputs["Occlusion"])


def connect_orm(tree: bpy.types.NodeTree, shader: bpy.types.Node, image: bpy.types.Image, occlusion: bool) -> None:
    """Lead green into roughness and blue into metallic, and red to the glTF exporter if it holds occlusion.

    One image then serves all three in a glTF file, which asks for just this order.
    """
    texture = own_texture(tree, shader, "orm", image, 5)
    split = own_node(tree, shader, "ShaderNodeSeparateColor", CHANNELS, 1, 5)
    split.mode = "RGB"
    tree.links.new(texture.outputs["Color"], split.inputs["Color"])
    tree.links.new(split.outputs["Green"], shader.inputs["Roughness"])
    tree.links.new(split.outputs["Blue"], shader.inputs["Metallic"])
    if occlusion:
        tree.links.new(split.outputs["Red"], _gltf_node(tree, shader).inputs["Occlusion"])


def _normal_entry(shader: bpy.types.Node) -> bpy.types.NodeSocket:
    """Where normals go in: the shader, or the Bump node before it, which adds to them."""
    entry = shader.inputs["Normal"]
    bump = entry.links[0].from_node if entry.is_linked else None
    return bump.inputs["Normal"] if bump is not None and bump.bl_idname == "ShaderNodeBump" else entry


def _gltf_node(tree: bpy.types.NodeTree, shader: bpy.types.Node) -> bpy.types.Node:
    """The group node that Blender's glTF add-on reads and makes itself, made here where it is missing."""
    node: Any = next(
        (node for node in tree.nodes if node.bl_idname == "ShaderNodeGroup" and _is_gltf(node.node_tree)), None
    )
    if node is None:
        node = tree.nodes.new("ShaderNodeGroup")
        node.node_tree = next(filter(_is_gltf, bpy.data.node_groups), None) or _gltf_group()
        node.location = (shader.location.x, shader.location.y + 160)
    return node


def _is_gltf(group: bpy.types.NodeTree | None) -> bool:
    return group is not None and group.name.lower().startswith(_GLTF_NAMES) and "Occlusion" in _inputs(group)


def _inputs(group: bpy.types.NodeTree) -> list[str]:
    return [item.name for item in group.interface.items_tree if item.item_type == "SOCKET" and item.in_out == "INPUT"]


def _gltf_group() -> bpy.types.NodeTree:
    group = bpy.data.node_groups.new(_GLTF_GROUP, "ShaderNodeTree")
    for name, value in _GLTF_INPUTS.items():
        group.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat").default_value = value
    group.nodes.new("NodeGroupOutput")
    group.nodes.new("NodeGroupInput").location = (-200, 0)
    return group

"""Materials: a Principled shader with a finish, the picture as its base colour, and further maps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

import bpy

from ..contracts import Finish
from ..errors import MeshError
from ..materials import AUTO, Preset, choose
from .maps import (
    connect_normal,
    connect_occlusion,
    connect_orm,
    find_shader,
    is_read_only,
    switch_on_nodes,
)
from .orm import pack_orm

__all__ = ["Role", "apply_preset", "build_material", "keep_light", "known_finish", "shader_to_set"]

Role = Literal["normal", "roughness", "metallic", "occlusion"]

_FINISH = "maquette_finish"
# Shaders that say no more than a colour, which a Principled shader can take over.
_SIMPLE = {
    "ShaderNodeBsdfAnisotropic",  # Glossy BSDF
    "ShaderNodeBsdfDiffuse",
    "ShaderNodeBsdfGlass",
    "ShaderNodeBsdfMetallic",
    "ShaderNodeEmission",
    "ShaderNodeTexImage",
}


def build_material(
    name: str,
    image: bpy.types.Image | None = None,
    preset: str = AUTO,
    finish: Finish | None = None,
    maps: Mapping[Role, bpy.types.Image] | None = None,
) -> bpy.types.Material:
    """Make a Principled material.

    Parameters
    ----------
    image
        The base colour.
    preset
        One of `materials.PRESETS`.
    finish
        What the picture says of the surface; kept in the material, so that Auto can be chosen later.
    maps
        Further pictures by role. The normal map is in tangent space, green up (OpenGL). Roughness and metallic, with
        occlusion if it is there too, become one packed picture.

    Raises
    ------
    OutputError
        When a picture to be packed with others has no pixels, or the disk for temporary files is full.
    """
    material = bpy.data.materials.new(name)
    try:
        switch_on_nodes(material)
        shader = _new_shader(material)
        if finish is not None:
            material[_FINISH] = json.dumps(asdict(finish))
        values, _ = choose(preset, finish)
        apply_preset(material, shader, values)
        if image is not None:
            _connect_base(material.node_tree, shader, image)
        _connect_maps(material, shader, values, maps or {})
    except Exception:
        bpy.data.materials.remove(material)
        raise
    return material


def keep_light(material: bpy.types.Material, image: bpy.types.Image) -> None:
    """Keep the light that was taken out of the base colour in a node of its own, connected to nothing."""
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.label = "Light of the Picture"
    node.image = image
    node.location = (-320.0, 620.0)
    node.hide = True


def known_finish(material: bpy.types.Material) -> Finish | None:
    """What was estimated of a material's surface when it was made, or None."""
    try:
        told = json.loads(material.get(_FINISH, ""))
        return Finish(float(told["roughness"]), float(told["metallic"]), str(told["note"]))
    except (TypeError, ValueError, KeyError):  # none there, or not from us
        return None


def apply_preset(material: bpy.types.Material, shader: bpy.types.Node, preset: Preset) -> list[str]:
    """Set a shader's values; returns the names of those that a picture or another node decides, which stay so."""
    path = preset.subsurface_path
    furthest = max(path)
    values = {
        "Roughness": preset.roughness,
        "Metallic": preset.metallic,
        "Specular IOR Level": preset.specular,
        "IOR": preset.ior,
        "Coat Weight": preset.coat,
        "Coat Roughness": preset.coat_roughness,
        "Sheen Weight": preset.sheen,
        "Sheen Roughness": preset.sheen_roughness,
        "Subsurface Weight": preset.subsurface,
        "Subsurface Radius": tuple(length / furthest for length in path),
        "Subsurface Scale": furthest,
        "Transmission Weight": preset.transmission,
    }
    for name, value in values.items():
        shader.inputs[name].default_value = value
    # EEVEE shows what lies behind only if told to; Cycles does so anyway.
    material.use_raytrace_refraction = preset.transmission > 0
    return [name for name in values if shader.inputs[name].is_linked]


def shader_to_set(material: bpy.types.Material) -> bpy.types.Node:
    """The Principled shader of a material, made where there are no nodes or only a plain shader with a colour.

    Raises
    ------
    MeshError
        When the material belongs to another file, or has nodes of another kind, which stay as they are.
    """
    if is_read_only(material):
        raise MeshError(f"{material.name} is linked from another file: make it local first.")
    shader = find_shader(material)
    if shader is not None:
        return shader
    if material.node_tree is None or (bpy.app.version < (5, 0, 0) and not material.use_nodes):
        return _from_viewport(material)
    output = material.node_tree.get_output_node("ALL")
    links = output.inputs["Surface"].links if output is not None else ()
    plain = links[0].from_node if links else None
    if plain is not None and plain.bl_idname not in _SIMPLE:
        raise MeshError(f"{material.name} mixes shaders of its own and has no Principled one: add that first.")
    return _in_place_of(material, plain)


def _from_viewport(material: bpy.types.Material) -> bpy.types.Node:
    """Switch the nodes on and take over the colour that the material has without them."""
    switch_on_nodes(material)
    shader = find_shader(material) or _new_shader(material)
    shader.inputs["Base Color"].default_value = material.diffuse_color
    return shader


def _in_place_of(material: bpy.types.Material, plain: bpy.types.Node | None) -> bpy.types.Node:
    """A new Principled shader with the colour of the plain one, whose place it takes."""
    tree = material.node_tree
    shader = _new_shader(material)
    if plain is None:
        return shader
    shader.location = (plain.location.x, plain.location.y + 120)
    if plain.bl_idname == "ShaderNodeTexImage":
        tree.links.new(plain.outputs["Color"], shader.inputs["Base Color"])
        return shader
    colour = next(each for each in plain.inputs if each.name in ("Color", "Base Color"))
    shader.inputs["Base Color"].default_value = colour.default_value
    if colour.is_linked:
        tree.links.new(colour.links[0].from_socket, shader.inputs["Base Color"])
    tree.nodes.remove(plain)
    return shader


def _new_shader(material: bpy.types.Material) -> bpy.types.Node:
    """The shader of a new material, or one added and connected."""
    shader = find_shader(material)
    if shader is not None:
        return shader
    tree = material.node_tree
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    output = tree.get_output_node("ALL") or tree.nodes.new("ShaderNodeOutputMaterial")
    shader.location = (output.location.x - 320, output.location.y)
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return shader


def _connect_base(tree: bpy.types.NodeTree, shader: bpy.types.Node, image: bpy.types.Image) -> None:
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    texture.location = (shader.location.x - 320.0, shader.location.y)
    tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])


def _connect_maps(
    material: bpy.types.Material, shader: bpy.types.Node, values: Preset, maps: Mapping[Role, bpy.types.Image]
) -> None:
    tree, occlusion = material.node_tree, maps.get("occlusion")
    for image in maps.values():
        image.colorspace_settings.name = "Non-Color"
    if "normal" in maps:
        connect_normal(tree, shader, maps["normal"])
    if "roughness" in maps or "metallic" in maps:
        rough, metal = maps.get("roughness", values.roughness), maps.get("metallic", values.metallic)
        packed = pack_orm(f"{material.name} ORM", rough, metal, occlusion)
        connect_orm(tree, shader, packed, occlusion is not None)
    elif occlusion is not None:
        connect_occlusion(tree, shader, occlusion)

"""The two sides of a bake in Blender: meshes as they are shown, and maps in the materials of an object."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from ..errors import MeshError
from ..geometry.bake_detail_data import Detail, DetailMesh
from .images import pack_pixels
from .maps import (
    NAMES,
    connect_normal,
    connect_occlusion,
    find_shader,
    is_read_only,
    own_node,
    own_texture,
    switch_on_nodes,
)

__all__ = ["pack_maps", "read_pair", "show_maps"]


def read_pair(
    context: bpy.types.Context, low: bpy.types.Object, high: bpy.types.Object | None
) -> tuple[DetailMesh, DetailMesh]:
    """Read the mesh to bake onto and the one with the detail, both in the frame of the former, with modifiers.

    Without ``high`` the detail is that of the object's Multires modifier: the finest level, baked onto the level shown.

    Raises
    ------
    MeshError
        If there is nothing to read the detail from, or the object is scaled to nothing.
    """
    if high is None:
        return _read(context, low), _finest(context, low)
    into = np.array(low.matrix_world, np.float64)
    if abs(np.linalg.det(into[:3, :3])) < 1e-30:
        raise MeshError("The object is scaled to nothing along an axis: give it a size first.")
    return _read(context, low), _moved(_read(context, high), np.linalg.inv(into) @ np.array(high.matrix_world))


def pack_maps(detail: Detail, name: str) -> dict[str, bpy.types.Image]:
    """Turn the maps into packed pictures of Blender, the displacement with 16 bits.

    Raises
    ------
    OutputError
        When the disk for temporary files is full.
    """
    maps = {"normal": detail.normal, "displacement": detail.displacement, "occlusion": detail.occlusion}
    return {key: pack_pixels(values, f"{name} {key}") for key, values in maps.items() if values is not None}


def show_maps(
    item: bpy.types.Object, images: Mapping[str, bpy.types.Image], detail: Detail, displace: bool
) -> list[str]:
    """Put maps into all materials of an object, those of an earlier bake replaced; the object gets one if it has none.

    The normal map is connected, and occlusion to where the glTF exporter looks for it; displacement only lies ready
    unless ``displace``. Returns the names of the materials that could not be changed.
    """
    if not any(slot.material for slot in item.material_slots):
        material = bpy.data.materials.new(item.name)
        switch_on_nodes(material)
        if item.material_slots:
            item.material_slots[0].material = material
        else:
            item.data.materials.append(material)
    left: list[str] = []
    for material in dict.fromkeys(slot.material for slot in item.material_slots if slot.material):
        shader = None if is_read_only(material) else find_shader(material)
        if shader is None:
            left.append(material.name)
            continue
        if "normal" in images:
            connect_normal(material.node_tree, shader, images["normal"])
        if "displacement" in images:
            _place_displacement(material, shader, images["displacement"], detail, displace)
        if "occlusion" in images:
            connect_occlusion(material.node_tree, shader, images["occlusion"])
    return left


def _read(context: bpy.types.Context, item: bpy.types.Object) -> DetailMesh:
    """The mesh of an object in Object Mode as it is shown, in its own frame."""
    evaluated = item.evaluated_get(context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    try:
        mesh.calc_loop_triangles()
        points = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", points)
        triangles = np.empty((len(mesh.loop_triangles), 3), np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles.ravel())
        corners = np.empty((len(mesh.loop_triangles), 3), np.int32)
        mesh.loop_triangles.foreach_get("loops", corners.ravel())
        normals = np.empty(len(mesh.loops) * 3, np.float32)
        mesh.corner_normals.foreach_get("vector", normals)
        # The layer that materials show unless told otherwise.
        layer = next((layer for layer in mesh.uv_layers if layer.active_render), None)
        uv = None
        if layer is not None:
            flat = np.empty(len(mesh.loops) * 2, np.float32)
            layer.uv.foreach_get("vector", flat)
            uv = flat.reshape(-1, 2)[corners]
    finally:
        evaluated.to_mesh_clear()
    return DetailMesh(points.reshape(-1, 3).astype(np.float64), triangles, normals.reshape(-1, 3)[corners], uv)


def _finest(context: bpy.types.Context, item: bpy.types.Object) -> DetailMesh:
    """The mesh at the finest level of the object's Multires modifier."""
    multires = next((each for each in item.modifiers if each.type == "MULTIRES" and each.show_viewport), None)
    if multires is None:
        raise MeshError("Select the detailed mesh too, and the one to bake onto last, so that it is active.")
    if multires.levels >= multires.total_levels:
        raise MeshError("Multires shows its finest level: lower Level Viewport to the level to bake onto.")
    shown = multires.levels
    multires.levels = multires.total_levels
    try:
        return _read(context, item)
    finally:
        multires.levels = shown


def _moved(mesh: DetailMesh, matrix: np.ndarray) -> DetailMesh:
    """A mesh in another frame; a mirrored one keeps its outer side outside."""
    linear = matrix[:3, :3]
    if abs(np.linalg.det(linear)) < 1e-30:
        raise MeshError("The detailed object is scaled to nothing along an axis: give it a size first.")
    normals = mesh.normals.astype(np.float64) @ np.linalg.inv(linear)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-30)
    turn = [0, 2, 1] if np.linalg.det(linear) < 0 else [0, 1, 2]
    points = mesh.points @ linear.T + matrix[:3, 3]
    return DetailMesh(points, mesh.triangles[:, turn], normals[:, turn].astype(np.float32))


def _place_displacement(
    material: bpy.types.Material, shader: bpy.types.Node, image: bpy.types.Image, detail: Detail, connect: bool
) -> None:
    """Lead the map into a Displacement node with the right scale, and that into the output if asked."""
    tree = material.node_tree
    texture = own_texture(tree, shader, "displacement", image, 3)
    node = own_node(tree, shader, "ShaderNodeDisplacement", f"{NAMES['displacement']} Height", 1, 3)
    node.space = "OBJECT"
    node.inputs["Midlevel"].default_value = detail.midlevel
    node.inputs["Scale"].default_value = detail.scale
    tree.links.new(texture.outputs["Color"], node.inputs["Height"])
    output = next((each for each in tree.nodes if each.bl_idname == "ShaderNodeOutputMaterial"), None)
    if connect and output is not None:
        tree.links.new(node.outputs["Displacement"], output.inputs["Displacement"])
        material.displacement_method = "DISPLACEMENT"

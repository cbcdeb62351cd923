"""A mesh that carries everything a mesh can carry, each element with a value of its own."""

from __future__ import annotations

import bpy
import numpy as np

KINDS = {
    "BOOLEAN": ("value", 1),
    "BYTE_COLOR": ("color_srgb", 4),
    "FLOAT": ("value", 1),
    "FLOAT2": ("vector", 2),
    "FLOAT4X4": ("value", 16),
    "FLOAT_COLOR": ("color", 4),
    "FLOAT_VECTOR": ("vector", 3),
    "INT": ("value", 1),
    "INT16_2D": ("value", 2),
    "INT32_2D": ("value", 2),
    "INT8": ("value", 1),
    "QUATERNION": ("value", 4),
}
FREESTYLE = "use_freestyle_mark" in bpy.types.MeshEdge.bl_rna.properties  # some builds are without it
DOMAINS = ("POINT", "EDGE", "FACE", "CORNER")


def values_of(item: bpy.types.Attribute) -> np.ndarray:
    """An attribute's values, a row for each element."""
    if item.data_type == "STRING":
        return np.array([[element.value] for element in item.data], object)
    key, width = KINDS[item.data_type]
    values = np.zeros(len(item.data) * width)
    item.data.foreach_get(key, values)
    return values.reshape(-1, width)


def fill(item: bpy.types.Attribute) -> None:
    """Give each element another value, exact in the attribute's type."""
    if item.data_type == "STRING":
        for number, element in enumerate(item.data):
            element.value = f"{item.name} {number} é".encode()
        return
    key, width = KINDS[item.data_type]
    number = np.arange(len(item.data) * width)
    if item.data_type == "BOOLEAN":
        values = number % 3 == 0
    elif item.data_type == "BYTE_COLOR":
        values = (number * 7 % 256) / 255.0
    elif item.data_type == "QUATERNION":
        angle = np.arange(len(item.data)) * 0.1
        values = np.stack([np.cos(angle), np.sin(angle), 0 * angle, 0 * angle], axis=1).ravel()
    elif item.data_type.startswith("INT"):
        values = number % 100
    else:
        values = number * 0.25
    item.data.foreach_set(key, values.tolist())


def dress(item: bpy.types.Object) -> None:
    """Put every kind of attribute, custom normals, vertex groups and shape keys on an object's mesh."""
    mesh = item.data
    for kind in (*KINDS, "STRING"):
        for domain in DOMAINS:
            fill(mesh.attributes.new(f"{kind} {domain}", kind, domain))
    for name in ("First UV", "Second UV"):
        fill(mesh.attributes[mesh.uv_layers.new(name=name).name])
    mesh.uv_layers["Second UV"].active = True
    mesh.uv_layers["First UV"].active_render = True
    fill(mesh.color_attributes.new("Paint", "BYTE_COLOR", "CORNER"))
    mesh.color_attributes.active_color_name = "Paint"
    mesh.color_attributes.default_color_name = "FLOAT_COLOR POINT"
    for number, edge in enumerate(mesh.edges):
        edge.use_seam = number % 2 == 0
        edge.use_edge_sharp = number % 3 == 0
        if FREESTYLE:
            edge.use_freestyle_mark = number % 5 == 0
    for name, domain in (("crease_edge", "EDGE"), ("crease_vert", "POINT"), ("bevel_weight_edge", "EDGE")):
        layer = mesh.attributes.new(name, "FLOAT", domain)
        layer.data.foreach_set("value", (np.arange(len(layer.data)) % 9 / 8.0).tolist())
    for number in range(3):
        mesh.materials.append(bpy.data.materials.new(f"Material {number}"))
    for number, face in enumerate(mesh.polygons):
        face.material_index = number % 3
        face.use_smooth = number % 2 == 0
        if FREESTYLE:
            face.use_freestyle_mark = number % 4 == 0
        face.select = number % 2 == 0
    mesh.attributes.active = mesh.attributes["INT FACE"]
    groups = [item.vertex_groups.new(name=name) for name in ("Arm", "Leg", "Empty")]
    for number in range(len(mesh.vertices)):
        groups[0].add([number], number % 17 / 16.0, "REPLACE")
    groups[1].add([0, 2], 0.0, "REPLACE")
    groups[1].lock_weight = True
    mesh["note"] = "the user's own"
    mesh.update()


def shape(item: bpy.types.Object) -> None:
    """Give an object two shape keys, one of them driven."""
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Wide", from_mix=False)
    for number, point in enumerate(key.data):
        point.co.x += 0.5 + number * 0.125
    key.value, key.slider_max, key.vertex_group = 0.25, 3.0, "Arm"
    driver = key.driver_add("value").driver
    driver.type, driver.expression = "SCRIPTED", "0.25"

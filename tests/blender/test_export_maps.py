"""Every map of a material arrives in every format that has a place for it, pixel by pixel, read back by Blender."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from maquette.blender.export import export
from maquette.blender.images import image_pixels, pack_pixels
from maquette.blender.maps import base_texture, current_normal, find_shader
from maquette.blender.material import build_material
from maquette.contracts import Pixels

USD = [".usda", ".usdz"]
READ: dict[str, Callable[..., Any]] = {
    ".glb": bpy.ops.import_scene.gltf,
    ".fbx": bpy.ops.import_scene.fbx,
    ".obj": bpy.ops.wm.obj_import,
    ".usda": bpy.ops.wm.usd_import,
    ".usdz": bpy.ops.wm.usd_import,
}


def noise(seed: int, channels: int, low: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(low, 256, (32, 32, channels), np.uint8).squeeze()


@pytest.fixture
def maps() -> dict[str, Pixels]:
    normal = noise(1, 3, 100)
    normal[..., 2] = 250
    return {"normal": normal, "roughness": noise(2, 1), "metallic": noise(3, 1), "occlusion": noise(4, 1)}


@pytest.fixture
def item(maps: dict[str, Pixels]) -> bpy.types.Object:
    """A ball with all the maps there are."""
    bpy.ops.mesh.primitive_uv_sphere_add(segments=16, ring_count=8)
    images = {role: pack_pixels(pixels, role) for role, pixels in maps.items()}
    ball = bpy.context.object
    ball.data.materials.append(build_material("full", pack_pixels(noise(0, 3), "base", colour=True), maps=images))
    return ball


def channel(shader: bpy.types.Node, name: str) -> Pixels:
    """The grey values that go into an input, by way of a Separate Color node or straight."""
    node, socket = shader.inputs[name].links[0].from_node, shader.inputs[name].links[0].from_socket
    if node.bl_idname == "ShaderNodeSeparateColor":
        return image_pixels(node.inputs[0].links[0].from_node.image)[..., ["Red", "Green", "Blue"].index(socket.name)]
    return image_pixels(node.image)[..., 0]


@pytest.mark.parametrize("suffix", READ)
def test_maps_arrive(item: bpy.types.Object, maps: dict[str, Pixels], tmp_path: Path, suffix: str) -> None:
    if suffix in USD and not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    export([item], tmp_path / f"out{suffix}")
    bpy.ops.wm.read_homefile(use_empty=True)
    READ[suffix](filepath=str(tmp_path / f"out{suffix}"))
    material = next(each for each in bpy.data.objects if each.type == "MESH").data.materials[0]
    shader = find_shader(material)
    assert (image_pixels(base_texture(shader).image)[..., :3] == noise(0, 3)).all()
    assert (image_pixels(current_normal(shader)[1].image)[..., :3] == maps["normal"]).all()
    assert (channel(shader, "Roughness") == maps["roughness"]).all()
    assert (channel(shader, "Metallic") == maps["metallic"]).all()


def gltf(path: Path) -> dict[str, Any]:
    """The JSON inside a GLB."""
    data = path.read_bytes()
    (length,) = struct.unpack("<I", data[12:16])
    return json.loads(data[20 : 20 + length])


def test_glb_has_occlusion_roughness_and_metallic_once_in_one_image(item: bpy.types.Object, tmp_path: Path) -> None:
    export([item], tmp_path / "out.glb")
    written = gltf(tmp_path / "out.glb")
    material = written["materials"][0]
    assert len(written["images"]) == 3
    assert (
        material["occlusionTexture"]["index"] == material["pbrMetallicRoughness"]["metallicRoughnessTexture"]["index"]
    )


def test_normal_maps_come_with_tangents_whatever_the_faces(maps: dict[str, Pixels], tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cylinder_add()
    item = bpy.context.object
    item.data.materials.append(build_material("lid", maps={"normal": pack_pixels(maps["normal"], "normal")}))
    export([item], tmp_path / "out.glb")
    assert "TANGENT" in gltf(tmp_path / "out.glb")["meshes"][0]["primitives"][0]["attributes"]
    assert not item.modifiers


def test_numbers_go_as_numbers(tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.data.materials.append(build_material("steel", preset="metal"))
    export([bpy.context.object], tmp_path / "out.glb")
    export([bpy.context.object], tmp_path / "out.obj")
    written = gltf(tmp_path / "out.glb")
    assert "images" not in written
    assert written["materials"][0]["pbrMetallicRoughness"]["roughnessFactor"] == pytest.approx(0.3)
    lines = (tmp_path / "out.mtl").read_text().splitlines()
    assert "Pr 0.300000" in lines
    assert "Pm 1.000000" in lines


@pytest.mark.parametrize("suffix", READ)
def test_the_material_is_as_before(item: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    if suffix in USD and not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")

    def state() -> tuple[list[str], list[tuple[str, ...]]]:
        tree = item.data.materials[0].node_tree
        ends = [
            (link.from_node.name, link.from_socket.name, link.to_node.name, link.to_socket.name) for link in tree.links
        ]
        return [image.name for image in bpy.data.images], sorted(ends)

    before = state()
    export([item], tmp_path / f"out{suffix}")
    assert state() == before


def test_pictures_that_nothing_shows_are_not_written(item: bpy.types.Object, tmp_path: Path) -> None:
    spare = item.data.materials[0].node_tree.nodes.new("ShaderNodeTexImage")
    spare.image = bpy.data.images["occlusion"]
    written = export([item], tmp_path / "out.obj")
    assert len([path for path in written if path.suffix == ".png"]) == 4


def test_displacement_that_is_not_connected_displaces_nothing(item: bpy.types.Object, tmp_path: Path) -> None:
    if not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    tree = item.data.materials[0].node_tree
    node, texture = tree.nodes.new("ShaderNodeDisplacement"), tree.nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images["occlusion"]
    tree.links.new(texture.outputs["Color"], node.inputs["Height"])
    export([item], tmp_path / "out.usda")
    assert "float inputs:displacement = 0\n" in (tmp_path / "out.usda").read_text()
    assert node.inputs["Height"].links[0].from_node == texture
    assert node.inputs["Midlevel"].default_value == 0.5


def test_baked_occlusion_reaches_glb(tmp_path: Path, registered: None) -> None:
    bpy.ops.mesh.primitive_monkey_add()
    high = bpy.context.object
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1.2)
    low = bpy.context.object
    high.select_set(True)
    bpy.ops.maquette.bake_detail(size="512", distance=1.0, displacement=False)
    export([low], tmp_path / "out.glb")
    material = gltf(tmp_path / "out.glb")["materials"][0]
    assert "normalTexture" in material
    assert "occlusionTexture" in material

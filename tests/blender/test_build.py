"""The object: picture packed, material Principled, placed, and taken back whole by one undo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.blender.build import build_object
from maquette.blender.place import leave_edit_mode, place
from maquette.contracts import MeshArrays
from maquette.errors import MeshError, OutputError


def put(item: bpy.types.Object, location: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
    """Place it in the current scene."""
    place(item, bpy.context.scene, bpy.context.view_layer, location)


def test_texture_is_packed_and_needs_no_file(ball: MeshArrays, texture_file: Path) -> None:
    item = build_object(ball, texture_file, "cup")
    written = texture_file.read_bytes()
    texture_file.unlink()
    image = bpy.data.images["cup"]
    assert bytes(image.packed_file.data) == written
    assert image.filepath == ""
    assert tuple(image.size) == (64, 64)
    assert image.pixels[0] == pytest.approx(40 / 255, abs=1e-3)
    assert item.data.materials[0].name == "cup"


def test_material_shows_the_texture(ball: MeshArrays, texture_file: Path) -> None:
    material = build_object(ball, texture_file, "cup").data.materials[0]
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    source = shader.inputs["Base Color"].links[0].from_node
    assert source.image == bpy.data.images["cup"]
    assert shader.inputs["Roughness"].default_value == pytest.approx(0.6)
    assert shader.inputs["Metallic"].default_value == 0.0
    assert any(node.bl_idname == "ShaderNodeOutputMaterial" for node in material.node_tree.nodes)


def test_without_texture_there_is_no_material(ball: MeshArrays) -> None:
    item = build_object(replace(ball, uv=None, texture=None), None, "clay")
    assert not item.data.materials
    assert not bpy.data.images


def test_failure_leaves_no_data_behind(ball: MeshArrays, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        build_object(ball, tmp_path / "gone.png", "cup")
    with pytest.raises(MeshError):
        build_object(replace(ball, faces=np.zeros((0, 3), np.int32)), None, "cup")
    assert not bpy.data.meshes
    assert not bpy.data.images
    assert not bpy.data.materials


def test_one_undo_takes_all_of_it_back(ball: MeshArrays, texture_file: Path) -> None:
    put(build_object(ball, texture_file, "cup"))
    bpy.ops.ed.undo_push(message="Generate")
    assert "cup" in bpy.data.objects
    bpy.ops.ed.undo()
    for kind in ("objects", "meshes", "materials", "images"):
        assert not len(getattr(bpy.data, kind)), kind


def test_placed_object_is_the_only_one_selected_and_active(ball: MeshArrays) -> None:
    bpy.ops.object.empty_add()
    item = build_object(ball, None, "cup")
    put(item, (1.0, 2.0, 3.0))
    assert bpy.context.selected_objects == [item]
    assert bpy.context.active_object == item
    bpy.context.view_layer.update()
    low = min((item.matrix_world @ vertex.co).z for vertex in item.data.vertices)
    assert tuple(item.matrix_world.translation) == (1.0, 2.0, 3.0)
    assert low == pytest.approx(3.0)


@pytest.mark.parametrize("fault", ["hide_viewport", "exclude", "hide_select"])
def test_unusable_active_collection_is_passed_over(ball: MeshArrays, fault: str) -> None:
    collection = bpy.data.collections.new("Unusable")
    bpy.context.scene.collection.children.link(collection)
    layer = bpy.context.view_layer.layer_collection.children["Unusable"]
    bpy.context.view_layer.active_layer_collection = layer
    setattr(collection if fault == "hide_select" else layer, fault, True)
    item = build_object(ball, None, "cup")
    put(item)
    assert item.visible_get()
    assert bpy.context.selected_objects == [item]


def test_usable_active_collection_takes_the_object(ball: MeshArrays) -> None:
    collection = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Props"]
    item = build_object(ball, None, "cup")
    put(item)
    assert list(item.users_collection) == [collection]


def test_edit_mode_is_left_with_the_edits_kept(ball: MeshArrays) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.subdivide()
    leave_edit_mode(bpy.context)
    put(build_object(ball, None, "cup"))
    assert bpy.context.mode == "OBJECT"
    assert len(cube.data.vertices) == 26

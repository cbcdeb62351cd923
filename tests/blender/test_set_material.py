"""Set Material: values arrive in the shader, colours stay, others' materials are safe, one undo takes it back."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.blender.build import build_object
from maquette.blender.images import image_pixels, pack_pixels
from maquette.blender.maps import base_texture, find_shader
from maquette.blender.material import build_material
from maquette.blender.place import place
from maquette.contracts import Finish, MeshArrays
from maquette.materials import PRESETS

pytestmark = pytest.mark.usefixtures("registered")

SHINY = Finish(0.2, 1.0, "estimated from the picture's highlights")


@pytest.fixture
def item(ball: MeshArrays, texture_file: Path) -> bpy.types.Object:
    """A generated object, selected and active."""
    made = build_object(ball, texture_file, "cup", finish=SHINY)
    place(made, bpy.context.scene, bpy.context.view_layer, (0.0, 0.0, 0.0))
    return made


def add(name: str, material: bpy.types.Material | None = None) -> bpy.types.Object:
    """A cube beside the others, selected and active, with the material."""
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    cube.name = name
    if material is not None:
        cube.data.materials.append(material)
    return cube


def new_material(name: str) -> bpy.types.Material:
    """As Blender's own button makes it."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    return material


def value(material: bpy.types.Material, name: str) -> float:
    shader = find_shader(material)
    assert shader is not None
    return pytest.approx(shader.inputs[name].default_value, abs=1e-6)


@pytest.mark.parametrize("key", PRESETS)
def test_preset_arrives_in_the_shader_and_the_colours_stay(item: bpy.types.Object, key: str) -> None:
    assert bpy.ops.maquette.set_material(preset=key) == {"FINISHED"}
    material, preset = item.active_material, PRESETS[key]
    if key != "auto":
        assert (preset.roughness, preset.metallic) == (value(material, "Roughness"), value(material, "Metallic"))
    assert preset.ior == value(material, "IOR")
    assert preset.transmission == value(material, "Transmission Weight")
    assert preset.coat == value(material, "Coat Weight")
    assert preset.subsurface == value(material, "Subsurface Weight")
    assert base_texture(find_shader(material)).image == bpy.data.images["cup"]


def test_another_preset_leaves_nothing_of_the_one_before(item: bpy.types.Object) -> None:
    fresh = {
        each.name: list(np.ravel(each.default_value))
        for each in find_shader(build_material("fresh")).inputs
        if hasattr(each, "default_value")
    }
    for key in ("glass", "skin", "fabric", "glossy_ceramic"):
        bpy.ops.maquette.set_material(preset=key)
    bpy.ops.maquette.set_material(preset="auto", roughness=0.6, metallic=0.0)
    for each in find_shader(item.active_material).inputs:
        if each.name not in ("Base Color", "Normal", "Tangent", "Coat Normal") and each.name in fresh:
            assert list(np.ravel(each.default_value)) == pytest.approx(fresh[each.name]), each.name


def test_auto_is_what_was_estimated_and_says_so(item: bpy.types.Object, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.maquette.set_material(preset="wood")
    bpy.ops.maquette.set_material()
    assert value(item.active_material, "Roughness") == 0.2
    assert value(item.active_material, "Metallic") == 1.0
    assert SHINY.note in capfd.readouterr().out
    add("plain")
    bpy.ops.maquette.set_material()
    assert "nothing was estimated" in capfd.readouterr().out


def test_sliders_beat_the_preset_on_every_object_and_each_keeps_the_rest_of_its_own(item: bpy.types.Object) -> None:
    cube = add("cube", build_material("other", finish=Finish(0.8, 0.0, "estimated")))
    item.select_set(True)
    bpy.ops.maquette.set_material(specular=0.1)
    for each, roughness in ((item, 0.2), (cube, 0.8)):
        assert value(each.active_material, "Roughness") == roughness
        assert value(each.active_material, "Specular IOR Level") == 0.1


@pytest.mark.parametrize(("shown", "roughness"), [("wood", PRESETS["metal"].roughness), ("metal", 0.9)])
def test_in_the_redo_panel_the_sliders_follow_another_preset(
    item: bpy.types.Object, shown: str, roughness: float
) -> None:
    """Blender runs the operator again with its sliders as they stood, and with the preset that it showed before."""
    bpy.ops.maquette.set_material(preset="metal", roughness=0.9, shown=shown)
    assert value(item.active_material, "Roughness") == roughness


def test_what_is_connected_stays_and_is_told(item: bpy.types.Object, capfd: pytest.CaptureFixture[str]) -> None:
    tree, shader = item.active_material.node_tree, find_shader(item.active_material)
    noise = tree.nodes.new("ShaderNodeTexNoise")
    tree.links.new(noise.outputs[0], shader.inputs["Roughness"])
    bpy.ops.maquette.set_material(preset="metal")
    assert shader.inputs["Roughness"].links[0].from_node == noise
    assert "Roughness of cup still come" in capfd.readouterr().out


def test_an_object_without_a_material_gets_one() -> None:
    bare, empty = add("bare"), add("empty")
    empty.data.materials.append(None)
    bare.select_set(True)
    bpy.ops.maquette.set_material(preset="metal")
    for each in (bare, empty):
        assert len(each.material_slots) == 1
        assert value(each.active_material, "Metallic") == 1.0


def test_a_material_shared_with_others_is_set_once_and_told(
    item: bpy.types.Object, capfd: pytest.CaptureFixture[str]
) -> None:
    add("twin", item.active_material).select_set(False)
    bpy.context.view_layer.objects.active = item
    bpy.ops.maquette.set_material(preset="wood")
    assert "1 more object with the same material changed too" in capfd.readouterr().out
    assert len(bpy.data.materials) == 1


@pytest.mark.skipif(bpy.app.version >= (5, 0, 0), reason="from Blender 5 on a material always has nodes")
def test_a_material_without_nodes_keeps_its_colour() -> None:
    material = bpy.data.materials.new("old")
    material.diffuse_color = (0.1, 0.5, 0.9, 1.0)
    add("cube", material)
    bpy.ops.maquette.set_material(preset="wood")
    assert list(find_shader(material).inputs["Base Color"].default_value) == pytest.approx([0.1, 0.5, 0.9, 1.0])


@pytest.mark.parametrize("kind", ["ShaderNodeBsdfDiffuse", "ShaderNodeEmission", "ShaderNodeBsdfGlossy"])
def test_a_plain_shader_gives_its_picture_to_a_principled_one(kind: str) -> None:
    material = new_material("flat")
    tree = material.node_tree
    tree.nodes.clear()
    output, plain, picture = (tree.nodes.new(each) for each in ("ShaderNodeOutputMaterial", kind, "ShaderNodeTexImage"))
    picture.image = bpy.data.images.new("picture", 4, 4)
    tree.links.new(picture.outputs["Color"], plain.inputs["Color"])
    tree.links.new(plain.outputs[0], output.inputs["Surface"])
    add("cube", material)
    bpy.ops.maquette.set_material(preset="wood")
    assert base_texture(find_shader(material)) == picture
    assert output.inputs["Surface"].links[0].from_node == find_shader(material)
    assert len(tree.nodes) == 3


def test_shaders_mixed_by_hand_are_left_alone() -> None:
    material = new_material("toon")
    tree = material.node_tree
    tree.nodes.clear()
    output, mix = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeMixShader")
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    add("cube", material)
    with pytest.raises(RuntimeError, match="toon mixes shaders of its own"):
        bpy.ops.maquette.set_material(preset="wood")
    assert len(tree.nodes) == 2


def test_the_principled_shader_that_is_shown_is_the_one_set() -> None:
    material = new_material("two")
    first = find_shader(material)
    shown = material.node_tree.nodes.new("ShaderNodeBsdfPrincipled")
    output = material.node_tree.get_output_node("ALL")
    material.node_tree.links.new(shown.outputs[0], output.inputs["Surface"])
    add("cube", material)
    bpy.ops.maquette.set_material(preset="metal")
    assert (shown.inputs["Metallic"].default_value, first.inputs["Metallic"].default_value) == (1.0, 0.0)


def test_linked_data_is_refused_with_what_to_do(tmp_path: Path) -> None:
    material = new_material("theirs")
    add("with", material)
    add("without")
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {*bpy.data.objects}, fake_user=True)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (_, into):
        into.objects = ["with", "without"]
    for each in into.objects:
        bpy.context.collection.objects.link(each)
        bpy.context.view_layer.objects.active = each
        with pytest.raises(RuntimeError, match="linked from another file: make it local first"):
            bpy.ops.maquette.set_material(preset="metal")
    own = add("own")
    for each in into.objects:
        each.select_set(True)
    assert bpy.ops.maquette.set_material(preset="metal") == {"FINISHED"}
    assert value(own.active_material, "Metallic") == 1.0


def test_values_as_an_image_and_back(item: bpy.types.Object) -> None:
    material = item.active_material
    nodes, images = len(material.node_tree.nodes), len(bpy.data.images)
    for _ in range(2):
        bpy.ops.maquette.set_material(preset="wood", images=True)
        shader = find_shader(material)
        split = shader.inputs["Roughness"].links[0].from_node
        assert shader.inputs["Roughness"].links[0].from_socket.name == "Green"
        assert shader.inputs["Metallic"].links[0].from_socket.name == "Blue"
        image = split.inputs["Color"].links[0].from_node.image
        assert image.colorspace_settings.name == "Non-Color"
        assert image_pixels(image)[0, 0, :3].tolist() == [255, round(0.65 * 255), 0]
        assert (len(material.node_tree.nodes), len(bpy.data.images)) == (nodes + 2, images + 1)
    bpy.ops.maquette.set_material(preset="metal", images=False)
    assert not find_shader(material).inputs["Roughness"].is_linked
    assert (len(material.node_tree.nodes), len(bpy.data.images)) == (nodes, images)


def test_one_undo_takes_it_back(item: bpy.types.Object) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.set_material(preset="glass", images=True)
    bpy.ops.ed.undo_push(message="Set Material")
    bpy.ops.ed.undo()
    material = bpy.data.objects["cup"].active_material
    assert value(material, "Transmission Weight") == 0.0
    assert value(material, "Roughness") == 0.2
    assert [image.name for image in bpy.data.images] == ["cup"]


def test_needs_a_mesh() -> None:
    bpy.ops.object.empty_add()
    assert not bpy.ops.maquette.set_material.poll()


def test_maps_of_a_new_material_are_packed_as_gltf_wants_them() -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    rough, metal, shade = (pack_pixels(ramp + low, name) for low, name in ((10, "r"), (100, "m"), (180, "o")))
    material = build_material("m", maps={"roughness": rough, "metallic": metal, "occlusion": shade})
    packed = find_shader(material).inputs["Metallic"].links[0].from_node.inputs[0].links[0].from_node.image
    for channel, low in enumerate((180, 10, 100)):
        assert (image_pixels(packed)[..., channel] == ramp + low).all()

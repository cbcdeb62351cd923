"""Normal Map from Picture in Blender: connected, on top of a map that is there or in its place, one undo step."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from maquette.blender.images import image_pixels, pack_pixels
from maquette.blender.maps import connect_normal, current_normal, find_shader
from maquette.blender.material import build_material
from maquette.contracts import Pixels

pytestmark = pytest.mark.usefixtures("registered")

LEANING = (200, 128, 230)


@pytest.fixture
def wall() -> bpy.types.Object:
    """A plane that shows a picture of stripes, light and dark along X."""
    bpy.ops.mesh.primitive_plane_add()
    picture = np.zeros((64, 64, 3), np.uint8) + np.uint8(128)
    picture += np.rint(60 * np.sin(np.arange(64) * np.pi / 8)).astype(np.int8).astype(np.uint8)[None, :, None]
    item = bpy.context.object
    item.data.materials.append(build_material("wall", pack_pixels(picture, "bricks", colour=True)))
    return item


def now(item: bpy.types.Object) -> tuple[bpy.types.Node, bpy.types.Image]:
    """The node that gives the normals, and its picture."""
    found = current_normal(find_shader(item.active_material))
    assert found is not None
    assert found[1] is not None
    return found[0], found[1].image


def give_map(item: bpy.types.Object, strength: float = 1.0) -> bpy.types.Image:
    """A normal map that leans to the right everywhere, as any other tool would connect it."""
    image = pack_pixels(np.zeros((32, 32, 3), np.uint8) + np.array(LEANING, np.uint8), "before")
    connect_normal(item.active_material.node_tree, find_shader(item.active_material), image)
    node, _ = now(item)
    node.inputs["Strength"].default_value = strength
    return image


def leaning(pixels: Pixels) -> float:
    return float(pixels[..., 0].mean())


def test_the_map_is_packed_connected_and_leans_where_the_picture_changes(wall: bpy.types.Object) -> None:
    assert bpy.ops.maquette.picture_normals(scale=100.0) == {"FINISHED"}
    node, image = now(wall)
    assert node.space == "TANGENT"
    assert image.packed_file is not None
    assert image.colorspace_settings.name == "Non-Color"
    pixels = image_pixels(image)
    # The picture grows lighter at its left end, so the surface rises to the right and leans to the left.
    assert pixels[:, 1, 0].max() < 100
    assert (pixels[..., 1] == 128).all()


def test_a_map_that_is_there_is_combined_once_however_often_it_is_made(wall: bpy.types.Object) -> None:
    before = give_map(wall)
    bpy.ops.maquette.picture_normals(strength=0.3, scale=50.0)
    once = image_pixels(now(wall)[1])
    bpy.ops.maquette.picture_normals(strength=0.3, scale=50.0)
    assert (image_pixels(now(wall)[1]) == once).all()
    assert leaning(once[..., :3]) == pytest.approx(LEANING[0], abs=6)
    assert once[..., 0].std() > 1
    assert before.name in bpy.data.images
    assert len([image for image in bpy.data.images if image.name.startswith("bricks normal")]) == 1


def test_the_strength_of_the_map_that_is_there_counts(wall: bpy.types.Object) -> None:
    give_map(wall, strength=0.0)
    bpy.ops.maquette.picture_normals(strength=0.0)
    assert np.abs(image_pixels(now(wall)[1])[..., :3].astype(int) - [128, 128, 255]).max() <= 1
    assert now(wall)[0].inputs["Strength"].default_value == 1.0


def test_replace_leaves_the_other_map_out(wall: bpy.types.Object, capfd: pytest.CaptureFixture[str]) -> None:
    give_map(wall)
    bpy.ops.maquette.picture_normals(existing="REPLACE")
    assert leaning(image_pixels(now(wall)[1])) == pytest.approx(128, abs=3)
    assert "in place of the one before" in capfd.readouterr().out


def test_the_map_lies_like_the_picture(wall: bpy.types.Object) -> None:
    tree, shader = wall.active_material.node_tree, find_shader(wall.active_material)
    picture = shader.inputs["Base Color"].links[0].from_node
    uv, mapping = tree.nodes.new("ShaderNodeUVMap"), tree.nodes.new("ShaderNodeMapping")
    uv.uv_map = "UVMap"
    tree.links.new(uv.outputs[0], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs[0], picture.inputs["Vector"])
    bpy.ops.maquette.picture_normals()
    node, _ = now(wall)
    assert node.uv_map == "UVMap"
    assert node.inputs["Color"].links[0].from_node.inputs["Vector"].links[0].from_node == mapping


def test_a_bump_is_kept(wall: bpy.types.Object) -> None:
    tree, shader = wall.active_material.node_tree, find_shader(wall.active_material)
    bump = tree.nodes.new("ShaderNodeBump")
    tree.links.new(bump.outputs[0], shader.inputs["Normal"])
    bpy.ops.maquette.picture_normals()
    assert shader.inputs["Normal"].links[0].from_node == bump
    assert bump.inputs["Normal"].links[0].from_node == now(wall)[0]


def test_one_undo_takes_it_back(wall: bpy.types.Object) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.picture_normals()
    bpy.ops.ed.undo_push(message="Normal Map from Picture")
    bpy.ops.ed.undo()
    assert current_normal(find_shader(bpy.data.materials["wall"])) is None
    assert [image.name for image in bpy.data.images] == ["bricks"]


def test_what_cannot_be_done_is_refused_with_what_to_do(wall: bpy.types.Object) -> None:
    tree, shader = wall.active_material.node_tree, find_shader(wall.active_material)
    picture = shader.inputs["Base Color"].links[0].from_node
    noise = tree.nodes.new("ShaderNodeTexNoise")
    link = tree.links.new(noise.outputs[1], shader.inputs["Normal"])
    with pytest.raises(RuntimeError, match="other nodes than an image: choose Replace"):
        bpy.ops.maquette.picture_normals()
    tree.links.remove(link)
    place = tree.nodes.new("ShaderNodeTexCoord")
    link = tree.links.new(place.outputs["Generated"], picture.inputs["Vector"])
    with pytest.raises(RuntimeError, match="not laid on by UVs"):
        bpy.ops.maquette.picture_normals()
    tree.links.remove(link)
    give_map(wall)
    other = tree.nodes.new("ShaderNodeUVMap")
    other.uv_map = "second"
    texture = current_normal(shader)[1]
    tree.links.new(other.outputs[0], texture.inputs["Vector"])
    with pytest.raises(RuntimeError, match="other UVs than the picture"):
        bpy.ops.maquette.picture_normals()
    tree.links.remove(shader.inputs["Base Color"].links[0])
    with pytest.raises(RuntimeError, match="no material with a picture"):
        bpy.ops.maquette.picture_normals()
    wall.data.uv_layers.remove(wall.data.uv_layers[0])
    with pytest.raises(RuntimeError, match="no UVs: unwrap it first"):
        bpy.ops.maquette.picture_normals()

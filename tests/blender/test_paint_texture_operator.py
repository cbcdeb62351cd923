"""Paint Texture in Blender: canvas, stencil, symmetry and mode in one click, and undone as one step."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
import pytest
from maquette.blender.build import build_object
from maquette.blender.images import image_pixels, pack_pixels
from maquette.blender.material import build_material
from maquette.contracts import MeshArrays
from mathutils import Matrix, Vector

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def statue(ball: MeshArrays, texture_file) -> bpy.types.Object:
    """The ball, its front half seen."""
    item = build_object(ball, texture_file, "Statue")
    bpy.context.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    mesh = item.data
    seen = mesh.attributes.get("seen") or mesh.attributes.new("seen", "FLOAT", "POINT")
    seen.data.foreach_set("value", np.array([float(vertex.co.y < 0) for vertex in mesh.vertices], np.float32))
    return item


def lopsided(name: str = "Boot") -> bpy.types.Object:
    """A shape that is its own mirror image about X = 0 only."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=1.0)
    bmesh.ops.subdivide_edges(shape, edges=shape.edges, cuts=6, use_grid_fill=True)
    for vertex in shape.verts:
        vertex.co.y *= 1.6 + vertex.co.z + 0.8 * vertex.co.y
        vertex.co.x *= 1.2 + vertex.co.y
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    return item


def paint() -> bpy.types.ImagePaint:
    return bpy.context.tool_settings.image_paint


def test_one_click_sets_canvas_and_stencil(statue: bpy.types.Object) -> None:
    assert bpy.ops.maquette.paint_texture() == {"FINISHED"}
    assert statue.mode == "TEXTURE_PAINT"
    material = statue.active_material
    assert material.texture_paint_images[material.paint_active_slot].name == "Statue"
    assert paint().mode == "MATERIAL"
    assert paint().use_stencil_layer
    assert not paint().invert_stencil  # white is protected
    stencil = paint().stencil_image
    assert stencil.colorspace_settings.name == "Non-Color"
    assert stencil.packed_file is not None
    # White exactly where the front is.
    mask, uv = image_pixels(stencil)[..., 0], statue.data.uv_layers[0].uv
    sides: dict[bool, list[int]] = {True: [], False: []}
    for face in statue.data.polygons:
        if abs(face.center.y) > 0.15:
            middle = sum((uv[k].vector for k in face.loop_indices), Vector((0, 0))) / face.loop_total
            sides[face.center.y < 0].append(mask[int((1 - middle.y) * len(mask)), int(middle.x * len(mask))])
    assert min(sides[True]) == 255
    assert max(sides[False]) == 0


def test_the_other_side_or_none_can_be_protected(statue: bpy.types.Object) -> None:
    bpy.ops.maquette.paint_texture(protect="GUESSED")
    assert paint().invert_stencil
    before = len(bpy.data.images)
    bpy.ops.maquette.paint_texture(protect="SEEN")
    assert len(bpy.data.images) == before
    bpy.ops.maquette.paint_texture(protect="NONE")
    assert not paint().use_stencil_layer
    assert statue.mode == "TEXTURE_PAINT"


def test_one_undo_leads_back_to_where_it_began(statue: bpy.types.Object) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.paint_texture()
    bpy.ops.ed.undo_push(message="Paint Texture")
    bpy.ops.ed.undo()
    assert bpy.data.objects["Statue"].mode == "OBJECT"
    assert paint().stencil_image is None
    assert [image.name for image in bpy.data.images] == ["Statue"]


def test_a_mesh_from_elsewhere_is_set_up_without_a_stencil(capfd: pytest.CaptureFixture[str]) -> None:
    item = lopsided()
    assert bpy.ops.maquette.paint_texture() == {"FINISHED"}
    told = capfd.readouterr().out
    assert "nothing is protected" in told
    assert "unwrapped" in told
    assert "It has a new texture" in told
    assert item.mode == "TEXTURE_PAINT"
    assert not paint().use_stencil_layer
    assert (item.data.use_mirror_x, item.data.use_mirror_y) == (True, False)


def test_the_active_material_is_the_one_painted() -> None:
    item = lopsided()
    item.data.uv_layers.new(name="UVMap")
    for name in ("Red", "Blue"):
        image = pack_pixels(np.full((32, 32, 3), 90, np.uint8), name, colour=True)
        item.data.materials.append(build_material(name, image))
    item.active_material_index = 1
    bpy.ops.maquette.paint_texture()
    assert item.active_material_index == 1
    assert paint().canvas.name == "Blue"


def test_a_mirror_plane_elsewhere_is_told_and_the_origin_moved_only_if_asked(capfd) -> None:
    item = lopsided()
    child = bpy.data.objects.new("Child", None)
    bpy.context.collection.objects.link(child)
    child.parent = item
    item.data.transform(Matrix.Translation((0.7, 0.2, 0.0)) @ Matrix.Rotation(0.6, 4, "Z"))
    item.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.3, 4, "X")
    bpy.context.view_layer.update()
    before = [item.matrix_world @ vertex.co for vertex in item.data.vertices]
    place = child.matrix_world.copy()
    bpy.ops.maquette.paint_texture()
    assert "Align Origin" in capfd.readouterr().out
    assert not item.data.use_mirror_x
    bpy.ops.maquette.paint_texture(align=True)
    assert "moved to the mirror plane" in capfd.readouterr().out
    assert item.data.use_mirror_x
    bpy.context.view_layer.update()
    after = [item.matrix_world @ vertex.co for vertex in item.data.vertices]
    assert max((a - b).length for a, b in zip(before, after, strict=True)) < 1e-5
    assert np.abs(np.array(child.matrix_world) - np.array(place)).max() < 1e-5
    # As many vertices on either side, and each with its mirror image near by.
    points = np.array([vertex.co for vertex in item.data.vertices])
    images = points * [-1, 1, 1]
    assert max(np.linalg.norm(points - image, axis=1).min() for image in images) < 0.1


def test_what_cannot_be_painted_is_refused(statue: bpy.types.Object) -> None:
    statue.hide_set(True)
    with pytest.raises(RuntimeError, match="hidden: show it first"):
        bpy.ops.maquette.paint_texture()
    statue.hide_set(False)
    noise = statue.active_material.node_tree.nodes.new("ShaderNodeTexNoise")
    tree = statue.active_material.node_tree
    tree.links.new(noise.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    with pytest.raises(RuntimeError, match="bake them into an image"):
        bpy.ops.maquette.paint_texture()

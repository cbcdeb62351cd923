"""Bake Detail in Blender: maps that Blender's own tangents read back, wired, undone as one step, and clear refusals."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
import pytest
from maquette.blender.bake_detail import read_pair
from maquette.errors import CancelledError
from maquette.geometry.tangents import corner_tangents
from maquette.operators.bake_detail import Baking
from mathutils import Matrix

pytestmark = pytest.mark.usefixtures("registered")


def ball(name: str, cuts: int, bump: float = 0.0, uv: bool = True) -> bpy.types.Object:
    """A smooth sphere of triangles around the origin, its radius in waves along X."""
    shape = bmesh.new()
    bmesh.ops.create_uvsphere(shape, u_segments=cuts * 2, v_segments=cuts, radius=1.0, calc_uvs=False)
    if uv:
        bmesh.ops.triangulate(shape, faces=shape.faces)
        layer = shape.loops.layers.uv.new("UVMap")
        for face in shape.faces:  # two discs seen from above and below
            up = face.calc_center_median().z > 0
            for loop in face.loops:
                x, y, z = loop.vert.co
                loop[layer].uv = (0.25 + 0.22 * x / (1 + abs(z)) + (0.0 if up else 0.5), 0.5 + 0.22 * y / (1 + abs(z)))
    for vertex in shape.verts:
        vertex.co *= 1 + bump * np.sin(8 * vertex.co.x)
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    mesh.shade_smooth()
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    return item


def select(*items: bpy.types.Object) -> None:
    """Select objects; the last one becomes the active one."""
    bpy.ops.object.select_all(action="DESELECT")
    for item in items:
        item.select_set(True)
    bpy.context.view_layer.objects.active = items[-1]
    bpy.context.view_layer.update()


def pair() -> tuple[bpy.types.Object, bpy.types.Object]:
    high, low = ball("high", 96, 0.01, uv=False), ball("low", 16)
    select(high, low)
    return high, low


def pixels(image: bpy.types.Image) -> np.ndarray:
    """Float [S, S, 4], the first row at the bottom."""
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)


def node(item: bpy.types.Object, name: str) -> bpy.types.Node:
    return item.active_material.node_tree.nodes[name]


def corner_data(mesh: bpy.types.Mesh) -> dict[str, np.ndarray]:
    """Blender's own corner normals, tangents, signs and UVs of a mesh of triangles."""
    mesh.calc_tangents()
    found: dict[str, np.ndarray] = {}
    for key, width in (("normal", 3), ("tangent", 3), ("bitangent_sign", 1)):
        flat = np.empty(len(mesh.loops) * width, np.float32)
        mesh.loops.foreach_get(key, flat)
        found[key] = flat.reshape(-1, 3, width)
    uv = np.empty(len(mesh.loops) * 2, np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", uv)
    found["uv"] = uv.reshape(-1, 3, 2)
    return found


@pytest.mark.parametrize("smooth", [True, False])
def test_tangents_are_those_of_blender(smooth: bool) -> None:
    bpy.ops.mesh.primitive_monkey_add()
    mesh = bpy.context.object.data
    shape = bmesh.new()
    shape.from_mesh(mesh)
    bmesh.ops.triangulate(shape, faces=shape.faces)
    shape.to_mesh(mesh)
    shape.free()
    uv = np.empty(len(mesh.loops) * 2, np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", uv)
    uv.reshape(-1, 3, 2)[::9, :, 0] *= -1  # some mirrored
    mesh.uv_layers[0].uv.foreach_set("vector", uv)
    if smooth:
        mesh.shade_smooth()
    else:
        mesh.shade_flat()
    theirs = corner_data(mesh)
    points = np.array([vertex.co for vertex in mesh.vertices])
    triangles = np.array([list(face.vertices) for face in mesh.polygons])
    tangents, signs = corner_tangents(points, triangles, theirs["normal"], theirs["uv"])
    u, v = np.moveaxis(theirs["uv"][:, 1:] - theirs["uv"][:, :1], -1, 0)
    real = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) > 1e-9
    assert real.mean() > 0.98
    assert (tangents * theirs["tangent"]).sum(2)[real].min() > 0.9999
    assert (signs[:, None] == theirs["bitangent_sign"][:, :, 0])[real].all()


def test_the_normal_map_gives_the_simple_mesh_the_normals_of_the_other() -> None:
    """Read in the middle of each face, as Blender does it."""
    high, low = pair()
    # The frames of the two differ, and the map must not care.
    place = Matrix.Translation((3, 1, 2)) @ Matrix.Rotation(0.7, 4, "X") @ Matrix.Scale(2.0, 4)
    low.matrix_world = place
    high.matrix_world = place @ Matrix.Rotation(0.4, 4, "Z")
    high.data.transform(Matrix.Rotation(-0.4, 4, "Z"))
    select(high, low)
    assert bpy.ops.maquette.bake_detail(size="1024") == {"FINISHED"}
    found = corner_data(low.data)
    picture = pixels(node(low, "Maquette Normal").image)
    u, v = (found["uv"].mean(1) * 1024).astype(int).T
    normal, tangent = found["normal"].mean(1), found["tangent"].mean(1)
    bitangent = found["bitangent_sign"].mean(1) * np.cross(normal, tangent)
    colour = picture[v, u, :3] * 2 - 1
    shown = colour[:, :1] * tangent + colour[:, 1:2] * bitangent + colour[:, 2:] * normal
    shown /= np.linalg.norm(shown, axis=1, keepdims=True)
    centres = np.array([face.center for face in low.data.polygons])
    way = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    slope = np.zeros_like(way)
    slope[:, 0] = 0.08 * np.cos(8 * way[:, 0])
    slope -= way * (slope * way).sum(1, keepdims=True)
    expected = way * (1 + 0.01 * np.sin(8 * way[:, :1])) - slope
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    angle = np.degrees(np.arccos(np.clip((shown * expected).sum(1), -1, 1)))
    assert angle.mean() < 1
    assert angle.max() < 3
    assert np.degrees(np.arccos(np.clip((way * expected).sum(1), -1, 1))).mean() > 2


def test_maps_are_packed_and_wired() -> None:
    _, low = pair()
    bpy.ops.maquette.bake_detail(size="512")
    images = [node(low, f"Maquette {name}").image for name in ("Normal", "Displacement", "Occlusion")]
    assert all(image.packed_file is not None for image in images)
    assert all(image.colorspace_settings.name == "Non-Color" for image in images)
    assert all(tuple(image.size) == (512, 512) for image in images)
    shader = node(low, "Principled BSDF")
    assert shader.inputs["Normal"].links[0].from_node.inputs["Color"].links[0].from_node.image == images[0]
    height = node(low, "Maquette Displacement Height")
    assert height.inputs["Height"].links[0].from_node.image == images[1]
    assert not height.outputs["Displacement"].is_linked
    told = pixels(images[1])[:, :, 0]
    heights = (told - height.inputs["Midlevel"].default_value) * height.inputs["Scale"].default_value
    # The waves, and what the flat faces lack of the ball in their middles.
    assert heights.max() == pytest.approx(0.01 + 1 - np.cos(np.pi / 32) ** 2, abs=0.001)
    assert len(np.unique(told)) > 1000  # 16 bits


def test_baking_again_replaces_the_maps_and_can_connect_the_displacement() -> None:
    _, low = pair()
    bpy.ops.maquette.bake_detail(size="512")
    before = len(low.active_material.node_tree.nodes), len(bpy.data.images)
    bpy.ops.maquette.bake_detail(size="512", displace=True)
    assert (len(low.active_material.node_tree.nodes), len(bpy.data.images)) == before
    assert node(low, "Maquette Displacement Height").outputs["Displacement"].is_linked
    assert len(low.material_slots) == 1


def test_only_the_maps_asked_for_are_made() -> None:
    pair()
    bpy.ops.maquette.bake_detail(size="512", displacement=False, occlusion=False)
    assert [image.name for image in bpy.data.images] == ["low normal"]


def test_one_undo_takes_everything_back() -> None:
    pair()
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.bake_detail(size="512", occlusion=False)
    bpy.ops.ed.undo_push(message="Bake Detail")
    bpy.ops.ed.undo()
    assert not bpy.data.objects["low"].material_slots
    assert not any(image.name.startswith("low ") for image in bpy.data.images)


def test_multires_is_baked_onto_the_level_shown() -> None:
    low = ball("low", 8)
    select(low)
    low.modifiers.new("Multires", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Multires", mode="LINEAR")
    bpy.ops.object.multires_subdivide(modifier="Multires", mode="CATMULL_CLARK")
    low.modifiers["Multires"].levels = 0
    assert bpy.ops.maquette.bake_detail(size="512", occlusion=False) == {"FINISHED"}
    assert low.modifiers["Multires"].levels == 0
    low.modifiers["Multires"].levels = 2
    with pytest.raises(RuntimeError, match="Level Viewport"):
        bpy.ops.maquette.bake_detail(size="512")


def test_a_bump_that_is_there_is_kept() -> None:
    _, low = pair()
    material = bpy.data.materials.new("wood")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    low.data.materials.append(material)
    tree = material.node_tree
    bump = tree.nodes.new("ShaderNodeBump")
    tree.links.new(bump.outputs["Normal"], tree.nodes["Principled BSDF"].inputs["Normal"])
    bpy.ops.maquette.bake_detail(size="512", displacement=False, occlusion=False)
    assert tree.nodes["Principled BSDF"].inputs["Normal"].links[0].from_node == bump
    assert bump.inputs["Normal"].links[0].from_node.bl_idname == "ShaderNodeNormalMap"


def test_what_cannot_be_baked_is_refused_with_what_to_do() -> None:
    high, low = pair()
    select(low)
    with pytest.raises(RuntimeError, match="Select the detailed mesh too"):
        bpy.ops.maquette.bake_detail()
    select(low, high)
    with pytest.raises(RuntimeError, match="high has no UVs: unwrap it first"):
        bpy.ops.maquette.bake_detail()
    third = ball("third", 4)
    select(third, high, low)
    with pytest.raises(RuntimeError, match="More than two meshes"):
        bpy.ops.maquette.bake_detail()
    empty = bpy.data.objects.new("empty", bpy.data.meshes.new("empty"))
    bpy.context.collection.objects.link(empty)
    select(empty, low)
    with pytest.raises(RuntimeError, match="no faces"):
        bpy.ops.maquette.bake_detail()
    select(high, low)
    with pytest.raises(RuntimeError, match="at least one map"):
        bpy.ops.maquette.bake_detail(normal=False, displacement=False, occlusion=False)
    assert not bpy.data.images


def test_a_bake_beside_blender_can_be_stopped_or_comes_to_its_end() -> None:
    high, low = pair()
    for stop in (True, False):
        meshes = read_pair(bpy.context, low, high)
        baking = Baking(low, meshes, 256, 0.1, frozenset({"normal"}), 1.0)
        if stop:
            baking.stopped.set()
        baking.start()
        baking.join(60)
        assert not baking.is_alive()
        assert isinstance(baking.error, CancelledError) == stop
        assert (baking.detail is None) == stop


def test_detail_too_far_away_and_overlapping_uvs_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    high, low = pair()
    high.location = (0.5, 0, 0)
    uv = np.empty(len(low.data.loops) * 2, np.float32)
    low.data.uv_layers[0].uv.foreach_get("vector", uv)
    uv.reshape(-1, 2)[:, 0] %= 0.5
    low.data.uv_layers[0].uv.foreach_set("vector", uv)
    select(high, low)
    assert bpy.ops.maquette.bake_detail(size="512", occlusion=False) == {"FINISHED"}
    told = capfd.readouterr().out
    assert "raise Distance" in told
    assert "without overlaps" in told

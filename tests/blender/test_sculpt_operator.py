"""Sculpt in Blender: detail by each method, masks, symmetry, one undo step, and clear refusals."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("registered")


def grid_cube(cuts: int = 4, seen: bool = True) -> bpy.types.Object:
    """A cube of quads, 2 m wide, its front half seen."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=2.0)
    bmesh.ops.subdivide_edges(shape, edges=shape.edges, cuts=cuts, use_grid_fill=True)
    mesh = bpy.data.meshes.new("Cube")
    shape.to_mesh(mesh)
    shape.free()
    mesh.uv_layers.new(name="UVMap")
    if seen:
        values = np.array([float(vertex.co.y < 0) for vertex in mesh.vertices], np.float32)
        mesh.attributes.new("seen", "FLOAT", "POINT").data.foreach_set("value", values)
    item = bpy.data.objects.new("Cube", mesh)
    bpy.context.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    return item


def mask(mesh: bpy.types.Mesh) -> np.ndarray:
    values = np.empty(len(mesh.vertices), np.float32)
    mesh.attributes[".sculpt_mask"].data.foreach_get("value", values)
    return values


def test_multires_gets_the_levels_it_needs() -> None:
    item = grid_cube()
    mirror = item.modifiers.new("Bevel", "BEVEL")
    assert bpy.ops.maquette.sculpt(target_faces=5_000) == {"FINISHED"}
    assert item.mode == "SCULPT"
    multires = item.modifiers[0]
    assert multires.type == "MULTIRES"
    assert item.modifiers[1] == mirror
    assert (multires.levels, multires.sculpt_levels, multires.total_levels) == (3, 3, 3)  # 150, 600, 2400, 9600 faces
    assert item.data.use_mirror_x
    assert (mask(item.data) == np.array([vertex.co.y >= 0 for vertex in item.data.vertices])).all()
    assert len(item.data.uv_layers) == 1


def test_the_detail_can_be_a_length_and_more_levels_come_later() -> None:
    item = grid_cube()
    bpy.ops.maquette.sculpt(by="LENGTH", length=0.1, mask="SEEN")
    assert item.modifiers[0].total_levels == 2  # 24 m2 in 2400 faces
    assert (mask(item.data) == np.array([vertex.co.y < 0 for vertex in item.data.vertices])).all()
    bpy.ops.maquette.sculpt(by="LENGTH", length=0.05)
    assert item.modifiers[0].total_levels == 3
    bpy.ops.maquette.sculpt(by="LENGTH", length=0.5)
    assert item.modifiers[0].total_levels == 3
    assert item.mode == "SCULPT"


def test_dyntopo_gets_edges_of_the_length() -> None:
    item = grid_cube()
    assert bpy.ops.maquette.sculpt(method="DYNTOPO", by="LENGTH", length=0.02, mask="NONE") == {"FINISHED"}
    assert item.use_dynamic_topology_sculpting
    sculpt = bpy.context.tool_settings.sculpt
    assert sculpt.detail_type_method == "CONSTANT"
    assert sculpt.constant_detail_resolution == pytest.approx(50)
    assert ".sculpt_mask" not in item.data.attributes or not mask(item.data).any()
    assert bpy.ops.maquette.sculpt(method="DYNTOPO") == {"FINISHED"}
    assert item.use_dynamic_topology_sculpting


def test_voxels_rebuild_the_mesh_and_carry_over_what_was_on_it() -> None:
    item = grid_cube()
    assert bpy.ops.maquette.sculpt(method="VOXEL", target_faces=3_000) == {"FINISHED"}
    mesh = item.data
    assert 2_000 < len(mesh.polygons) < 4_500
    assert len(mesh.uv_layers) == 1
    hidden = np.array([vertex.co.y for vertex in mesh.vertices])
    assert mask(mesh)[hidden > 0.5].min() == 1
    assert mask(mesh)[hidden < -0.5].max() == 0
    assert item.mode == "SCULPT"


def test_one_undo_leads_back_to_where_it_began() -> None:
    grid_cube()
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.sculpt(target_faces=3_000)
    bpy.ops.ed.undo_push(message="Sculpt")
    bpy.ops.ed.undo()
    item = bpy.data.objects["Cube"]
    assert item.mode == "OBJECT"
    assert not item.modifiers
    assert ".sculpt_mask" not in item.data.attributes
    assert len(item.data.polygons) == 150
    bpy.ops.ed.redo()
    item = bpy.data.objects["Cube"]
    assert item.mode == "SCULPT"
    assert item.modifiers[0].total_levels == 3
    assert mask(item.data).any()


def test_what_would_go_better_otherwise_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    item = grid_cube(seen=False)
    shape = bmesh.new()
    shape.from_mesh(item.data)
    bmesh.ops.triangulate(shape, faces=shape.faces)
    edge = next(edge for edge in shape.edges if len(edge.link_faces) == 2)
    shape.faces.new([*edge.verts, shape.verts.new((3, 3, 3))])
    shape.to_mesh(item.data)
    shape.free()
    assert bpy.ops.maquette.sculpt(target_faces=1_000) == {"FINISHED"}
    told = capfd.readouterr().out
    assert "nothing is masked" in told
    assert "Quad Remesh first" in told
    assert "1 edges belong to more than two faces" in told


def test_what_does_not_go_together_is_refused() -> None:
    item = grid_cube()
    sculpt = bpy.ops.maquette.sculpt
    other = bpy.data.objects.new("Other", item.data)
    with pytest.raises(RuntimeError, match="shares its mesh"):
        sculpt()
    bpy.data.objects.remove(other)
    item.shape_key_add(name="Basis")
    for method in ("MULTIRES", "DYNTOPO"):
        with pytest.raises(RuntimeError, match="shape keys"):
            sculpt(method=method)
    assert item.mode == "OBJECT"
    item.shape_key_clear()
    item.hide_set(True)
    with pytest.raises(RuntimeError, match="hidden"):
        sculpt()
    item.hide_set(False)
    sculpt(target_faces=1_000)
    for method in ("VOXEL", "DYNTOPO"):
        with pytest.raises(RuntimeError, match="has Multires"):
            sculpt(method=method)
    bpy.ops.object.mode_set(mode="OBJECT")
    item.modifiers.clear()
    with pytest.raises(RuntimeError, match="choose a larger size"):
        sculpt(method="VOXEL", by="LENGTH", length=0.0001)

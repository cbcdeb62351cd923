"""What a user has put on a mesh is still there after it was cleaned."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType

import bmesh
import bpy
import numpy as np
import pytest
from maquette.blender.polygons import read_polygons
from maquette.blender.rebuild import rebuild
from maquette.errors import MeshError
from maquette.geometry.repair.holes import fill_holes
from maquette.geometry.repair.merge import merge_onto, merge_vertices
from maquette.geometry.repair.polygons import Polygons, keep_faces, turn_faces
from maquette.geometry.repair.transfer import Blend, Origin

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def dressed() -> ModuleType:
    """The module ``tests/data/dressed.py``."""
    spec = importlib.util.spec_from_file_location("dressed", DATA / "dressed.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copies(index: np.ndarray) -> Blend:
    assert index.min() >= 0
    return Blend(index, np.empty(0, np.int64), np.empty((0, 3), np.int64), np.empty((0, 3)))


def origin_of(mesh: Polygons) -> Origin:
    """Of a result that is made of copies only."""
    return Origin(copies(mesh.point_from), copies(mesh.corner_from), mesh.face_from)


def grid(dressed: ModuleType) -> bpy.types.Object:
    """A bent grid of 4 x 4 quads that carries everything."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=4, y_subdivisions=4, size=4)
    item = bpy.context.object
    for vertex in item.data.vertices:
        vertex.co.z = vertex.co.x * vertex.co.y * 0.25
    dressed.dress(item)
    return item


def snapshot(dressed: ModuleType, item: bpy.types.Object) -> dict[str, object]:
    """Everything there is to a mesh, for comparing."""
    mesh = item.data
    seen: dict[str, object] = {
        f"attribute {attribute.name}": dressed.values_of(attribute).tolist()
        for attribute in mesh.attributes
        if attribute.name not in {".edge_verts", ".corner_edge", "custom_normal"}
    }
    seen["edges"] = sorted(
        (
            *sorted(edge.vertices),
            edge.use_seam,
            edge.use_edge_sharp,
            getattr(edge, "use_freestyle_mark", False),
            edge.select,
        )
        for edge in mesh.edges
    )
    seen["faces"] = [
        (f.material_index, f.use_smooth, f.select, f.hide, getattr(f, "use_freestyle_mark", False))
        for f in mesh.polygons
    ]
    seen["weights"] = [[(g.group, g.weight) for g in vertex.groups] for vertex in mesh.vertices]
    seen["groups"] = [(group.name, group.lock_weight) for group in item.vertex_groups]
    seen["uv"] = [(layer.name, layer.active, layer.active_render) for layer in mesh.uv_layers]
    colours = mesh.color_attributes
    seen["colours"] = (colours.active_color_name, colours.default_color_name)
    seen["active"] = mesh.attributes.active.name if mesh.attributes.active else ""
    seen["materials"] = [material.name for material in mesh.materials]
    seen["note"] = mesh.get("note")
    if mesh.shape_keys:
        seen["shapes"] = [
            (key.name, key.value, key.slider_max, key.vertex_group, key.relative_key.name, len(key.data))
            for key in mesh.shape_keys.key_blocks
        ]
        seen["shape points"] = [[tuple(point.co) for point in key.data] for key in mesh.shape_keys.key_blocks]
        seen["drivers"] = [curve.data_path for curve in mesh.shape_keys.animation_data.drivers]
    return seen


def edge_values(dressed: ModuleType, mesh: bpy.types.Mesh, name: str) -> dict[tuple[int, int], object]:
    rows = dressed.values_of(mesh.attributes[name]).tolist()
    return {tuple(sorted(edge.vertices)): row for edge, row in zip(mesh.edges, rows, strict=True)}


@pytest.mark.parametrize("shapes", [False, True])
def test_writing_back_what_was_read_changes_nothing(dressed: ModuleType, shapes: bool) -> None:
    item = grid(dressed)
    if shapes:
        dressed.shape(item)
    mesh, before = item.data, snapshot(dressed, item)
    edges = {name: edge_values(dressed, mesh, name) for name in before_edges(mesh)}
    polygons = read_polygons(mesh)
    rebuild(item, polygons, origin_of(polygons))
    assert item.data == mesh
    after = snapshot(dressed, item)
    for name, values in before.items():
        if name not in {f"attribute {edge}" for edge in edges}:
            assert after[name] == values, name
    assert after.keys() == before.keys()
    assert {name: edge_values(dressed, mesh, name) for name in edges} == edges
    assert not mesh.validate(verbose=True)


def before_edges(mesh: bpy.types.Mesh) -> list[str]:
    return [item.name for item in mesh.attributes if item.domain == "EDGE" and item.name != ".edge_verts"]


@pytest.mark.parametrize("shapes", [False, True])
def test_what_is_left_of_a_mesh_keeps_its_values(dressed: ModuleType, shapes: bool) -> None:
    item = grid(dressed)
    if shapes:
        dressed.shape(item)
    mesh = item.data
    polygons = read_polygons(mesh)
    keep = np.arange(polygons.n_faces) % 5 != 0
    result = turn_faces(keep_faces(polygons, keep), np.arange(int(keep.sum())) % 2 == 0)
    columns = {a.name: (a.domain, dressed.values_of(a)) for a in mesh.attributes if not a.is_required}
    edges = {name: edge_values(dressed, mesh, name) for name in before_edges(mesh)}
    weights = [[(g.group, g.weight) for g in vertex.groups] for vertex in mesh.vertices]
    points = [[tuple(p.co) for p in key.data] for key in mesh.shape_keys.key_blocks] if shapes else []
    rebuild(item, result, origin_of(result))
    taken = {"POINT": result.point_from, "CORNER": result.corner_from, "FACE": result.face_from}
    assert {a.name for a in mesh.attributes if not a.is_required} == set(columns)
    for name, (domain, values) in columns.items():
        if domain != "EDGE":
            assert (dressed.values_of(mesh.attributes[name]) == values[taken[domain]]).all(), name
    for name, values in edges.items():
        for (one, other), value in edge_values(dressed, mesh, name).items():
            was = tuple(sorted((int(result.point_from[one]), int(result.point_from[other]))))
            assert value == values[was], name
    now = [[(g.group, g.weight) for g in vertex.groups] for vertex in mesh.vertices]
    assert now == [weights[source] for source in result.point_from]
    for key, values in zip(mesh.shape_keys.key_blocks if shapes else [], points, strict=True):
        assert [tuple(p.co) for p in key.data] == [values[source] for source in result.point_from]
    assert not mesh.validate(verbose=True)


def test_seams_of_edges_that_become_one_stay(dressed: ModuleType) -> None:
    """Two quads beside each other, split at their seam; the mark lies on one copy only."""
    mesh = bpy.data.meshes.new("Split")
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (1, 0, 0), (2, 0, 0), (2, 1, 0), (1, 1, 0)]
    mesh.from_pydata(points, [], [(0, 1, 2, 3), (4, 5, 6, 7)])
    item = bpy.data.objects.new("Split", mesh)
    next(edge for edge in mesh.edges if set(edge.vertices) == {4, 7}).use_seam = True
    next(edge for edge in mesh.edges if set(edge.vertices) == {1, 2}).use_edge_sharp = True
    result = merge_vertices(read_polygons(mesh))
    rebuild(item, result, origin_of(result))
    assert len(mesh.edges) == 7
    marked = [(edge.use_seam, edge.use_edge_sharp) for edge in mesh.edges]
    assert sorted(marked) == [(False, False)] * 6 + [(True, True)]


def test_an_edge_survives_the_collapse_of_its_corner_in_a_face(dressed: ModuleType) -> None:
    """A quad between two others loses one side; the seam along the other side is still found."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=3, y_subdivisions=1)
    item = bpy.context.object
    for edge in item.data.edges:
        edge.use_seam = True
    polygons = read_polygons(item.data)
    target = np.arange(len(polygons.points))
    target[2] = 1
    result = merge_onto(polygons, target)
    rebuild(item, result, origin_of(result))
    assert all(edge.use_seam for edge in item.data.edges)


def test_loose_edges_and_vertices_stay_unless_unwanted() -> None:
    mesh = bpy.data.meshes.new("Wire")
    points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1), (5, 5, 5)]
    mesh.from_pydata(points, [(0, 4)], [(0, 1, 2)])
    mesh.edges[[set(edge.vertices) for edge in mesh.edges].index({0, 4})].use_seam = True
    item = bpy.data.objects.new("Wire", mesh)
    result = keep_faces(read_polygons(mesh), np.ones(1, np.bool_))
    rebuild(item, result, origin_of(result))
    assert len(mesh.vertices) == 6
    wire = [edge for edge in mesh.edges if edge.is_loose]
    assert [(tuple(mesh.vertices[edge.vertices[1]].co), edge.use_seam) for edge in wire] == [((0, 0, 1), True)]
    result = keep_faces(read_polygons(mesh), np.ones(1, np.bool_))
    rebuild(item, result, origin_of(result), keep_loose=False)
    assert (len(mesh.vertices), len(mesh.edges)) == (3, 3)


def test_custom_normals_follow_their_faces(dressed: ModuleType) -> None:
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=2)
    item = bpy.context.object
    item.data.normals_split_custom_set([(0.0, 0.6, 0.8)] * len(item.data.loops))
    mesh = item.data
    polygons = read_polygons(mesh)
    turned = np.zeros(polygons.n_faces, np.bool_)
    turned[: polygons.n_faces // 2] = True
    rebuild(item, turn_faces(polygons, turned), origin_of(turn_faces(polygons, turned)))
    assert mesh.has_custom_normals
    normals = np.array([normal.vector[:] for normal in mesh.corner_normals]).reshape(-1, 3, 3)
    assert normals[turned] == pytest.approx(np.broadcast_to([0.0, -0.6, -0.8], normals[turned].shape), abs=2e-3)
    assert normals[~turned] == pytest.approx(np.broadcast_to([0.0, 0.6, 0.8], normals[~turned].shape), abs=2e-3)


def test_a_mesh_without_custom_normals_gets_none(dressed: ModuleType) -> None:
    item = grid(dressed)
    polygons = read_polygons(item.data)
    rebuild(item, polygons, origin_of(polygons))
    assert not item.data.has_custom_normals
    assert "custom_normal" not in item.data.attributes


def test_mixes_take_a_share_of_each(dressed: ModuleType) -> None:
    item = grid(dressed)
    dressed.shape(item)
    mesh = item.data
    polygons = read_polygons(mesh)
    origin = origin_of(polygons)
    parts, shares = np.array([[0, 1, 2]]), np.array([[0.5, 0.25, 0.25]])
    mixed = Blend(polygons.point_from, np.array([12]), parts, shares)
    before = {a.name: dressed.values_of(a) for a in mesh.attributes if a.domain == "POINT" and not a.is_required}
    basis = np.array([v.co[:] for v in mesh.vertices])
    wide = np.array([p.co[:] for p in mesh.shape_keys.key_blocks["Wide"].data])
    arm = [vertex.groups[0].weight for vertex in mesh.vertices]
    rebuild(item, polygons, Origin(mixed, origin.corners, origin.faces))
    share = before["FLOAT POINT"]
    assert mesh.attributes["FLOAT POINT"].data[12].value == pytest.approx(float(shares[0] @ share[:3, 0]))
    assert dressed.values_of(mesh.attributes["FLOAT_COLOR POINT"])[12] == pytest.approx(
        shares[0] @ before["FLOAT_COLOR POINT"][:3]
    )
    for kind in ("INT", "BOOLEAN", "STRING", "INT8"):
        assert (dressed.values_of(mesh.attributes[f"{kind} POINT"]) == before[f"{kind} POINT"]).all()
    assert np.linalg.norm(dressed.values_of(mesh.attributes["QUATERNION POINT"])[12]) == pytest.approx(1.0)
    assert mesh.vertices[12].groups[0].weight == pytest.approx(float(shares[0] @ arm[:3]))
    moved = np.array(mesh.shape_keys.key_blocks["Wide"].data[12].co) - basis[12]
    assert moved == pytest.approx(shares[0] @ (wide - basis)[:3], abs=1e-6)


def test_hidden_elements_stay_hidden_but_none_of_a_visible_face() -> None:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=2, y_subdivisions=1)
    item = bpy.context.object
    item.data.polygons[0].hide = True
    for vertex in item.data.vertices:
        vertex.hide = True
    polygons = read_polygons(item.data)
    rebuild(item, polygons, origin_of(polygons))
    mesh = item.data
    assert [face.hide for face in mesh.polygons] == [True, False]
    shown = set(mesh.polygons[1].vertices)
    assert [vertex.hide for vertex in mesh.vertices] == [number not in shown for number in range(6)]


@pytest.mark.parametrize("damage", ["corner", "repeated", "nan", "short", "origin", "empty"])
def test_a_damaged_result_leaves_the_mesh_alone(dressed: ModuleType, damage: str) -> None:
    item = grid(dressed)
    before = snapshot(dressed, item)
    good = read_polygons(item.data)
    points, corners, first, origin = good.points.copy(), good.corners.copy(), good.first.copy(), origin_of(good)
    if damage == "corner":
        corners[3] = len(points)
    elif damage == "repeated":
        corners[1] = corners[0]
    elif damage == "nan":
        points[4] = np.nan
    elif damage == "short":
        first[1] = 2
    elif damage == "origin":
        origin = Origin(origin.points, origin.corners, origin.faces + 1)
    else:
        corners, first = corners[:0], first[:1]
    bad = Polygons(points, corners, first, good.point_from, good.corner_from, good.face_from)
    with pytest.raises(MeshError):
        rebuild(item, bad, origin)
    assert snapshot(dressed, item) == before


def test_sculpted_levels_are_not_thrown_away() -> None:
    bpy.ops.mesh.primitive_cube_add()
    item = bpy.context.object
    item.modifiers.new("Levels", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Levels")
    polygons = read_polygons(item.data)
    with pytest.raises(MeshError, match="Multiresolution"):
        rebuild(item, polygons, origin_of(polygons))
    assert item.modifiers["Levels"].total_levels == 1


def test_what_closes_a_hole_gets_normals_of_its_own() -> None:
    """Its corners name those around the hole as their source, whose custom normals would shade it wrongly."""
    bpy.ops.mesh.primitive_cube_add()
    item = bpy.context.object
    mesh = item.data
    work = bmesh.new()
    work.from_mesh(mesh)
    work.faces.ensure_lookup_table()
    gone = next(face for face in work.faces if face.normal.z > 0.9)
    work.faces.remove(gone)
    work.to_mesh(mesh)
    work.free()
    mesh.normals_split_custom_set([mesh.vertices[loop.vertex_index].co.normalized() for loop in mesh.loops])
    result = fill_holes(read_polygons(mesh))
    rebuild(item, result, origin_of(result))
    added = [normal.vector[:] for normal in mesh.corner_normals][mesh.polygons[5].loop_start :]
    assert np.array(added) == pytest.approx(np.tile([0.0, 0.0, 1.0], (len(added), 1)), abs=1e-3)
    for loop in mesh.loops[: mesh.polygons[5].loop_start]:
        expected = mesh.vertices[loop.vertex_index].co.normalized()
        assert mesh.corner_normals[loop.index].vector[:] == pytest.approx(expected[:], abs=2e-3)


def test_hooks_and_children_of_vertices_hold_on_to_them() -> None:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=4, y_subdivisions=4)
    item = bpy.context.object
    hook = item.modifiers.new("Hook", "HOOK")
    hook.object = bpy.data.objects.new("Handle", None)
    hook.vertex_indices_set([3, 20, 24])
    places = {tuple(item.data.vertices[index].co) for index in (20, 24)}
    child = bpy.data.objects.new("Child", None)
    child.parent, child.parent_type, child.parent_vertices = item, "VERTEX", [12, 0, 0]
    middle = tuple(item.data.vertices[12].co)
    polygons = read_polygons(item.data)
    used = np.array([(polygons.corners[a:b] == 3).any() for a, b in itertools.pairwise(polygons.first)])
    result = keep_faces(polygons, ~used)
    rebuild(item, result, origin_of(result))
    assert {tuple(item.data.vertices[index].co) for index in hook.vertex_indices} == places
    assert tuple(item.data.vertices[child.parent_vertices[0]].co) == middle

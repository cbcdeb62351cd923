"""The cleanup buttons: each repairs what it says, on whatever is selected, and can be undone."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from maquette.blender.report import mesh_part, read_report
from maquette.errors import CancelledError
from maquette.operators import cleanup
from maquette.operators.cleaning import Cleaning, current_cleaning
from maquette.operators.generation import shared_worker

pytestmark = pytest.mark.usefixtures("registered")

STEPS = (
    "merge_vertices",
    "remove_duplicate_faces",
    "remove_loose_parts",
    "remove_inner_shells",
    "remove_non_manifold",
    "fill_holes",
    "recalculate_normals",
    "smooth_mesh",
)


def make(name: str, points: list, faces: list, edges: list = ()) -> bpy.types.Object:  # type: ignore[assignment]
    """An object in the scene, selected and active."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, edges, faces)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    select(item)
    return item


def select(*items: bpy.types.Object) -> None:
    for item in bpy.context.view_layer.objects:
        item.select_set(item in items)
    bpy.context.view_layer.objects.active = items[0] if items else None


def cube(size: float = 2.0, location: tuple[float, float, float] = (0, 0, 0)) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=size, location=location)
    return bpy.context.object


def change(item: bpy.types.Object, work) -> None:
    """Change a mesh through bmesh."""
    edited = bmesh.new()
    edited.from_mesh(item.data)
    edited.faces.ensure_lookup_table()
    edited.verts.ensure_lookup_table()
    work(edited)
    edited.to_mesh(item.data)
    edited.free()


def split(item: bpy.types.Object) -> None:
    """Give every face vertices of its own, as a mesh comes out of a file with seams."""
    change(item, lambda mesh: bmesh.ops.split_edges(mesh, edges=mesh.edges[:]))


def open_top(item: bpy.types.Object) -> None:
    """Take one face away."""
    change(item, lambda mesh: bmesh.ops.delete(mesh, geom=[mesh.faces[0]], context="FACES"))


def counts(item: bpy.types.Object) -> tuple[int, int, int]:
    mesh = item.data
    return len(mesh.vertices), len(mesh.edges), len(mesh.polygons)


def coordinates(item: bpy.types.Object) -> list[tuple[float, ...]]:
    return [tuple(vertex.co) for vertex in item.data.vertices]


def volume(item: bpy.types.Object) -> float:
    edited = bmesh.new()
    edited.from_mesh(item.data)
    value = edited.calc_volume(signed=True)
    edited.free()
    return value


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What operators report, in order."""
    lines: list[str] = []
    tell = cleanup.Notes.tell

    class Ear:
        def __init__(self, operator: bpy.types.Operator) -> None:
            self.operator = operator

        def report(self, kind: set[str], text: str) -> None:
            lines.append(f"{next(iter(kind))} {text}")
            self.operator.report(kind, text)

    monkeypatch.setattr(cleanup.Notes, "tell", lambda notes, operator: tell(notes, Ear(operator)))
    return lines


def test_merge_joins_a_mesh_split_at_its_seams(said: list[str]) -> None:
    item = cube()
    split(item)
    assert counts(item) == (24, 24, 6)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert counts(item) == (8, 12, 6)
    assert volume(item) == pytest.approx(8.0)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert said == ["INFO Merged 16 vertices", "INFO Nothing to merge"]


@pytest.mark.parametrize("scale", [(1, 1, 1), (10, 10, 10), (0.1, 1, 1), (-10, 10, 10)])
def test_the_merge_distance_is_in_the_worlds_unit(scale: tuple[float, float, float]) -> None:
    """Two vertices 0.01 apart along X in the mesh, so 0.01 times the scale in the world."""
    item = make("Near", [(0, 0, 0), (0.01, 0, 0), (1, 1, 0), (0, 1, 0)], [(0, 1, 2, 3)])
    item.scale = scale
    item.rotation_euler = (0.4, 0.5, 0.6)
    bpy.context.view_layer.update()
    apart = 0.01 * abs(scale[0])
    bpy.ops.maquette.merge_vertices(distance=apart * 0.9)
    assert len(item.data.vertices) == 4
    bpy.ops.maquette.merge_vertices(distance=apart * 1.1)
    assert len(item.data.vertices) == 3


def test_a_relative_distance_is_a_share_of_the_size() -> None:
    item = make("Near", [(0, 0, 0), (0.01, 0, 0), (1, 1, 0), (0, 1, 0)], [(0, 1, 2, 3)])
    item.scale = (100, 100, 100)
    bpy.context.view_layer.update()
    bpy.ops.maquette.merge_vertices(relative=True, share=0.6)
    assert len(item.data.vertices) == 4
    bpy.ops.maquette.merge_vertices(relative=True, share=0.8)
    assert len(item.data.vertices) == 3


def test_duplicate_and_flat_faces_go(said: list[str]) -> None:
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (2, 0, 0)]
    item = make("Double", points, [(0, 1, 2, 3), (3, 2, 1, 0), (0, 1, 4)])
    bpy.ops.maquette.remove_duplicate_faces()
    assert len(item.data.polygons) == 1
    assert said == ["INFO Removed 1 duplicate face and 1 face without area"]


def test_loose_parts_go_by_size_by_faces_and_by_rank(said: list[str]) -> None:
    def scene() -> bpy.types.Object:
        big, small, tiny = cube(4.0), cube(1.0, (5, 0, 0)), cube(0.1, (0, 5, 0))
        select(big, small, tiny)
        bpy.ops.object.join()
        return bpy.context.object

    item = scene()
    bpy.ops.maquette.remove_loose_parts(smallest_size=5.0)
    assert len(item.data.polygons) == 12
    item = scene()
    bpy.ops.maquette.remove_loose_parts(smallest_size=0.0, keep_largest=1)
    assert len(item.data.polygons) == 6
    item = scene()
    bpy.ops.maquette.remove_loose_parts(smallest_size=0.0, fewest_faces=7)
    assert len(item.data.polygons) == 6
    bpy.ops.maquette.remove_loose_parts()
    assert said[0] == "INFO Removed 1 part with 6 faces, 2 left"
    assert said[-1] == "INFO Nothing to remove from 1 part"


def test_the_faces_of_a_split_mesh_are_no_loose_parts() -> None:
    item = cube()
    split(item)
    bpy.ops.maquette.remove_loose_parts(keep_largest=1)
    assert len(item.data.polygons) == 6


def test_loose_edges_and_vertices_go_with_loose_parts_only(said: list[str]) -> None:
    points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (9, 9, 9)]
    item = make("Wire", points, [(0, 1, 2)], [(2, 3)])
    bpy.ops.maquette.merge_vertices()
    bpy.ops.maquette.recalculate_normals()
    assert counts(item) == (5, 4, 1)
    bpy.ops.maquette.remove_loose_parts()
    assert counts(item) == (3, 3, 1)
    assert said[-1] == "INFO Removed 2 vertices without a face"


def test_inner_shells_go_and_hollows_stay(said: list[str]) -> None:
    outer, inner = cube(4.0), cube(1.0)
    select(outer, inner)
    bpy.ops.object.join()
    bpy.ops.maquette.remove_inner_shells()
    assert counts(outer) == (8, 12, 6)
    inner = cube(1.0)
    inner.data.flip_normals()
    select(outer, inner)
    bpy.ops.object.join()
    bpy.ops.maquette.remove_inner_shells()
    assert len(outer.data.polygons) == 12
    bpy.ops.maquette.remove_inner_shells(keep_cavities=False)
    assert len(outer.data.polygons) == 6
    assert said[0] == "INFO Removed 1 inner shell with 6 faces"
    assert said[1] == "INFO No inner shells to remove; 1 hollow was kept"


def test_a_fin_is_cut_off(said: list[str]) -> None:
    item = cube()
    points = coordinates(item)
    faces = [tuple(face.vertices) for face in item.data.polygons]
    one, other = item.data.edges[0].vertices
    tip = np.mean([points[one], points[other]], axis=0) * 1.2
    item = make("Fin", [*points, tuple(tip)], [*faces, (one, other, 8)])
    bpy.ops.maquette.remove_non_manifold()
    assert counts(item) == (8, 12, 6)
    assert "fins" in said[-1]


@pytest.mark.parametrize("smooth", [False, True])
def test_small_holes_are_closed_and_large_ones_only_when_asked(smooth: bool, said: list[str]) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=32, ring_count=16)
    item = bpy.context.object
    before = volume(item)
    low = [face.index for face in item.data.polygons if face.center.z < 0.1]
    small = next(face.index for face in item.data.polygons if 0.4 < face.center.z < 0.6)

    def damage(mesh: bmesh.types.BMesh) -> None:
        bmesh.ops.delete(mesh, geom=[mesh.faces[index] for index in (*low, small)], context="FACES")

    change(item, damage)
    bpy.ops.maquette.fill_holes(smooth=smooth)
    assert said == ["INFO Closed 1 hole, left 1 larger one open (see Large Holes Too)"]
    bpy.ops.maquette.fill_holes(large=True, smooth=smooth)
    assert said[1] == "INFO Closed 1 hole"
    assert is_closed(item)
    assert 0.3 * before < volume(item) < before * 1.2
    bpy.ops.maquette.fill_holes(large=True)
    assert said[2] == "INFO No holes to close"


def is_closed(item: bpy.types.Object) -> bool:
    """Whether every edge has two faces."""
    used = np.bincount([loop.edge_index for loop in item.data.loops], minlength=len(item.data.edges))
    return bool((used == 2).all())


def test_seams_are_joined_and_not_filled(said: list[str]) -> None:
    item = cube()
    split(item)
    open_top(item)
    bpy.ops.maquette.fill_holes(large=True)
    assert counts(item)[0] == 8
    assert volume(item) == pytest.approx(8.0)
    assert said == ["INFO Joined its seams, closed 1 hole"]


def test_a_moebius_strip_is_not_closed(said: list[str]) -> None:
    points, faces, n = [], [], 24
    for step in range(n):
        turn, half = 2 * np.pi * step / n, np.pi * step / n
        for side in (-0.4, 0.4):
            radius = 2 + side * np.cos(half)
            points.append((radius * np.cos(turn), radius * np.sin(turn), side * np.sin(half)))
    for step in range(n - 1):
        faces.append((2 * step, 2 * step + 1, 2 * step + 3, 2 * step + 2))
    faces.append((2 * n - 2, 2 * n - 1, 0, 1))
    item = make("Moebius", points, faces)
    bpy.ops.maquette.fill_holes(large=True)
    assert len(item.data.polygons) == n
    assert "Moebius" in said[-1]
    bpy.ops.maquette.recalculate_normals()
    assert "Moebius" in said[-1]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("parted", [False, True])
def test_all_faces_look_outwards(mirrored: bool, parted: bool, said: list[str]) -> None:
    item = cube()
    if parted:
        split(item)
    change(item, lambda mesh: bmesh.ops.reverse_faces(mesh, faces=mesh.faces[1:3]))
    item.scale = (-1, 2, 3) if mirrored else (1, 2, 3)
    bpy.context.view_layer.update()
    bpy.ops.maquette.recalculate_normals()
    assert volume(item) == pytest.approx(8.0)
    bpy.ops.maquette.recalculate_normals()
    assert said == ["INFO Turned 2 faces over", "INFO All faces look the right way"]


def test_smoothing_takes_noise_away_and_keeps_the_size(said: list[str]) -> None:
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4)
    item = bpy.context.object
    before, noise = volume(item), np.random.default_rng(0)
    for vertex in item.data.vertices:
        vertex.co *= 1 + noise.normal(scale=0.01)
    rough = np.linalg.norm(coordinates(item), axis=1).std()
    bpy.ops.maquette.smooth_mesh()
    assert np.linalg.norm(coordinates(item), axis=1).std() < 0.6 * rough
    assert volume(item) == pytest.approx(before, rel=0.01)
    bpy.ops.maquette.smooth_mesh(steps=0)
    assert said[-1] == "INFO No vertex moved"


def test_smoothing_keeps_seams_closed_and_rims_in_place() -> None:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=6, y_subdivisions=6)
    item = bpy.context.object
    for number, vertex in enumerate(item.data.vertices):
        vertex.co.z = number % 3 * 0.05
    rim = [co for co in coordinates(item) if max(abs(co[0]), abs(co[1])) > 0.99]
    split(item)
    bpy.ops.maquette.smooth_mesh()
    places = set(coordinates(item))
    assert len(places) == 49
    assert set(rim) <= places


@pytest.mark.parametrize("step", STEPS)
def test_a_sound_mesh_stays_as_it_is(step: str) -> None:
    item = cube()
    before = coordinates(item)
    options = {"steps": 0} if step == "smooth_mesh" else {}
    assert getattr(bpy.ops.maquette, step)(**options) == {"FINISHED"}
    assert coordinates(item) == before
    assert counts(item) == (8, 12, 6)


def broken(step: str) -> bpy.types.Object:
    """A mesh with UVs that the step changes."""
    item, crumb, inner = cube(), cube(0.01, (2, 2, 2)), cube(0.5)
    if step == "remove_inner_shells":
        crumb.location.x = 0
    select(item, crumb, inner)
    bpy.ops.object.join()
    if step == "merge_vertices":
        split(item)
    elif step == "fill_holes":
        open_top(item)
    elif step == "recalculate_normals":
        change(item, lambda mesh: bmesh.ops.reverse_faces(mesh, faces=mesh.faces[1:3]))
    elif step in ("remove_duplicate_faces", "remove_non_manifold"):
        points, faces = coordinates(item), [tuple(face.vertices) for face in item.data.polygons]
        added = [faces[3], (*faces[4][:2], len(points))]
        item.data.clear_geometry()
        item.data.from_pydata([*points, (0, 0, 5)], [], [*faces, *added])
        item.data.uv_layers.new(name="UVMap")
    return item


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
def test_one_undo_restores_every_vertex(step: str, mode: str) -> None:
    item = broken(step)
    options = {"large": True} if step == "fill_holes" else {}
    name = item.name
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.ed.undo_push(message="Before")
    before = state(name)
    assert getattr(bpy.ops.maquette, step)("EXEC_DEFAULT", True, **options) == {"FINISHED"}
    assert bpy.data.objects[name].mode == mode
    after = state(name)
    assert after != before
    bpy.ops.ed.undo()
    assert bpy.data.objects[name].mode == mode
    assert state(name) == before
    bpy.ops.ed.redo()
    assert state(name) == after


def state(name: str) -> tuple[object, ...]:
    """All vertices, faces and UVs of an object's mesh, with the edits under way."""
    mesh = bpy.data.objects[name].data
    edited = bmesh.from_edit_mesh(mesh) if mesh.is_editmode else bmesh.new()
    if not mesh.is_editmode:
        edited.from_mesh(mesh)
    layer = edited.loops.layers.uv["UVMap"]
    points = tuple(tuple(vertex.co) for vertex in edited.verts)
    faces = tuple(tuple(vertex.index for vertex in face.verts) for face in edited.faces)
    return points, faces, tuple(tuple(loop[layer].uv) for face in edited.faces for loop in face.loops)


def test_several_objects_at_once_each_with_its_note(said: list[str]) -> None:
    one, other = cube(), cube()
    split(one)
    select(one, other)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert said == [f"INFO {one.name}: Merged 16 vertices; {other.name}: Nothing to merge"]


def test_objects_that_share_a_mesh_are_done_once(said: list[str]) -> None:
    one = cube()
    split(one)
    other = bpy.data.objects.new("Other", one.data)
    bpy.context.scene.collection.objects.link(other)
    select(other, one)
    bpy.ops.maquette.merge_vertices()
    assert one.data == other.data
    assert counts(one) == (8, 12, 6)
    assert said == ["INFO Merged 16 vertices"]


def test_a_batch_goes_on_after_one_that_fails(said: list[str]) -> None:
    bpy.ops.mesh.primitive_circle_add(fill_type="NOTHING")
    wire, item = bpy.context.object, cube()
    split(item)
    select(wire, item)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert counts(item) == (8, 12, 6)
    assert len(said) == 1
    assert said[0].startswith(f"WARNING {wire.name}: The mesh has no faces")
    assert said[0].endswith(f"{item.name}: Merged 16 vertices")


def test_a_mesh_without_faces_is_an_error() -> None:
    bpy.ops.mesh.primitive_circle_add(fill_type="NOTHING")
    with pytest.raises(RuntimeError, match="no faces"):
        bpy.ops.maquette.merge_vertices()


def test_what_is_no_mesh_is_left_alone(said: list[str]) -> None:
    bpy.ops.object.light_add()
    light, item = bpy.context.object, cube()
    split(item)
    select(item, light)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert said == ["INFO Merged 16 vertices"]
    select(light)
    assert not bpy.ops.maquette.merge_vertices.poll()
    select()
    assert not bpy.ops.maquette.merge_vertices.poll()


def test_a_hidden_active_object_is_cleaned() -> None:
    item = cube()
    split(item)
    item.hide_set(True)
    bpy.context.view_layer.objects.active = item
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert counts(item) == (8, 12, 6)
    assert item.hide_get()


def test_a_linked_mesh_is_a_sentence(tmp_path: Path) -> None:
    item = cube()
    split(item)
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {item})
    name = item.name
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = [name]
    linked = bpy.data.objects[name]
    bpy.context.scene.collection.objects.link(linked)
    mine = cube()
    split(mine)
    select(linked)
    with pytest.raises(RuntimeError, match="linked from another file: make it local"):
        bpy.ops.maquette.merge_vertices()
    select(linked, mine)
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert counts(linked) == (24, 24, 6)
    assert counts(mine) == (8, 12, 6)


def test_modifiers_stay_and_are_named(said: list[str]) -> None:
    item = cube()
    split(item)
    item.modifiers.new("Mirror", "MIRROR")
    item.modifiers.new("Bend", "SIMPLE_DEFORM")
    bpy.ops.maquette.merge_vertices()
    assert [modifier.name for modifier in item.modifiers] == ["Mirror", "Bend"]
    assert counts(item) == (8, 12, 6)
    assert said == ["INFO Merged 16 vertices; the mesh under Mirror"]


def test_shape_keys_with_their_animation_survive() -> None:
    item = cube()
    split(item)
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Up", from_mix=False)
    for point in key.data:
        point.co.z += 1
    key.value = 0.5
    key.keyframe_insert("value", frame=3)
    bpy.ops.maquette.merge_vertices()
    keys = item.data.shape_keys.key_blocks
    assert [(key.name, len(key.data)) for key in keys] == [("Basis", 8), ("Up", 8)]
    assert all(up.co.z == base.co.z + 1 for up, base in zip(keys["Up"].data, keys["Basis"].data, strict=True))
    assert item.data.shape_keys.animation_data.action is not None


def test_coordinates_that_are_no_numbers_go_with_their_faces() -> None:
    item = cube()
    item.data.vertices[0].co.x = float("nan")
    bpy.ops.maquette.merge_vertices()
    assert counts(item) == (7, 9, 3)
    assert np.isfinite(coordinates(item)).all()


def test_several_objects_in_edit_mode_come_back_to_it() -> None:
    one, other, apart = cube(), cube(), cube()
    for item in (one, other):
        split(item)
    select(one, other)
    bpy.ops.object.mode_set(mode="EDIT")
    assert bpy.ops.maquette.merge_vertices() == {"FINISHED"}
    assert [item.mode for item in (one, other, apart)] == ["EDIT", "EDIT", "OBJECT"]
    assert [item.select_get() for item in (one, other, apart)] == [True, True, False]
    assert len(bmesh.from_edit_mesh(one.data).verts) == len(bmesh.from_edit_mesh(other.data).verts) == 8


def test_edits_under_way_are_kept() -> None:
    item = cube()
    bpy.ops.object.mode_set(mode="EDIT")
    edited = bmesh.from_edit_mesh(item.data)
    bmesh.ops.split_edges(edited, edges=edited.edges[:])
    bpy.ops.maquette.merge_vertices()
    edited = bmesh.from_edit_mesh(item.data)
    assert (len(edited.verts), len(edited.faces)) == (8, 6)


@pytest.mark.parametrize("mode", ["SCULPT", "VERTEX_PAINT", "WEIGHT_PAINT"])
def test_other_modes_are_left_and_entered_again(mode: str) -> None:
    item = cube()
    split(item)
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.maquette.merge_vertices()
    assert item.mode == mode
    assert counts(item) == (8, 12, 6)


def test_a_report_is_brought_up_to_date() -> None:
    item, other = cube(), cube()
    for each in (item, other):
        split(each)
    select(item)
    bpy.ops.maquette.check_mesh()
    select(item, other)
    bpy.ops.maquette.merge_vertices()
    part = mesh_part(read_report(item))
    assert part is not None
    assert part["boundary_edges"] == 0
    assert mesh_part(read_report(other)) is None


def overlapping() -> bpy.types.Object:
    one, other = cube(), cube(2.0, (1, 1, 1))
    select(one, other)
    bpy.ops.object.join()
    return bpy.context.object


def test_bodies_that_pass_through_each_other_become_one(said: list[str]) -> None:
    item = overlapping()
    assert bpy.ops.maquette.resolve_intersections() == {"FINISHED"}
    assert volume(item) == pytest.approx(15.0)
    assert is_closed(item)
    assert bpy.ops.maquette.resolve_intersections() == {"FINISHED"}
    assert said[1] == "INFO Nothing to repair"


def test_clean_up_repairs_and_says_what_it_did(said: list[str]) -> None:
    item = overlapping()
    split(item)
    item.data.uv_layers.new(name="Map")
    assert bpy.ops.maquette.clean_up() == {"FINISHED"}
    assert volume(item) == pytest.approx(15.0)
    assert is_closed(item)
    assert item.data.uv_layers.keys() == ["UVMap", "Map"]
    assert len(said) == 1
    assert "erged 32 vertices" in said[0]
    assert "united" in said[0]
    report = json.loads(item["maquette_report"])
    assert report["mesh"]["watertight"] is True
    assert report["mesh"]["self_intersections"] == 0
    assert report["cleaning"]["done"]
    assert bpy.context.window_manager.maquette_state.cleaning_step == ""


def test_clean_up_leaves_a_sound_mesh_alone(said: list[str]) -> None:
    item = cube()
    before = item.data.vertices[0].as_pointer()
    assert bpy.ops.maquette.clean_up() == {"FINISHED"}
    assert item.data.vertices[0].as_pointer() == before
    assert said == ["INFO Nothing to repair"]


def test_make_solid_closes_what_clean_up_leaves_open(said: list[str]) -> None:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=8, y_subdivisions=8)
    item = bpy.context.object
    bpy.ops.maquette.clean_up()
    assert not is_closed(item)
    assert said[0].startswith("WARNING")
    bpy.ops.maquette.make_solid()
    assert is_closed(item)
    assert volume(item) > 0


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
@pytest.mark.parametrize("operator", ["resolve_intersections", "clean_up", "make_solid"])
def test_one_undo_takes_the_workers_result_back(operator: str, mode: str) -> None:
    item = overlapping()
    name = item.name
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.ed.undo_push(message="Before")
    before = state(name)
    assert getattr(bpy.ops.maquette, operator)("EXEC_DEFAULT", True) == {"FINISHED"}
    after = state(name)
    assert after != before
    assert bpy.data.objects[name].mode == mode
    bpy.ops.ed.undo()
    assert state(name) == before
    bpy.ops.ed.redo()
    assert state(name) == after


def run(cleaning: Cleaning, until: str = "") -> None:
    """Tick as Blender's timer does, to the end or to a step."""
    deadline = time.monotonic() + 60
    while not cleaning.tick(bpy.context):
        assert time.monotonic() < deadline
        if until and until in bpy.context.window_manager.maquette_state.cleaning_step:
            return
        time.sleep(0.005)


def test_a_cleaning_that_is_stopped_changes_nothing() -> None:
    item = overlapping()
    before = coordinates(item)
    cleaning = Cleaning(bpy.context, "clean_up", {})
    assert current_cleaning() is cleaning
    assert not bpy.ops.maquette.clean_up.poll()
    assert bpy.ops.maquette.cancel() == {"FINISHED"}
    run(cleaning)
    with pytest.raises(CancelledError, match="nothing was changed"):
        cleaning.conclude(bpy.context)
    cleaning.close()
    assert coordinates(item) == before
    assert current_cleaning() is None
    assert bpy.ops.maquette.clean_up.poll()


def test_a_mesh_that_was_changed_meanwhile_is_left_alone() -> None:
    item = overlapping()
    cleaning = Cleaning(bpy.context, "clean_up", {})
    item.data.vertices[0].co.x -= 1
    before = coordinates(item)
    run(cleaning)
    notes, items = cleaning.conclude(bpy.context)
    cleaning.close()
    assert not items
    assert "changed while it was being cleaned" in notes.failed[0][1]
    assert coordinates(item) == before


def test_an_object_that_was_deleted_meanwhile_is_a_sentence() -> None:
    item, other = overlapping(), overlapping()
    select(item, other)
    cleaning = Cleaning(bpy.context, "clean_up", {})
    bpy.data.objects.remove(item)
    run(cleaning)
    notes, items = cleaning.conclude(bpy.context)
    cleaning.close()
    assert items == [other]
    assert "deleted" in notes.failed[0][1]
    assert volume(other) == pytest.approx(15.0)


def test_the_workers_death_is_an_error_and_the_next_click_works() -> None:
    item = overlapping()
    bpy.ops.maquette.resolve_intersections()
    worker = shared_worker()
    item = overlapping()
    cleaning = Cleaning(bpy.context, "clean_up", {})
    assert not cleaning.tick(bpy.context)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    run(cleaning)
    notes, _ = cleaning.conclude(bpy.context)
    cleaning.close()
    assert "worker process" in notes.failed[0][1]
    assert bpy.ops.maquette.clean_up() == {"FINISHED"}
    assert volume(item) == pytest.approx(15.0)


def test_select_problem_selects_just_that() -> None:
    item = cube()
    open_top(item)
    other = cube()
    select(item, other)
    assert bpy.ops.maquette.select_problem(which="boundary_edges") == {"FINISHED"}
    assert (item.mode, other.mode) == ("EDIT", "OBJECT")
    assert tuple(bpy.context.tool_settings.mesh_select_mode) == (False, True, False)
    edited = bmesh.from_edit_mesh(item.data)
    assert {edge.index for edge in edited.edges if edge.select} == {e.index for e in edited.edges if e.is_boundary}
    assert sum(edge.select for edge in edited.edges) == 4


@pytest.mark.parametrize(
    ("which", "mode", "count"),
    [
        ("non_manifold_edges", 1, 1),
        ("non_manifold_vertices", 0, 2),
        ("duplicate_faces", 2, 0),
        ("inconsistent_edges", 2, 0),
    ],
)
def test_select_problem_uses_the_mode_of_the_elements(which: str, mode: int, count: int) -> None:
    points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1)]
    make("Fan", points, [(0, 1, 2), (1, 0, 3), (0, 1, 4)])
    bpy.context.object.data.polygons[0].hide = True
    bpy.ops.maquette.select_problem(which=which)
    edited = bmesh.from_edit_mesh(bpy.context.object.data)
    assert list(bpy.context.tool_settings.mesh_select_mode).index(True) == mode
    assert sum(item.select for item in (edited.verts, edited.edges, edited.faces)[mode]) == count


def test_select_problem_finds_crossing_and_inner_faces() -> None:
    outer, inner = cube(4.0), cube(1.0)
    select(outer, inner)
    bpy.ops.object.join()
    bpy.ops.maquette.select_problem(which="inner_shells")
    assert sum(face.select for face in bmesh.from_edit_mesh(outer.data).faces) == 6
    bpy.ops.maquette.select_problem(which="self_intersections")
    assert sum(face.select for face in bmesh.from_edit_mesh(outer.data).faces) == 0
    bpy.ops.object.mode_set(mode="OBJECT")
    item = overlapping()
    bpy.ops.maquette.select_problem(which="self_intersections")
    assert sum(face.select for face in bmesh.from_edit_mesh(item.data).faces) == 6


def test_select_problem_says_why_it_cannot() -> None:
    item = cube()
    item.hide_set(True)
    bpy.context.view_layer.objects.active = item
    with pytest.raises(RuntimeError, match="hidden"):
        bpy.ops.maquette.select_problem(which="boundary_edges")


def ball(segments: int = 64, rings: int = 32) -> bpy.types.Object:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=segments, ring_count=rings)
    return bpy.context.object


def uv_error(item: bpy.types.Object, expected) -> float:
    """How far the UVs are from what the shape says, in the middle nine tenths of the corners."""
    mesh = item.data
    uv = np.array([point.vector[:] for point in mesh.uv_layers.active.uv])
    places = np.array([mesh.vertices[loop.vertex_index].co[:] for loop in mesh.loops])
    return float(np.quantile(np.linalg.norm(uv - expected(places), axis=1), 0.9))


def paint(item: bpy.types.Object) -> None:
    """UVs, a material slot and a vertex group that follow from the shape."""
    mesh = item.data
    for loop in mesh.loops:
        mesh.uv_layers.active.uv[loop.index].vector = mesh.vertices[loop.vertex_index].co.xy
    for name in ("Low", "High"):
        mesh.materials.append(bpy.data.materials.new(name))
    for face in mesh.polygons:
        face.material_index = int(face.center.z > 0)
    group = item.vertex_groups.new(name="Height")
    for vertex in mesh.vertices:
        group.add([vertex.index], (vertex.co.z + 1) / 2, "REPLACE")


def check_paint(item: bpy.types.Object) -> None:
    mesh = item.data
    assert uv_error(item, lambda places: places[:, :2]) < 0.05
    assert [material.name for material in mesh.materials] == ["Low", "High"]
    for face in mesh.polygons:
        if abs(face.center.z) > 0.2:
            assert face.material_index == int(face.center.z > 0)
    for vertex in mesh.vertices:
        assert abs(vertex.groups[0].weight - (vertex.co.z + 1) / 2) < 0.06


@pytest.mark.parametrize("target", [300, 1000])
@pytest.mark.parametrize("parted", [False, True])
def test_decimate_meets_the_count_and_carries_all_over(target: int, parted: bool, said: list[str]) -> None:
    item = ball()
    before = volume(item)
    paint(item)
    if parted:
        split(item)
    assert bpy.ops.maquette.decimate(target_faces=target) == {"FINISHED"}
    mesh = item.data
    assert abs(len(mesh.polygons) - target) <= 0.02 * target
    assert is_closed(item)
    assert volume(item) == pytest.approx(before, rel=0.05)
    check_paint(item)
    assert said[0].startswith("INFO Decimated 2,048 faces to")
    bpy.ops.maquette.decimate(target_faces=5000)
    assert "already" in said[1]
    assert len(bpy.data.objects) == len(bpy.data.meshes) == 1


def test_decimate_keeps_shape_keys_custom_normals_and_seams() -> None:
    item = ball()
    mesh = item.data
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Tall", from_mix=False)
    for point in key.data:
        point.co.z *= 2
    key.value = 0.5
    for edge in mesh.edges:
        edge.use_seam = all(abs(mesh.vertices[index].co.z) < 1e-3 for index in edge.vertices)
    mesh.normals_split_custom_set([mesh.vertices[loop.vertex_index].co.normalized() for loop in mesh.loops])
    bpy.ops.maquette.decimate(target_faces=600)
    keys = mesh.shape_keys.key_blocks
    assert (keys["Tall"].value, len(keys["Tall"].data)) == (0.5, len(mesh.vertices))
    for point, base in zip(keys["Tall"].data, keys["Basis"].data, strict=True):
        assert point.co.z == pytest.approx(2 * base.co.z, abs=0.05)
    assert mesh.has_custom_normals
    assert any(edge.use_seam for edge in mesh.edges)
    assert len(bpy.data.shape_keys) == 1


def test_decimate_leaves_hooks_where_they_were() -> None:
    item = ball()
    top = max(item.data.vertices, key=lambda vertex: vertex.co.z).index
    hook = item.modifiers.new("Hook", "HOOK")
    hook.vertex_indices_set([top])
    bpy.ops.maquette.decimate(target_faces=400)
    assert [item.data.vertices[index].co.z > 0.9 for index in hook.vertex_indices] == [True]


def test_decimate_works_in_the_worlds_scale() -> None:
    item = ball()
    item.scale = (1, 1, 20)
    bpy.context.view_layer.update()
    bpy.ops.maquette.decimate(target_faces=500)
    assert volume(item) == pytest.approx(4 / 3 * np.pi, rel=0.06)
    assert np.abs(coordinates(item)).max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("scale", [1.0, 0.001])
def test_quad_remesh_gives_quads_of_the_same_shape(scale: float, said: list[str]) -> None:
    item = ball()
    paint(item)
    item.scale = (scale, scale, scale)
    bpy.context.view_layer.update()
    assert bpy.ops.maquette.quad_remesh(target_faces=1200) == {"FINISHED"}
    mesh = item.data
    assert 800 <= len(mesh.polygons) <= 1600
    assert (abs(len(mesh.polygons) - 1200) > 120) == ("1,200 were asked for" in said[0])
    assert np.mean([face.loop_total == 4 for face in mesh.polygons]) > 0.98
    assert volume(item) == pytest.approx(4 / 3 * np.pi, rel=0.05)
    check_paint(item)
    assert "quads" in said[0]
    assert len(bpy.data.objects) == len(bpy.data.meshes) == 1


def test_quad_remesh_falls_back_to_voxels_and_says_so(said: list[str]) -> None:
    item = ball()
    points, faces = coordinates(item), [tuple(face.vertices) for face in item.data.polygons]
    tip = np.mean([points[index] for index in faces[100][:2]], axis=0) * 1.02
    item = make("Fin", [*points, tuple(tip)], [*faces, (*faces[100][:2], len(points))])
    assert bpy.ops.maquette.quad_remesh(target_faces=1500) == {"FINISHED"}
    assert "voxels" in said[0]
    assert said[0].startswith("WARNING")
    assert np.mean([face.loop_total == 4 for face in item.data.polygons]) > 0.95


def test_quad_remesh_refuses_what_would_lose_the_shape() -> None:
    item = ball()
    before = coordinates(item)
    other = cube(0.05, (3, 3, 3))
    select(item, other)
    bpy.ops.object.join()
    before = coordinates(item)
    with pytest.raises(RuntimeError, match="shape would change"):
        bpy.ops.maquette.quad_remesh(target_faces=50)
    assert coordinates(item) == before
    assert bpy.data.objects.keys() == [item.name]


@pytest.mark.parametrize("operator", ["decimate", "quad_remesh"])
@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
def test_one_undo_brings_all_faces_back(operator: str, mode: str) -> None:
    name = ball().name
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.ed.undo_push(message="Before")
    before = state(name)
    assert getattr(bpy.ops.maquette, operator)("EXEC_DEFAULT", True, target_faces=200) == {"FINISHED"}
    assert state(name) != before
    assert bpy.data.objects[name].mode == mode
    bpy.ops.ed.undo()
    assert state(name) == before

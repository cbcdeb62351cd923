"""Check Mesh measures what would be exported, in the scene's size, and keeps it with the object."""

from __future__ import annotations

import json

import bmesh
import bpy
import pytest
from maquette.blender.report import mesh_lines, mesh_part, read_report, run_line

pytestmark = pytest.mark.usefixtures("registered")


def checked() -> dict[str, object]:
    """The mesh part of the active object's report after a check."""
    assert bpy.ops.maquette.check_mesh() == {"FINISHED"}
    return json.loads(bpy.context.active_object["maquette_report"])["mesh"]


def test_closed_cube() -> None:
    bpy.ops.mesh.primitive_cube_add(size=2)
    mesh = checked()
    assert mesh["watertight"] is True
    assert mesh["faces"] == 6
    assert mesh["volume"] == pytest.approx(8.0)
    assert mesh["dimensions"] == pytest.approx([2.0, 2.0, 2.0])


def test_open_plane_counts_its_border() -> None:
    bpy.ops.mesh.primitive_plane_add()
    mesh = checked()
    assert mesh["watertight"] is False
    assert mesh["boundary_edges"] == 4


def test_scale_modifiers_and_mirroring_count() -> None:
    bpy.ops.mesh.primitive_cube_add(size=2)
    cube = bpy.context.object
    cube.scale = (-1.0, 1.0, 3.0)
    cube.modifiers.new("Subdivide", "SUBSURF").subdivision_type = "SIMPLE"
    bpy.context.view_layer.update()
    mesh = checked()
    assert mesh["faces"] == 24
    assert mesh["volume"] == pytest.approx(24.0)
    assert mesh["dimensions"] == pytest.approx([2.0, 2.0, 6.0])


def test_edits_under_way_count() -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    edited = bmesh.from_edit_mesh(bpy.context.object.data)
    edited.faces.ensure_lookup_table()
    bmesh.ops.delete(edited, geom=[edited.faces[0]], context="FACES_ONLY")
    mesh = checked()
    assert mesh["faces"] == 5
    assert mesh["boundary_edges"] == 4


def test_mesh_without_faces_is_a_sentence() -> None:
    bpy.ops.mesh.primitive_circle_add(fill_type="NOTHING")
    with pytest.raises(RuntimeError, match="Error: "):
        bpy.ops.maquette.check_mesh()


def test_needs_a_mesh() -> None:
    assert not bpy.ops.maquette.check_mesh.poll()
    bpy.ops.object.empty_add()
    assert not bpy.ops.maquette.check_mesh.poll()


def test_check_keeps_what_is_known_of_the_run() -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object["maquette_report"] = json.dumps(
        {"seconds": {"a": 1.0, "b": 0.5}, "models": [{"id": "x", "provider": "CPUExecutionProvider"}]}
    )
    checked()
    assert run_line(read_report(bpy.context.object)) == "1.5 s on CPU"


def test_words_name_problems_only_where_there_are_any() -> None:
    bpy.ops.mesh.primitive_cube_add(size=1)
    what, problems = mesh_lines(checked())
    assert what == "Closed surface, 6 faces, 1 part, 1 x 1 x 1 m"
    assert problems == []
    bpy.ops.mesh.primitive_plane_add(size=1)
    what, problems = mesh_lines(checked())
    assert what.startswith("Open surface, 1 face, 1 part")
    assert "4 open edges" in problems


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"mesh": {}}', '{"mesh": 3}'])
def test_somebody_elses_property_is_no_report(text: str) -> None:
    bpy.ops.object.empty_add()
    bpy.context.object["maquette_report"] = text
    assert mesh_part(read_report(bpy.context.object)) is None

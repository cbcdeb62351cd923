"""`maquette clean` from file to file: what is repaired, what stays as it was, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import trimesh
from maquette import cli, launch
from maquette.blender.export import export
from maquette.blender.import_mesh import import_file
from maquette.blender.polygons import read_points
from maquette.blender.write_mesh import write_objects
from mathutils import Matrix

FORMATS = ("glb", "obj", "stl", "ply", "fbx")
BALL = trimesh.creation.icosphere(subdivisions=2)


def soup(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """The same faces, none joined to another."""
    return trimesh.Trimesh(mesh.triangles.reshape(-1, 3), np.arange(len(mesh.faces) * 3).reshape(-1, 3), process=False)


def clean(source: Path, target: Path, *options: str) -> int:
    """Run the command."""
    return cli.main(["clean", str(source), "-o", str(target), *options])


def loaded(path: Path) -> trimesh.Trimesh:
    """A mesh file's triangles, as they are."""
    mesh = trimesh.load(path, force="mesh", process=False)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def welded(path: Path) -> trimesh.Trimesh:
    """A mesh file's triangles, joined where the format or a seam had split them."""
    mesh = loaded(path)
    joined = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    joined.merge_vertices(merge_tex=True, merge_norm=True)
    return joined


def names(folder: Path) -> list[str]:
    """What lies in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A ball in single triangles."""
    path = tmp_path / "ball.ply"
    soup(BALL).export(path)
    return path


def test_soup_becomes_a_closed_ball_with_a_report(broken: Path, capfd: Any) -> None:
    folder = broken.parent
    assert clean(broken, folder / "out.glb", "--report", str(folder / "r.json")) == 0
    assert names(folder) == ["ball.ply", "out.glb", "r.json"]
    ball = welded(folder / "out.glb")
    assert ball.is_watertight
    assert ball.volume == pytest.approx(BALL.volume, rel=1e-5)
    report = json.loads((folder / "r.json").read_text("utf-8"))
    assert report["version"] and report["mesh"] == str(broken)
    assert report["settings"] == {"use": "solid", "faces": None}
    assert report["before"]["boundary_edges"] == 960
    assert report["before"]["loose_parts"] == 320
    assert report["after"]["vertices"] == 162
    assert report["after"]["watertight"] is True
    assert report["after"]["dimensions"] == pytest.approx(BALL.extents, rel=1e-5)
    assert [(step["object"], step["note"]) for step in report["steps"]] == [("ball", "merged 798 vertices")]
    assert report["warnings"] == []
    assert all(seconds >= 0 for seconds in report["seconds"].values())
    assert report["outputs"] == [str(folder / "out.glb"), str(folder / "r.json")]
    out, err = capfd.readouterr()
    assert out.startswith(f"{folder / 'out.glb'}: 320 triangles, closed; merged 798 vertices; ")
    assert err == ""


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_comes_in_goes_out_at_its_place_in_every_format(tmp_path: Path, suffix: str) -> None:
    bpy.ops.mesh.primitive_cone_add(vertices=17, radius1=0.3, radius2=0.1)
    cone = bpy.context.object
    cone.data.transform(Matrix.Translation((3.0, -4.0, 5.0)) @ Matrix.Diagonal((1.0, 2.0, 3.0, 1.0)))
    source, target = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    export([cone], source)
    assert clean(source, target, "--use", "visual") == 0
    before, after = (np.concatenate([world(item) for item in read(path)]) for path in (source, target))
    assert apart(before, after) < 5e-7 * np.abs(before).max()


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest distance from any point of either to the nearest of the other."""
    distance = np.linalg.norm(one[:, None] - other[None], axis=2)
    return max(distance.min(axis=0).max(), distance.min(axis=1).max())


def read(path: Path) -> list[bpy.types.Object]:
    """The mesh objects of a file, in an empty scene."""
    bpy.ops.wm.read_homefile(use_empty=True)
    return [item for item in import_file(path).objects if item.type == "MESH"]


def world(item: bpy.types.Object) -> np.ndarray:
    """The vertices of an object in the world."""
    matrix = np.array(item.matrix_world, np.float64)
    return read_points(item.data) @ matrix[:3, :3].T + matrix[:3, 3]


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl"])
def test_points_keep_every_bit(tmp_path: Path, suffix: str) -> None:
    ball = BALL.copy()
    ball.vertices = (ball.vertices * 0.003).astype(np.float32)
    source, target = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    digits = {"digits": 12} if suffix == "obj" else {}
    ball.export(source, **digits)
    assert clean(source, target) == 0
    before, after = (np.unique(welded(path).vertices.astype(np.float32), axis=0) for path in (source, target))
    np.testing.assert_array_equal(before, after)


def test_a_clean_mesh_comes_back_unchanged(tmp_path: Path, capfd: Any) -> None:
    text = "\n".join(f"v {x!r} {y!r} {z!r}" for x, y, z in BALL.vertices.astype(np.float32).tolist())
    text += "\nvt 0.25 0.5\n" + "\n".join(f"f {a}/1 {b}/1 {c}/1" for a, b, c in (BALL.faces + 1).tolist()) + "\n"
    (tmp_path / "a.obj").write_text(text)
    assert clean(tmp_path / "a.obj", tmp_path / "b.obj") == 0
    words = [line.split() for line in (tmp_path / "b.obj").read_text().splitlines()]
    points = np.array([line[1:] for line in words if line[:1] == ["v"]], np.float32)
    corners = [[int(corner.split("/")[0]) for corner in line[1:]] for line in words if line[:1] == ["f"]]
    np.testing.assert_array_equal(points, BALL.vertices.astype(np.float32))
    np.testing.assert_array_equal(np.array(corners) - 1, BALL.faces)
    assert [float(word) for word in next(line for line in words if line[:1] == ["vt"])[1:]] == [0.25, 0.5]
    assert "nothing to repair" in capfd.readouterr().out


def textured(path: Path, hierarchy: bool = False) -> None:
    """Write two textured cubes with a colour attribute, one of them moved, turned and scaled, as a GLB."""
    picture = bpy.data.images.new("bricks", 8, 8)
    picture.pixels.foreach_set(np.tile([1.0, 0.0, 0.0, 1.0], 64).astype(np.float32))
    picture.pack()
    made = []
    for name, place in (("one", (0.0, 0.0, 0.0)), ("two", (5.0, 0.0, 1.0))):
        bpy.ops.mesh.primitive_cube_add()
        cube = bpy.context.object
        cube.name = name
        cube.location = place
        material = bpy.data.materials.new(name)
        if bpy.app.version < (5, 0, 0):
            material.use_nodes = True
        tree = material.node_tree
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = picture
        shader = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        cube.data.materials.append(material)
        made.append(cube)
    made[1].rotation_euler = (0.3, 0.2, 0.1)
    made[1].scale = (1.0, 2.0, 3.0)
    if hierarchy:
        holder = bpy.data.objects.new("holder", None)
        bpy.context.scene.collection.objects.link(holder)
        holder.location = (0.0, 7.0, 0.0)
        holder.rotation_euler = (0.0, 0.0, 0.5)
        made[1].parent = holder
        made.append(holder)
    bpy.context.view_layer.update()
    write_objects(made, path)


@pytest.mark.parametrize("suffix", ["glb", "fbx"])
def test_objects_keep_their_names_places_materials_and_uvs(tmp_path: Path, suffix: str) -> None:
    textured(tmp_path / f"a.{suffix}", hierarchy=True)
    assert clean(tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}") == 0
    found = {}
    for name in ("a", "b"):
        objects = {item.name: item for item in read(tmp_path / f"{name}.{suffix}")}
        assert objects.keys() == {"one", "two"}
        assert objects["two"].parent.name == "holder"
        found[name] = [
            (
                world(item),
                [slot.material.name for slot in item.material_slots],
                np.array([tuple(corner.vector) for corner in item.data.uv_layers[0].uv]),
                [image.size[0] for image in bpy.data.images],
            )
            for _, item in sorted(objects.items())
        ]
    for before, after in zip(found["a"], found["b"], strict=True):
        assert before[1] == after[1]
        assert before[3] == after[3] == [8]
        assert apart(before[0], after[0]) < 1e-5
        assert apart(before[2], after[2]) < 1e-5


def test_parts_of_a_file_are_never_joined(tmp_path: Path, capfd: Any) -> None:
    textured(tmp_path / "a.glb")
    assert clean(tmp_path / "a.glb", tmp_path / "b.glb", "--report", str(tmp_path / "r.json")) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["after"]["loose_parts"] == 2
    assert report["after"]["vertices"] == 16
    assert {step["object"] for step in report["steps"]} == {"one", "two"}
    assert "2 of 2 objects repaired" in capfd.readouterr().out
    # 2 x 2 x 2, and 2 x 4 x 6 turned and moved.
    assert report["after"]["volume"] == pytest.approx(8 + 48, rel=1e-4)


def test_faces_are_reduced_to_the_count_asked_for(tmp_path: Path, capfd: Any) -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    boxes = trimesh.Scene([soup(ball), soup(ball.copy().apply_translation([5, 0, 0]).apply_scale(0.5))])
    boxes.export(tmp_path / "a.glb")
    assert clean(tmp_path / "a.glb", tmp_path / "b.glb", "--faces", "2000", "--report", str(tmp_path / "r.json")) == 0
    after = json.loads((tmp_path / "r.json").read_text())["after"]
    assert 1960 <= after["faces"] <= 2040
    assert after["watertight"] is True
    assert after["volume"] == pytest.approx(ball.volume * 1.125, rel=0.02)
    assert len(loaded(tmp_path / "b.glb").faces) == after["faces"]
    assert capfd.readouterr().err == ""


def test_visual_leaves_open_what_is_open(tmp_path: Path, capfd: Any) -> None:
    trimesh.Trimesh(BALL.vertices, BALL.faces[20:], process=False).export(tmp_path / "a.ply")
    assert clean(tmp_path / "a.ply", tmp_path / "b.ply", "--use", "visual") == 0
    assert not welded(tmp_path / "b.ply").is_watertight
    assert "open edges" in capfd.readouterr().out
    assert clean(tmp_path / "a.ply", tmp_path / "c.ply") == 0
    assert welded(tmp_path / "c.ply").is_watertight


@pytest.mark.parametrize("suffix", ["ply", "obj"])
def test_far_from_the_origin_the_shape_is_kept(tmp_path: Path, suffix: str) -> None:
    offset = np.array([1e7, -2e7, 3e6])
    far = soup(trimesh.Trimesh(BALL.vertices + offset, BALL.faces, process=False))
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in far.vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (far.faces + 1).tolist()]
    source = tmp_path / "a.obj"
    source.write_text("\n".join(lines))
    assert clean(source, tmp_path / f"b.{suffix}") == 0
    ball = welded(tmp_path / f"b.{suffix}")
    if suffix == "ply":  # Z up
        ball.vertices = ball.vertices[:, [0, 2, 1]] * [1, 1, -1]
    assert len(ball.vertices) == 162
    assert ball.is_watertight
    assert apart(ball.vertices - offset, BALL.vertices) < 1e-6


def test_far_from_the_origin_a_stl_comes_near_with_a_warning(tmp_path: Path, capfd: Any) -> None:
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in (BALL.vertices + 1e7).tolist()]
    (tmp_path / "a.obj").write_text("\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in (BALL.faces + 1).tolist())]))
    assert clean(tmp_path / "a.obj", tmp_path / "b.stl") == 0
    ball = welded(tmp_path / "b.stl")
    assert ball.is_watertight
    assert ball.bounds == pytest.approx(BALL.bounds, abs=1e-5)
    assert "(1e+07, -1e+07, 1e+07) was taken" in capfd.readouterr().err


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl"])
def test_vertices_that_are_nowhere_go_with_a_warning(tmp_path: Path, capfd: Any, suffix: str) -> None:
    damaged = BALL.copy()
    damaged.vertices[7] = np.nan, 0.0, np.inf
    with np.errstate(all="ignore"):
        damaged.export(tmp_path / f"a.{suffix}")
    assert clean(tmp_path / f"a.{suffix}", tmp_path / "b.glb") == 0
    assert "had coordinates that are not numbers and were dropped" in capfd.readouterr().err
    ball = welded(tmp_path / "b.glb")
    assert ball.is_watertight
    assert ball.volume == pytest.approx(BALL.volume, rel=0.02)
    assert np.abs(ball.vertices).max() < 1.01


@pytest.mark.parametrize("suffix", ["obj", "ply", "glb", "fbx"])
def test_vertex_colours_are_kept(tmp_path: Path, suffix: str) -> None:
    pieces = soup(BALL)
    green = np.where(pieces.vertices[:, 0] > 0, 255, 0)
    colours = np.stack([np.full(len(green), 200), green, green * 0, np.full(len(green), 255)], axis=1)
    pieces.visual = trimesh.visual.ColorVisuals(pieces, vertex_colors=colours.astype(np.uint8))
    pieces.export(tmp_path / "a.ply")
    assert clean(tmp_path / "a.ply", tmp_path / f"b.{suffix}") == 0
    assert clean(tmp_path / f"b.{suffix}", tmp_path / "c.ply") == 0
    ball = loaded(tmp_path / "c.ply")
    found = ball.visual.vertex_colors[:, :3].astype(int)
    right = ball.vertices[:, 0] > 1e-3
    assert np.abs(found[right] - [200, 255, 0]).max() <= 2
    assert np.abs(found[ball.vertices[:, 0] < -1e-3] - [200, 0, 0]).max() <= 2


def test_colours_that_are_no_numbers_become_zero_with_a_warning(tmp_path: Path, capfd: Any) -> None:
    lines = [f"v {x} {y} {z} 1 1 0.5" for x, y, z in BALL.vertices.tolist()]
    lines[5] = lines[5].replace("1 1 0.5", "nan NaN -inf")
    lines += [f"f {a} {b} {c}" for a, b, c in (BALL.faces + 1).tolist()]
    (tmp_path / "a.obj").write_text("\n".join(lines))
    assert clean(tmp_path / "a.obj", tmp_path / "b.obj") == 0
    assert "that were no numbers are zero now" in capfd.readouterr().err
    words = [line.split() for line in (tmp_path / "b.obj").read_text().splitlines()]
    colours = [[float(word) for word in line[4:]] for line in words if line[:1] == ["v"]]
    assert colours[5] == [0, 0, 0]
    assert colours[6] == pytest.approx([1, 1, 0.5], abs=0.01)


def test_doubled_faces_that_the_importer_drops_are_named(tmp_path: Path, capfd: Any) -> None:
    trimesh.Trimesh(BALL.vertices, np.concatenate([BALL.faces, BALL.faces[:5]]), process=False).export(
        tmp_path / "a.ply"
    )
    assert clean(tmp_path / "a.ply", tmp_path / "b.ply") == 0
    assert "5 faces of a.ply went as it was read" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["clean"],
        ["clean", "ball.ply"],
        ["clean", "ball.ply", "-o", "out.off"],
        ["clean", "ball.ply", "-o", "out.glb", "--use", "raw"],
        ["clean", "ball.ply", "-o", "out.glb", "--report", "out.glb"],
        ["clean", "ball.ply", "-o", "ball.ply"],
        ["clean", "ball.ply", "-o", "out.glb", "--faces", "7"],
        ["clean", "ball.ply", "-o", "out.glb", "--faces", "few"],
    ],
)
def test_wrong_arguments(broken: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, arguments: list[str]) -> None:
    monkeypatch.chdir(broken.parent)
    before = broken.read_bytes()
    assert cli.main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("maquette: ")
    assert err.count("\n") == 1
    assert names(broken.parent) == ["ball.ply"]
    assert broken.read_bytes() == before


def flat() -> bytes:
    """An OBJ whose faces all lie on one line."""
    return b"v 0 0 0\nv 1 1 1\nv 2 2 2\nv 3 3 3\nf 1 2 3\nf 2 3 4\n"


REFUSED: dict[str, Callable[[], bytes] | None] = {
    "missing.glb": None,
    "unknown.blend": lambda: b"BLENDER",
    "empty.obj": lambda: b"",
    "points.ply": lambda: trimesh.exchange.ply.export_ply(trimesh.PointCloud(BALL.vertices)),
    "lies.ply": lambda: trimesh.exchange.ply.export_ply(BALL).replace(b"face 320", b"face 2000000000"),
    "index.obj": lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n",
    "line.obj": lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n",
    "none.stl": lambda: b"\0" * 84,
    "text.fbx": lambda: b"hello",
    "cut.glb": lambda: trimesh.exchange.gltf.export_glb(trimesh.Scene([BALL]))[:-8],
    "nowhere.ply": lambda: trimesh.exchange.ply.export_ply(
        trimesh.Trimesh(BALL.vertices * np.nan, BALL.faces, process=False)
    ),
    "flat.obj": flat,
    "point.obj": lambda: b"v 1 1 1\n" * 3 + b"f 1 2 3\n",
    "rubbish.fbx": lambda: b"Kaydara FBX Binary  \0\x1a\0" + bytes(range(256)) * 20,
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_no_mesh_get_one_sentence_and_code_3(tmp_path: Path, capfd: Any, name: str) -> None:
    make = REFUSED[name]
    if make:
        (tmp_path / name).write_bytes(make())
    before = names(tmp_path)
    assert clean(tmp_path / name, tmp_path / "out.glb", "--report", str(tmp_path / "r.json")) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("maquette: ")
    assert err.count("\n") == 1
    assert names(tmp_path) == before


def test_a_dying_worker_is_one_line_and_leaves_nothing(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(launch, "default_command", lambda _blender=None: ["/bin/false"])
    assert clean(broken, broken.parent / "out.glb") == 1
    err = capfd.readouterr().err
    assert "worker" in err
    assert err.count("\n") == 1
    assert names(broken.parent) == ["ball.ply"]


def test_shared_meshes_that_cannot_be_cleaned_are_refused(shared: Path, tmp_path: Path, capfd: Any) -> None:
    with (shared / "test-meshes" / "index.csv").open(newline="", encoding="utf-8") as file:
        cases = [row["file"] for row in csv.DictReader(file) if row["expect"] == "refuse"]
    assert cases
    for name in cases:
        assert clean(shared / "test-meshes" / name, tmp_path / "out.glb") == 3, name
        err = capfd.readouterr().err
        assert err.startswith("maquette: ") and err.count("\n") == 1, name
        assert names(tmp_path) == []

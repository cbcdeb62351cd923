"""Every format is read back: closed, oriented, of the right size, with UVs and texture; and nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
import trimesh
from maquette.blender.build import build_object
from maquette.blender.export import FORMATS, SUFFIXES, export
from maquette.blender.place import place
from maquette.contracts import MeshArrays
from maquette.errors import MaquetteError, MeshError, OutputError

USD = [suffix for suffix in SUFFIXES if suffix.startswith(".usd")]


@pytest.fixture
def item(ball: MeshArrays, texture_file: Path) -> bpy.types.Object:
    """A ball with a red front and a nose (a vertex drawn out towards -Y), so that every axis can be told."""
    made = build_object(ball, texture_file, "ball.v2")
    front = min(made.data.vertices, key=lambda vertex: vertex.co.y)
    front.co.y = -1.5
    place(made, bpy.context.scene, bpy.context.view_layer, (0, 0, 0))
    return made


def welded(path: Path) -> trimesh.Trimesh:
    """The file as one mesh by positions alone, as it was before its UV seams split it."""
    mesh = trimesh.load(path, force="mesh", process=False)
    assert isinstance(mesh, trimesh.Trimesh)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    return mesh


@pytest.mark.parametrize(
    ("suffix", "tip", "up"),
    [(".glb", (0, 0.5, 1.5), 1), (".obj", (0, 0.5, 1.5), 1), (".stl", (0, -1.5, 0.5), 2), (".ply", (0, -1.5, 0.5), 2)],
)
def test_closed_upright_and_facing_the_viewer(
    item: bpy.types.Object, tmp_path: Path, suffix: str, tip: tuple[float, ...], up: int
) -> None:
    export([item], tmp_path / f"out{suffix}")
    mesh = welded(tmp_path / f"out{suffix}")
    assert mesh.is_watertight
    assert mesh.volume > 0
    assert mesh.body_count == 1
    assert mesh.bounds[:, up] == pytest.approx([0.0, 1.0], abs=1e-5)
    assert np.linalg.norm(mesh.vertices - tip, axis=1).min() < 1e-5


def test_glb_carries_uv_and_texture(item: bpy.types.Object, tmp_path: Path) -> None:
    export([item], tmp_path / "out.glb")
    mesh = trimesh.load(tmp_path / "out.glb", force="mesh", process=False)
    image = mesh.visual.material.baseColorTexture
    assert image.size == (64, 64)
    front = np.argmax(mesh.vertices[:, 2])
    u, v = mesh.visual.uv[front]
    assert image.convert("RGB").getpixel((min(int(u * 64), 63), min(int((1 - v) * 64), 63))) == (220, 40, 30)
    assert mesh.visual.material.metallicFactor == 0.0
    assert mesh.visual.material.roughnessFactor == pytest.approx(0.6)


def test_obj_names_its_companions_rightly(item: bpy.types.Object, tmp_path: Path) -> None:
    written = export([item], tmp_path / "my.cup.obj")
    assert [path.name for path in written] == ["my.cup.mtl", "my.cup_texture.png", "my.cup.obj"]
    assert "mtllib my.cup.mtl" in (tmp_path / "my.cup.obj").read_text()
    assert "map_Kd my.cup_texture.png" in (tmp_path / "my.cup.mtl").read_text()
    mesh = trimesh.load(tmp_path / "my.cup.obj", force="mesh", process=False)
    assert mesh.visual.material.image.size == (64, 64)
    assert len(mesh.visual.uv) == len(mesh.vertices)


def test_ply_carries_uv(item: bpy.types.Object, tmp_path: Path) -> None:
    export([item], tmp_path / "out.ply")
    header = (tmp_path / "out.ply").read_bytes()[:600]
    assert b"property float s" in header
    assert b"property float t" in header


def read_fbx(path: Path) -> None:
    bpy.ops.import_scene.fbx(filepath=str(path))


def read_usd(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path))


@pytest.mark.parametrize(("suffix", "read"), [(".fbx", read_fbx), *((suffix, read_usd) for suffix in USD)])
def test_read_back_by_blender(
    item: bpy.types.Object, tmp_path: Path, suffix: str, read: Callable[[Path], None]
) -> None:
    if suffix in USD and not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    export([item], tmp_path / f"out{suffix}")
    bpy.ops.wm.read_homefile(use_empty=True)
    read(tmp_path / f"out{suffix}")
    bpy.context.view_layer.update()
    back = next(found for found in bpy.data.objects if found.type == "MESH")
    points = np.array([back.matrix_world @ vertex.co for vertex in back.data.vertices])
    assert points[:, 2].min() == pytest.approx(0.0, abs=1e-4)
    assert points[:, 2].max() == pytest.approx(1.0, abs=1e-4)
    assert points[:, 1].min() == pytest.approx(-1.5, abs=1e-4)
    assert len(back.data.uv_layers) == 1
    image = next(
        node.image for node in back.data.materials[0].node_tree.nodes if node.bl_idname == "ShaderNodeTexImage"
    )
    assert tuple(image.size) == (64, 64)
    assert image.pixels[0] == pytest.approx(40 / 255, abs=2e-2)


def test_usd_texture_lies_beside_it(item: bpy.types.Object, tmp_path: Path) -> None:
    if not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    written = export([item], tmp_path / "cup.usda")
    assert [str(path.relative_to(tmp_path)) for path in written] == ["textures/cup_texture.png", "cup.usda"]
    assert "@./textures/cup_texture.png@" in (tmp_path / "cup.usda").read_text()
    assert 'upAxis = "Y"' in (tmp_path / "cup.usda").read_text()


def test_missing_usd_is_said_in_a_sentence(item: bpy.types.Object, tmp_path: Path) -> None:
    if bpy.app.build_options.usd:
        pytest.skip("this Blender has USD")
    with pytest.raises(OutputError, match=r"without USD, so it cannot write \.usdz"):
        export([item], tmp_path / "cup.usdz")
    assert "USD" not in FORMATS


def test_only_the_objects_asked_for_are_exported(item: bpy.types.Object, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add(size=10)
    cube = bpy.context.object
    export([item], tmp_path / "out.stl")
    assert welded(tmp_path / "out.stl").extents.max() < 3
    assert bpy.context.selected_objects == [cube]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_exporting_changes_nothing_in_the_file(item: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    if suffix in USD and not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    before = [image.name for image in bpy.data.images], bpy.data.images[0].filepath, len(bpy.data.meshes)
    export([item], tmp_path / f"out{suffix}")
    assert ([image.name for image in bpy.data.images], bpy.data.images[0].filepath, len(bpy.data.meshes)) == before
    node = next(node for node in item.data.materials[0].node_tree.nodes if node.bl_idname == "ShaderNodeTexImage")
    assert node.image == bpy.data.images[0]
    assert bpy.data.images[0].packed_file is not None


def test_edits_under_way_are_exported(item: bpy.types.Object, tmp_path: Path) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.transform.translate(value=(0, 0, 5))
    export([item], tmp_path / "out.stl")
    assert welded(tmp_path / "out.stl").bounds[0, 2] == pytest.approx(5.0, abs=1e-5)
    assert bpy.context.mode == "EDIT_MESH"


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".fbx", ".stl", ".ply"])
def test_exporters_are_silent(
    item: bpy.types.Object, tmp_path: Path, capfd: pytest.CaptureFixture[str], suffix: str
) -> None:
    export([item], tmp_path / f"out{suffix}")
    assert capfd.readouterr() == ("", "")


def test_unknown_suffix_names_the_known_ones(item: bpy.types.Object, tmp_path: Path) -> None:
    with pytest.raises(MaquetteError, match=r"\.glb.*\.obj.*\.usdz"):
        export([item], tmp_path / "out.gltf")


def test_nothing_to_export(tmp_path: Path) -> None:
    bpy.ops.object.empty_add()
    with pytest.raises(MeshError, match="no mesh"):
        export([bpy.context.object], tmp_path / "out.glb")


def test_places_that_cannot_be_written(item: bpy.types.Object, tmp_path: Path) -> None:
    (tmp_path / "folder.glb").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        export([item], tmp_path / "folder.glb")
    with pytest.raises(OutputError, match="does not exist"):
        export([item], tmp_path / "missing" / "out.glb")
    assert os.listdir(tmp_path / "folder.glb") == []


def test_failed_export_leaves_the_earlier_file(
    item: bpy.types.Object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.stl"
    export([item], path)
    good = path.read_bytes()

    def half(_objects: object, target: Path) -> None:
        target.write_bytes(b"half")
        raise RuntimeError("Error: the disk is full")

    monkeypatch.setitem(SUFFIXES, ".stl", half)
    with pytest.raises(OutputError, match="the disk is full"):
        export([item], path)
    assert path.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".png"] == ["out.stl"]


def test_operator_writes_by_suffix_or_format(registered: None, item: bpy.types.Object, tmp_path: Path) -> None:
    assert bpy.ops.maquette.export(filepath=str(tmp_path / "a.stl")) == {"FINISHED"}
    assert bpy.ops.maquette.export(filepath=str(tmp_path / "b"), format="PLY") == {"FINISHED"}
    assert (tmp_path / "a.stl").is_file()
    assert (tmp_path / "b.ply").is_file()


def test_operator_says_why_it_failed(registered: None, item: bpy.types.Object, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.maquette.export(filepath=str(tmp_path / "missing" / "a.glb"))
    item.select_set(False)
    assert not bpy.ops.maquette.export.poll()

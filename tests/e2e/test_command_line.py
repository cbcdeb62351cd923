"""The README's first command, from the picture to the files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

STEPS = {
    "Reading the picture",
    "Cutting out the subject",
    "Estimating depth",
    "Completing the shape",
    "Building the surface",
    "Reducing faces",
    "Unwrapping",
    "Painting the texture",
    "Checking the mesh",
}


@pytest.fixture(scope="module")
def results(dev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the command once on the example picture, at its default settings; return the folder it wrote to."""
    folder = tmp_path_factory.mktemp("results")
    outputs = ("-o", folder / "out.glb", "--report", folder / "r.json", "--preview", folder / "p.png")
    # Everything is set up already: the network must not be needed, so pip and all else is kept from it.
    nowhere = {
        **os.environ,
        "PIP_NO_INDEX": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = dev("run", *outputs, env=nowhere)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["out.glb", "p.png", "r.json"]
    return folder


def test_the_mesh_is_one_closed_textured_body_of_the_size_asked_for(results: Path) -> None:
    loaded = trimesh.load(results / "out.glb", force="mesh")
    assert isinstance(loaded, trimesh.Trimesh)
    assert loaded.visual.uv.shape == (len(loaded.vertices), 2)
    assert np.isfinite(loaded.visual.uv).all()
    assert loaded.visual.material.baseColorTexture.size == (2048, 2048)
    body = trimesh.Trimesh(loaded.vertices, loaded.faces, process=False)
    body.merge_vertices(merge_tex=True, merge_norm=True)
    assert 19_600 <= len(body.faces) <= 20_400
    assert body.is_watertight
    assert body.is_winding_consistent
    assert body.body_count == 1
    assert body.volume > 0
    # glTF has Y up: a metre tall, standing on the ground.
    assert body.bounds[:, 1] == pytest.approx([0.0, 1.0], abs=1e-3)


def test_the_report_is_complete(results: Path) -> None:
    report = json.loads((results / "r.json").read_text("utf-8"))
    assert report.keys() >= {"version", "image", "settings", "models", "seconds", "mesh", "outputs"}
    assert report["seconds"].keys() >= STEPS
    assert [model["id"].split("-")[1] for model in report["models"]] == ["matte", "depth", "shape", "light"]
    for model in report["models"]:
        assert len(model["sha256"]) == 64
        assert model["id"]
        assert model["provider"] == "CPUExecutionProvider"
    mesh = report["mesh"]
    faults = ("boundary_edges", "non_manifold_edges", "non_manifold_vertices", "inner_shells", "inconsistent_edges")
    assert {fault: mesh[fault] for fault in faults} == dict.fromkeys(faults, 0)
    assert mesh["watertight"]
    assert mesh["loose_parts"] == 1
    assert {Path(path).name for path in report["outputs"]} >= {"out.glb", "p.png"}


def test_the_preview_shows_the_toy_in_its_colours(results: Path) -> None:
    with Image.open(results / "p.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    coloured = np.ptp(pixels, axis=2) > 40
    assert 0.1 < coloured.mean() < 0.9
    # The backdrop is grey, and the toy stands clear of the rim.
    assert not coloured[0].any() and not coloured[:, 0].any()
    red = (pixels[..., 0] > 120) & (pixels[..., 1:] < 100).all(-1)
    assert red.mean() > 0.02  # the cap


@pytest.mark.parametrize("missing", ["nowhere.png", "folder", "empty.png", "text.png"])
def test_a_picture_that_is_none_gets_one_sentence_and_leaves_nothing(dev, tmp_path: Path, missing: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("this is no picture", "utf-8")
    before = sorted(tmp_path.rglob("*"))
    done = dev("run", tmp_path / missing, "-o", tmp_path / "out.glb", "--report", tmp_path / "r.json")
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mesh_in_pieces_is_cleaned(dev, tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    pieces = trimesh.Trimesh(
        ball.triangles.reshape(-1, 3), np.arange(len(ball.faces) * 3).reshape(-1, 3), process=False
    )
    pieces.export(tmp_path / "pieces.stl")
    report = tmp_path / "r.json"
    done = dev("cli", "clean", tmp_path / "pieces.stl", "-o", tmp_path / "ball.obj", "--report", report)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'ball.obj'}: 1,280 triangles, closed; ")
    assert done.stdout.count("\n") == 1
    assert json.loads(report.read_text("utf-8"))["after"]["watertight"]
    assert {path.name for path in tmp_path.iterdir()} == {"pieces.stl", "ball.obj", "ball.mtl", "r.json"}


def test_a_mesh_that_is_none_gets_one_sentence_and_leaves_nothing(dev, tmp_path: Path) -> None:
    (tmp_path / "a.ply").write_text("ply\nformat ascii 1.0\nelement face 9\nproperty list uchar int a\nend_header\n")
    done = dev("cli", "clean", tmp_path / "a.ply", "-o", tmp_path / "b.glb")
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.ply"]

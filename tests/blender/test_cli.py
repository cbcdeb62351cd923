"""The command line: its arguments, exit codes and outputs, with the pipeline's networks replaced by formulas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import trimesh
from maquette import cli, pipeline
from maquette.contracts import Settings
from maquette.errors import PictureError
from PIL import Image


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture file; what it shows does not matter here."""
    path = tmp_path / "cup.png"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(path)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, balls: ModuleType) -> list[Settings]:
    """The pipeline makes a ball; the settings it was asked for, in order."""
    calls: list[Settings] = []

    def generate(path: Path, settings: Settings, _models: object, progress: Callable[..., None], _: object) -> Any:
        calls.append(settings)
        progress("Building the surface", 0.5)
        if path.stem == "refused":
            raise PictureError("The picture is empty:\nchoose another.")
        if path.stem == "bug":
            raise ZeroDivisionError("division\nby zero")
        mesh = balls.ball(size=settings.texture_size or 64)
        return SimpleNamespace(mesh=mesh, report=balls.ball_report(str(path), mesh))

    monkeypatch.setattr(pipeline, "generate", generate)
    return calls


def names(folder: Path) -> list[str]:
    """What lies in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def test_generate_writes_mesh_report_and_preview(asked: list[Settings], picture: Path, capfd: Any) -> None:
    folder = picture.parent
    options = ["-o", str(folder / "out.glb"), "--report", str(folder / "r.json"), "--preview", str(folder / "p.png")]
    assert cli.main(["generate", str(picture), *options]) == 0
    assert names(folder) == ["cup.png", "out.glb", "p.png", "r.json"]
    mesh = trimesh.load(folder / "out.glb", force="mesh")
    assert mesh.visual.material.baseColorTexture.size == (2048, 2048)
    report = json.loads((folder / "r.json").read_text())
    assert report["outputs"] == [str(folder / name) for name in ("out.glb", "p.png", "r.json")]
    assert report["mesh"]["watertight"] is True
    with Image.open(folder / "p.png") as preview:
        assert preview.width >= 256
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith(f"{folder / 'out.glb'}: Closed surface, 1,152 faces, 1 part, 1 x 1 x 1 m")


def test_report_names_companions(asked: list[Settings], picture: Path) -> None:
    folder = picture.parent
    assert cli.main(["generate", str(picture), "-o", str(folder / "cup.obj"), "--report", str(folder / "r.json")]) == 0
    outputs = json.loads((folder / "r.json").read_text())["outputs"]
    assert [Path(path).name for path in outputs] == ["cup.obj", "cup.mtl", "cup_texture.png", "r.json"]
    assert all(Path(path).is_file() for path in outputs)


def test_paths_may_be_relative(asked: list[Settings], picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(picture.parent)
    assert cli.main(["generate", "cup.png", "-o", "cup.fbx"]) == 0
    assert names(picture.parent) == ["cup.fbx", "cup.png"]


def test_quality_sets_what_is_not_given(asked: list[Settings], picture: Path) -> None:
    out = ["-o", str(picture.with_suffix(".stl"))]
    for options in (["--quality", "draft"], ["--quality", "draft", "--faces", "777"], ["--texture", "0"]):
        assert cli.main(["generate", str(picture), *out, *options]) == 0
    assert [(call.target_faces, call.texture_size) for call in asked] == [(5000, 1024), (777, 1024), (20000, 0)]


def test_every_option_reaches_the_pipeline(asked: list[Settings], picture: Path) -> None:
    options = "--faces 300 --texture 1024 --topology quads --use raw --background keep --height 2.5 --device cpu"
    more = "--matte-model other-matte --depth-model other-depth --shape-model other-shape --quality high"
    drawn = "--kind logo --width 2 --thickness 0.25 --wall-height 3 --relief coin"
    look = "--delight 0.5 --material metal --fix expose crop"
    out = str(picture.with_suffix(".stl"))
    assert (
        cli.main(["generate", str(picture), "-o", out, *options.split(), *more.split(), *look.split(), *drawn.split()])
        == 0
    )
    assert asked == [
        Settings(
            kind="logo",
            width=2.0,
            thickness=0.25,
            wall_height=3.0,
            relief="coin",
            background="keep",
            fixes=("expose", "crop"),
            quality="high",
            target_faces=300,
            topology="quads",
            texture_size=1024,
            use="raw",
            height=2.5,
            delight=0.5,
            material="metal",
            device="cpu",
            depth_model="other-depth",
            shape_model="other-shape",
            matte_model="other-matte",
        )
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sculpt"],
        ["generate"],
        ["generate", "cup.png"],
        ["generate", "cup.png", "-o", "out.gltf"],
        ["generate", "cup.png", "-o", "out"],
        ["generate", "cup.png", "-o", "out.glb", "--faces", "7"],
        ["generate", "cup.png", "-o", "out.glb", "--faces", "many"],
        ["generate", "cup.png", "-o", "out.glb", "--height", "nan"],
        ["generate", "cup.png", "-o", "out.glb", "--texture", "512"],
        ["generate", "cup.png", "-o", "out.glb", "--quality", "best"],
        ["generate", "cup.png", "-o", "out.glb", "--preview", "out.jpg"],
        ["generate", "cup.png", "-o", "out.glb", "--preview", "cup.png"],
        ["generate", "cup.png", "-o", "out.glb", "--report", "out.glb"],
        ["generate", "cup.png", "-o", "out.glb", "--rep", "r.json"],
    ],
)
def test_wrong_arguments(
    asked: list[Settings], picture: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, arguments: list[str]
) -> None:
    monkeypatch.chdir(picture.parent)
    assert cli.main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("maquette: ")
    assert err.count("\n") == 1
    assert not asked
    assert names(picture.parent) == ["cup.png"]


@pytest.mark.parametrize(
    ("stem", "code", "said"),
    [("refused", 3, "The picture is empty: choose another."), ("bug", 1, "ZeroDivisionError: division by zero")],
)
def test_failure_is_one_line_and_leaves_nothing(
    asked: list[Settings], tmp_path: Path, capfd: Any, stem: str, code: int, said: str
) -> None:
    options = [
        "-o",
        str(tmp_path / "a.glb"),
        "--report",
        str(tmp_path / "r.json"),
        "--preview",
        str(tmp_path / "p.png"),
    ]
    assert cli.main(["generate", str(tmp_path / f"{stem}.png"), *options]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("maquette: ")
    assert said in err
    assert err.count("\n") == 1
    assert names(tmp_path) == []


def test_missing_network_is_a_failure(picture: Path, capfd: Any) -> None:
    out = picture.with_suffix(".glb")
    assert cli.main(["generate", str(picture), "-o", str(out), "--shape-model", "nothing"]) == 1
    error = capfd.readouterr().err
    assert error.startswith("maquette: There is no model 'nothing'") and error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(("target", "said"), [("missing/out.glb", "does not exist"), ("dir.glb", "is a folder")])
def test_output_that_cannot_be_written_is_said_before_the_work(
    asked: list[Settings], picture: Path, capfd: Any, target: str, said: str
) -> None:
    (picture.parent / "dir.glb").mkdir()
    assert cli.main(["generate", str(picture), "-o", str(picture.parent / target)]) == 1
    assert said in capfd.readouterr().err
    assert not asked
    assert names(picture.parent) == ["cup.png", "dir.glb"]


def test_texture_never_replaces_the_picture(asked: list[Settings], tmp_path: Path, capfd: Any) -> None:
    picture = tmp_path / "cup_texture.png"
    Image.new("RGB", (64, 64)).save(picture)
    before = picture.read_bytes()
    assert cli.main(["generate", str(picture), "-o", str(tmp_path / "cup.obj")]) == 1
    assert "would be overwritten" in capfd.readouterr().err
    assert picture.read_bytes() == before
    assert names(tmp_path) == ["cup_texture.png"]


def test_verbose_tells_steps_and_where_an_error_comes_from(asked: list[Settings], tmp_path: Path, capfd: Any) -> None:
    assert cli.main(["generate", str(tmp_path / "bug.png"), "-o", str(tmp_path / "a.glb"), "-v"]) == 1
    err = capfd.readouterr().err
    assert "50%  Building the surface" in err
    assert "Traceback" in err


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version(option: str, capfd: Any) -> None:
    assert cli.main([option]) == 0
    assert "maquette" in capfd.readouterr().out

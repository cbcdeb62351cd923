"""Shapes that a network makes whole from the picture: framing, decoder, surface, colours, and all the way through."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from maquette.contracts import Settings, Subject
from maquette.errors import CancelledError, ModelError
from maquette.inference.card import load_card
from maquette.inference.prepare import prepare_subject
from maquette.inference.triplane import CUBE, VIEWED_FROM, frame_subject
from maquette.model_set import load_models
from maquette.pipeline import Result, generate
from maquette.tests.data.triplane_files import write_triplane
from PIL import Image

SETTINGS = Settings(kind="photo", quality="draft", target_faces=1500, texture_size=1024, device="cpu", height=0.5)


def picture(folder: Path, brightness: int) -> Path:
    """A disc before nothing."""
    y, x = np.mgrid[:200, :300]
    disc = ((x - 190) ** 2 + (y - 90) ** 2 < 60**2) * 255
    grey = np.full((200, 300), brightness)
    path = folder / f"disc-{brightness}.png"
    Image.fromarray(np.dstack([grey, grey, grey, disc]).astype(np.uint8)).save(path)
    return path


def make(folder: Path, shape: str, brightness: int, **more: object) -> Result:
    settings = replace(SETTINGS, shape_model=str(write_triplane(folder, shape)), **more)
    return generate(picture(folder, brightness), settings, load_models(settings), lambda *_: None, lambda: False)


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return make(tmp_path_factory.mktemp("ball"), "ball", 200)


def subject(folder: Path) -> Subject:
    with Image.open(picture(folder, 250)) as image:
        return prepare_subject(np.asarray(image.convert("RGBA")))


def test_the_subject_fills_its_share_of_the_picture_before_grey(tmp_path: Path) -> None:
    framed = frame_subject(subject(tmp_path), 200)
    assert framed.shape == (200, 200, 3) and framed.dtype == np.uint8
    bright = framed[..., 0] > 190
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    for span in (rows, columns):
        assert len(span) == pytest.approx(0.85 * 200, abs=2)
        assert span[0] + span[-1] == pytest.approx(199, abs=2)
    assert (framed[:10] == 127).all() or (framed[:10] == 128).all()
    assert framed[100, 100].tolist() == [250] * 3


def test_the_camera_sees_the_cube_as_the_network_was_trained() -> None:
    """The subject fills 0.85 of a picture seen at 40 degrees from 1.9 away; the crop shows it at 0.9."""
    half_width = 1.9 * np.tan(np.radians(20))
    assert pytest.approx(0.9 / (0.85 * half_width)) == CUBE / 0.87
    assert pytest.approx(1.9 * CUBE / 0.87) == VIEWED_FROM.distance


def test_a_ball_comes_out_as_a_ball(ball: Result) -> None:
    body = trimesh.Trimesh(ball.mesh.vertices, ball.mesh.faces, process=False)
    assert body.is_watertight and body.volume > 0
    away = np.linalg.norm(body.vertices - [0, 0, 0.25], axis=1)
    np.testing.assert_allclose(away, 0.25, rtol=0.03)
    assert ball.report.mesh.watertight
    assert len(body.faces) == pytest.approx(1500, rel=0.02)


def test_colours_lie_where_the_decoder_says_upright_and_facing_front(ball: Result) -> None:
    """Red grows to the right, green to the back, blue upwards."""
    mesh = ball.mesh
    assert mesh.uv is not None and mesh.texture is not None and mesh.texture.shape == (1024, 1024, 3)
    middle = mesh.uv.mean(1)
    columns, rows = (middle[:, 0] * 1024).astype(int), ((1 - middle[:, 1]) * 1024).astype(int)
    colours = mesh.texture[rows, columns] / 255
    places = mesh.vertices[mesh.faces].mean(1) - [0, 0, 0.25]
    # The ball's radius in the cube is the framed picture's mean colour.
    size = np.log(colours.max(0) / (1 - colours.max(0)))
    expected = 1 / (1 + np.exp(-places / 0.25 * size))
    np.testing.assert_allclose(colours, expected, atol=0.02)
    front = mesh.vertices[mesh.attributes["seen"] > 0.5]
    assert front[:, 1].max() < 0.05 < mesh.vertices[:, 1].max()
    assert (mesh.attributes["seen"] > 0.5).mean() > 0.3


def test_the_report_names_both_files(ball: Result) -> None:
    report = asdict(ball.report)
    assert [model["id"] for model in report["models"]] == ["maquette-matte", "ball", "ball"]
    assert len({model["sha256"] for model in report["models"]}) == 3
    assert "Estimating depth" not in report["seconds"] and report["finish"] is None


@pytest.mark.parametrize("use", ["solid", "raw"])
def test_foam_comes_out_closed(tmp_path: Path, use: str) -> None:
    result = make(tmp_path, "foam", 90, use=use, texture_size=0, target_faces=5000)
    assert trimesh.Trimesh(result.mesh.vertices, result.mesh.faces, process=False).is_watertight
    assert result.mesh.uv is None and result.mesh.texture is None


def test_what_is_too_rough_is_built_coarser_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maquette.whole_shape.MOST_TRIANGLES", 10_000)
    result = make(tmp_path, "ball", 200, texture_size=0)
    assert result.report.mesh.watertight
    assert "The shape is too rough for a grid of 96 cells a side; it was built with 48." in result.report.notes


def test_quads(tmp_path: Path) -> None:
    result = make(tmp_path, "ball", 200, topology="quads")
    assert result.mesh.faces.shape[1] == 4 and result.report.mesh.watertight


def test_light_stays_in_and_that_is_said(tmp_path: Path) -> None:
    assert any("light and shade stay" in note for note in make(tmp_path, "ball", 200, delight=1.0).report.notes)


def test_it_stops_within_a_step(tmp_path: Path) -> None:
    settings = replace(SETTINGS, shape_model=str(write_triplane(tmp_path)), quality="high")
    told: list[str] = []
    with pytest.raises(CancelledError):
        generate(
            picture(tmp_path, 200),
            settings,
            load_models(settings),
            lambda name, _: told.append(name),
            lambda: told.count("Building the surface") == 3,
        )
    assert told[-1] == "Building the surface"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("triplane", "sextuplane", "'family'"),
        ("[decoder]", "[coder]", "'decoder'"),
        ("ball-decoder.onnx", "../ball-decoder.onnx", "outside its folder"),
        ('file = "ball-decoder.onnx"', 'file = "ball.onnx"', "damaged or not the one"),
        ('family = "triplane"\n', "", "add family"),
    ],
)
def test_a_wrong_card_says_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    card = write_triplane(tmp_path)
    assert old in card.read_text()
    card.write_text(card.read_text().replace(old, new))
    with pytest.raises(ModelError, match=says):
        load_models(replace(SETTINGS, shape_model=str(card)))


def test_an_encoder_in_the_decoders_place_is_refused(tmp_path: Path) -> None:
    card = write_triplane(tmp_path)
    lines = card.read_text().split("\n")
    at = lines.index("[decoder]")
    lines[at + 1 :] = [line for line in lines if line.startswith(("file", "bytes", "sha256"))][:3]
    card.write_text("\n".join(lines))
    with pytest.raises(ModelError, match="which are not those of its card"):
        load_models(replace(SETTINGS, shape_model=str(card)))


def test_a_card_says_which_files_belong_to_it(tmp_path: Path) -> None:
    assert [one.path.name for one in load_card(write_triplane(tmp_path)).files] == ["ball.onnx", "ball-decoder.onnx"]

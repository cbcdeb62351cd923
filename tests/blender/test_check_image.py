"""Check Picture: its lines are for the panel, and a bad file is one of them."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.operators.generation import shared_worker
from PIL import Image

pytestmark = pytest.mark.usefixtures("registered")


def state() -> bpy.types.PropertyGroup:
    return bpy.context.window_manager.maquette_state


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A disc that the frame cuts, cut out."""
    y, x = np.mgrid[:400, :400]
    pixels = np.zeros((400, 400, 4), np.uint8)
    pixels[..., :3] = ((x // 20 + y // 20) % 2 * 120 + 60)[..., None]
    pixels[..., 3] = (np.hypot(x - 340, y - 200) < 150) * 255
    path = tmp_path / "half a disc.png"
    Image.fromarray(pixels).save(path)
    return path


def test_every_line_is_there_for_the_panel(photo: Path) -> None:
    bpy.context.scene.maquette.image_path = str(photo)
    assert bpy.ops.maquette.check_image() == {"FINISHED"}
    lines = {finding["line"]: finding for finding in json.loads(state().check)}
    assert list(lines) == [
        "Subject",
        "Upright",
        "Resolution",
        "Sharpness",
        "Lighting",
        "Background",
        "Artefacts",
        "Viewpoint",
    ]
    assert lines["Subject"]["level"] == "poor"
    assert "cut off" in lines["Subject"]["text"]
    assert state().checked == str(photo)
    assert not state().checking
    assert len(bpy.data.objects) == 0
    assert [image.name for image in bpy.data.images] == ["half a disc prepared"]


def test_a_file_that_is_no_picture_says_so_in_the_panel(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    bpy.context.scene.maquette.image_path = str(path)
    assert bpy.ops.maquette.check_image() == {"CANCELLED"}
    finding = json.loads(state().check)[0]
    assert finding["level"] == "poor"
    assert "not a picture" in finding["text"]
    assert not state().checking
    assert "not a picture" in capfd.readouterr().out


def test_fix_is_kept_in_the_settings_and_the_picture_checked_again(photo: Path) -> None:
    settings = bpy.context.scene.maquette
    settings.image_path = str(photo)
    assert bpy.ops.maquette.check_image() == {"FINISHED"}
    assert {finding["line"]: finding["fix"] for finding in json.loads(state().check)}["Resolution"] == "upscale"
    assert bpy.ops.maquette.fix_picture(fix="upscale") == {"FINISHED"}
    assert settings.fixes == {"upscale"}
    lines = {finding["line"]: finding for finding in json.loads(state().check)}
    assert lines["Resolution"]["level"] == "good"
    settings.fixes = set()
    assert state().checked == "", "what was found holds for the mended picture alone"


def test_without_a_picture_there_is_nothing_to_check() -> None:
    assert not bpy.ops.maquette.check_image.poll()


def test_a_check_whose_worker_dies_can_be_repeated(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.context.scene.maquette.image_path = str(photo)
    with monkeypatch.context() as patch:
        patch.setattr(shared_worker(), "submit", _no_worker)
        assert bpy.ops.maquette.check_image() == {"CANCELLED"}
    assert "free some disk space" in json.loads(state().check)[0]["text"]
    assert bpy.ops.maquette.check_image() == {"FINISHED"}


def _no_worker(*_args: object) -> None:
    from maquette.errors import WorkerError

    raise WorkerError("The worker cannot be started: free some disk space.")

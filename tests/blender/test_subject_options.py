"""--subject and --mask on the command line: the mesh is that of the thing meant, and a bad wish is one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from maquette.cli import main
from PIL import Image

SMALL = ("--quality", "draft", "--faces", "300", "--texture", "0", "--device", "cpu", "--kind", "photo")


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A tall and a wide thing, cut out."""
    pixels = np.full((400, 600, 4), 150, np.uint8)
    pixels[..., 3] = 0
    pixels[60:340, 80:180, 3] = 255
    pixels[200:290, 300:560, 3] = 255
    path = tmp_path / "pair.png"
    Image.fromarray(pixels).save(path)
    return path


def shape(folder: Path, picture: Path, *options: str) -> tuple[float, float]:
    """Width and height of the mesh."""
    report = folder / "report.json"
    command = ["generate", str(picture), "-o", str(folder / "out.stl"), "--report", str(report), *SMALL, *options]
    assert main(command) == 0
    width, _, height = json.loads(report.read_text())["mesh"]["dimensions"]
    return width, height


def test_the_thing_at_the_point_becomes_the_mesh(pair: Path, tmp_path: Path) -> None:
    width, height = shape(tmp_path, pair, "--subject", "0.2,0.5")
    assert height > 2 * width
    width, height = shape(tmp_path, pair, "--subject", "0.7,0.6", "--fix", "crop")
    assert width > 2 * height


def test_the_white_of_the_mask_becomes_the_mesh(pair: Path, tmp_path: Path) -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[90:160, 140:290] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    width, height = shape(tmp_path, pair, "--mask", str(tmp_path / "mask.png"))
    assert width > 2 * height


def test_check_names_the_points_to_choose_among(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(pair), "--device", "cpu"]) == 0
    assert "--subject 0.22,0.50 or --subject 0.72,0.61" in capsys.readouterr().out
    assert main(["check", str(pair), "--device", "cpu", "--subject", "0.72,0.61", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chosen"] == 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--subject", "0.5"), 2, "--subject"),
        (("--subject", "left,right"), 2, "--subject"),
        (("--subject", "1.5,0.5"), 2, "0 to 1"),
        (("--mask", "no such file.png"), 3, "no such file.png"),
    ],
)
def test_a_bad_wish_is_one_line(
    pair: Path, tmp_path: Path, options: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", str(pair), "-o", str(tmp_path / "out.stl"), *SMALL, *options]) == code
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.stl").exists()

"""A subject that leans is measured and turned upright; one that says nothing is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Mask, Pixels, Settings
from maquette.inference.mend import mend_picture
from maquette.inference.picture import Picture
from maquette.inference.straighten import straighten, turn
from maquette.inference.tilt import tilt_of
from maquette.model_set import load_models
from maquette.picture_check import inspect_file
from PIL import Image, ImageDraw


def bottle(width: int = 500, height: int = 600) -> Pixels:
    """A symmetric thing with a label, cut out."""
    image = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((190, 200, 310, 520), 20, fill=(60, 120, 70, 255))
    draw.rectangle((230, 90, 270, 210), fill=(60, 120, 70, 255))
    draw.rectangle((191, 300, 309, 420), fill=(230, 225, 210, 255))
    return np.asarray(image)


def shown(pixels: Pixels) -> Mask:
    return pixels[..., 3] > 127


def on_floor(pixels: Pixels) -> Pixels:
    """The same on a floor and a wall, opaque."""
    ground = np.full((*pixels.shape[:2], 4), (206, 204, 200, 255), np.uint8)
    ground[: len(pixels) // 2] = (150, 170, 190, 255)
    return np.asarray(Image.alpha_composite(Image.fromarray(ground), Image.fromarray(pixels)))


@pytest.mark.parametrize("degrees", [-17, -9, -4, 0, 3, 8, 15])
def test_a_known_lean_is_found(degrees: float) -> None:
    leaning = turn(Picture(bottle()), degrees).pixels
    tilt = tilt_of(leaning, shown(leaning))
    assert tilt.sure
    assert tilt.degrees == pytest.approx(degrees, abs=1.0)


@pytest.mark.parametrize("degrees", [-15, 6])
def test_what_leans_stands_upright_afterwards(degrees: float) -> None:
    leaning = turn(Picture(bottle()), degrees)
    upright = straighten(leaning, shown(leaning.pixels)).pixels
    left, right = (np.flatnonzero(shown(upright).any(0))[k] for k in (0, -1))
    assert right - left + 1 == pytest.approx(120, abs=6)
    assert shown(upright).sum() == pytest.approx(shown(bottle()).sum(), rel=0.01)


def test_round_and_lying_things_and_nothing_are_left_alone() -> None:
    y, x = np.mgrid[:300, :300]
    ball = np.zeros((300, 300, 4), np.uint8)
    ball[..., 3] = (np.hypot(x - 150, y - 150) < 100) * 255
    ball[..., :3] = np.clip(200 - np.hypot(x - 120, y - 110), 0, 255)[..., None]
    lying = turn(Picture(np.ascontiguousarray(bottle().transpose(1, 0, 2))), 30).pixels
    for pixels in (ball, lying, np.zeros_like(ball), ball[150:151, 150:151]):
        picture = Picture(pixels)
        assert straighten(picture, shown(pixels)) is picture


def test_the_background_goes_on_where_the_picture_ends() -> None:
    picture = on_floor(bottle())
    turned = turn(Picture(picture), 12).pixels
    assert turned[..., 3].min() == 255
    assert len(turned) > len(picture), "nothing is cut off"
    corners = turned[[3, 3, -4, -4], [3, -4, 3, -4], :3].astype(int)
    assert np.abs(corners[:2] - (150, 170, 190)).max() < 30
    assert np.abs(corners[2:] - (206, 204, 200)).max() < 30
    clear = turn(Picture(bottle()), 12).pixels
    assert clear[0, 0, 3] == 0


def test_a_point_turns_along() -> None:
    pixels = np.zeros((300, 500, 4), np.uint8)
    pixels[60:70, 390:400] = 255
    turned = turn(Picture(pixels, "auto", (395 / 500, 65 / 300)), 20)
    assert turned.subject is not None
    y, x = np.argwhere(turned.pixels[..., 3] > 127).mean(0) + 0.5
    assert turned.subject[0] * turned.pixels.shape[1] == pytest.approx(x, abs=1.5)
    assert turned.subject[1] * turned.pixels.shape[0] == pytest.approx(y, abs=1.5)


def test_the_check_names_the_lean_and_its_fix_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "leaning.png"
    Image.fromarray(turn(Picture(on_floor(bottle())), 9).pixels).save(path)
    lines = {finding.line: finding for finding in inspect_file(path, Settings(device="cpu")).findings}
    assert (lines["Upright"].level, lines["Upright"].fix) == ("fair", "straighten")
    assert "9 degrees to the right" in lines["Upright"].text
    mended = inspect_file(path, Settings(device="cpu", fixes=("straighten",)))
    assert {finding.line: finding.level for finding in mended.findings}["Upright"] == "good"


def test_it_is_one_of_the_fixes() -> None:
    models = load_models(Settings(device="cpu"))
    leaning = turn(Picture(bottle()), -8)
    mended = mend_picture(leaning, ("straighten",), models.matte, models.upscale)
    assert tilt_of(mended.pixels, shown(mended.pixels)).degrees == pytest.approx(0, abs=1.0)

"""Mending a picture: what was wrong with it is better, and what was good stays as it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Pixels, Settings
from maquette.inference.mend import crop_bars, crop_to_subject, enlarge_subject, lift_exposure, mend_picture
from maquette.inference.picture import Picture
from maquette.model_set import ModelSet, load_models
from maquette.picture_check import check_file
from maquette.pipeline import generate
from PIL import Image


@pytest.fixture(scope="module")
def models() -> ModelSet:
    return load_models(Settings(device="cpu"))


def jar(width: int = 400, height: int = 300, at: tuple[int, int] = (200, 150), radius: int = 60) -> Pixels:
    """A shaded disc, cut out."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(x - at[0], y - at[1]) / radius
    light = np.clip(1 - 0.5 * away, 0.2, 1)
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (np.array([210, 150, 90]) * light[..., None]).astype(np.uint8)
    pixels[..., 3] = (away < 1) * 255
    return pixels


def opaque(pixels: Pixels, grey: int = 200) -> Pixels:
    ground = Image.new("RGBA", pixels.shape[1::-1], (grey, grey, grey, 255))
    return np.asarray(Image.alpha_composite(ground, Image.fromarray(pixels)))


def dark(pixels: Pixels, stops: float) -> Pixels:
    light = (pixels[..., :3] / 255) ** 2.2 / 2**stops
    return np.concatenate([np.rint(255 * light ** (1 / 2.2)).astype(np.uint8), pixels[..., 3:]], -1)


def test_bars_are_cut_off_and_nothing_else() -> None:
    photo = opaque(jar())
    barred = np.pad(photo, ((50, 40), (0, 0), (0, 0)))
    barred[..., 3] = 255
    assert np.array_equal(crop_bars(Picture(barred)).pixels, photo)
    assert np.array_equal(crop_bars(Picture(barred.transpose(1, 0, 2))).pixels, photo.transpose(1, 0, 2))
    assert np.array_equal(crop_bars(Picture(photo)).pixels, photo)


def test_the_subject_comes_to_the_middle_where_there_is_room() -> None:
    picture = jar(at=(90, 200))
    cropped = crop_to_subject(Picture(picture), picture[..., 3] > 127).pixels
    inside = np.argwhere(cropped[..., 3] > 127)
    assert np.count_nonzero(cropped[..., 3]) == np.count_nonzero(picture[..., 3])
    np.testing.assert_allclose(inside.mean(0), np.array(cropped.shape[:2]) / 2, atol=2)
    edge = jar(at=(30, 150))
    whole = crop_to_subject(Picture(edge), edge[..., 3] > 127).pixels
    assert np.count_nonzero(whole[..., 3]) == np.count_nonzero(edge[..., 3])


@pytest.mark.parametrize("stops", [2, 4])
def test_a_dark_subject_gets_its_light_back(stops: float) -> None:
    picture = jar()
    subject = picture[..., 3] > 127
    lifted = lift_exposure(dark(picture, stops), subject)
    before = np.abs(dark(picture, stops).astype(int) - picture)[subject][:, :3].mean()
    after = np.abs(lifted.astype(int) - picture)[subject][:, :3].mean()
    assert after < 0.35 * before
    assert np.array_equal(lifted[..., 3], picture[..., 3])
    assert lifted[..., :3].max() <= 255
    bright = np.where(subject[..., None], picture, 250).astype(np.uint8)
    bright[subject, :3] = 245
    assert np.array_equal(lift_exposure(bright, subject), bright)


def test_a_small_subject_is_enlarged_as_far_as_a_texture_shows_it(models: ModelSet) -> None:
    picture = jar(160, 120, (80, 60), 40)
    large = enlarge_subject(picture, picture[..., 3] > 127, models.upscale)
    assert large.shape == (480, 640, 4), "four times at most"
    wide = jar(1200, 1150, (600, 575), 520)
    assert enlarge_subject(wide, wide[..., 3] > 127, models.upscale) is wide


def test_nothing_is_done_to_a_picture_without_a_subject(models: ModelSet) -> None:
    empty = np.full((200, 200, 4), 120, np.uint8)
    fixes = ("crop", "straighten", "expose", "upscale")
    mended = mend_picture(Picture(empty, "remove"), fixes, models.matte, models.upscale)
    assert np.array_equal(mended.pixels, empty)


def test_the_check_is_content_with_what_was_mended(tmp_path: Path) -> None:
    path = tmp_path / "dark.png"
    Image.fromarray(dark(jar(700, 600, (350, 300), 250), 4.5)).save(path)
    settings = Settings(device="cpu")
    levels = {finding.line: finding for finding in check_file(path, settings)}
    assert (levels["Lighting"].level, levels["Lighting"].fix) == ("poor", "expose")
    mended = check_file(path, dataclasses.replace(settings, fixes=("expose",)))
    assert {finding.line: finding.level for finding in mended}["Lighting"] != "poor"


def test_a_run_uses_the_mended_picture(tmp_path: Path, models: ModelSet) -> None:
    path = tmp_path / "dark.png"
    Image.fromarray(dark(jar(), 4)).save(path)
    settings = Settings(quality="draft", target_faces=500, texture_size=1024, device="cpu", background="alpha")
    means: list[float] = []
    for fixes in ((), ("expose",)):
        result = generate(path, dataclasses.replace(settings, fixes=fixes), models, lambda *_: None, lambda: False)
        assert result.mesh.texture is not None
        means.append(float(result.mesh.texture.mean()))
    assert means[1] > 2 * means[0]

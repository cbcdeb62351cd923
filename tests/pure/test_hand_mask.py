"""A mask made by hand decides, whatever its size; one that cannot is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Mask, Pixels, Settings
from maquette.errors import PictureError
from maquette.inference.hand_mask import apply_mask, open_picture
from maquette.model_set import load_models
from maquette.picture_check import inspect_file
from maquette.pipeline import generate
from PIL import Image


def disc(size: int = 400, x: float = 0.4, y: float = 0.5, radius: float = 0.2) -> Mask:
    v, u = (np.mgrid[:size, :size] + 0.5) / size
    return np.hypot(u - x, v - y) < radius


def grey(mask: Mask) -> Pixels:
    """A mask as a picture file is read: [h, w, 4]."""
    values = np.repeat((mask * 255).astype(np.uint8)[..., None], 4, -1)
    values[..., 3] = 255
    return values


def noise(size: int = 400) -> Pixels:
    """A picture in which nothing stands out."""
    pixels = np.random.default_rng(3).integers(100, 140, (size, size, 4), np.uint8)
    pixels[..., 3] = 255
    return pixels


@pytest.mark.parametrize("size", [400, 100, 1600, 401])
def test_masks_of_any_size_cut_out_the_same(size: int) -> None:
    result = apply_mask(noise(), grey(disc(size)))
    found = result[..., 3] > 127
    assert (found & disc()).sum() / (found | disc()).sum() > 0.97
    assert np.array_equal(result[..., :3], noise()[..., :3])


def test_grey_is_half_and_what_is_transparent_stays_out() -> None:
    mask = grey(disc())
    mask[disc(radius=0.1)] = (128, 128, 128, 255)
    picture = noise()
    picture[:, :150, 3] = 0
    alpha = apply_mask(picture, mask)[..., 3]
    assert alpha[200, 160] == 128
    assert alpha[:, :150].max() == 0
    clear = grey(np.ones((400, 400), np.bool_))
    clear[..., 3] = disc() * 255
    assert np.array_equal(apply_mask(noise(), clear)[..., 3] > 0, disc())


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (grey(np.zeros((400, 400), np.bool_)), "paint white"),
        (grey(np.ones((400, 400), np.bool_)), "paint black"),
        (grey(disc())[:300], "proportions"),
    ],
)
def test_a_mask_that_says_nothing_is_refused(mask: Pixels, says: str) -> None:
    with pytest.raises(PictureError, match=says):
        apply_mask(noise(), mask)


def test_a_mask_that_is_no_picture_is_named(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "thing.png")
    (tmp_path / "notes.png").write_text("no picture")
    for name in ("notes.png", "missing.png"):
        with pytest.raises(PictureError, match=name):
            open_picture(tmp_path / "thing.png", Settings(mask=str(tmp_path / name)))


def test_a_run_and_a_check_use_the_mask(tmp_path: Path) -> None:
    """Nothing stands out in the picture itself: the mesh is the mask's, with or without the fixes."""
    picture, mask = tmp_path / "thing.png", tmp_path / "mask.png"
    Image.fromarray(noise()).save(picture)
    Image.fromarray(grey(disc(200, radius=0.15))[..., 0]).save(mask)
    settings = Settings(quality="draft", target_faces=500, texture_size=0, device="cpu", mask=str(mask), kind="photo")
    inspection = inspect_file(picture, settings)
    assert inspection.findings[0].level == "good"
    found = inspection.mask > 127
    assert (found & disc(radius=0.15)).sum() / (found | disc(radius=0.15)).sum() > 0.97
    models = load_models(settings)
    for fixes in ((), ("crop", "straighten", "expose")):
        result = generate(picture, replace(settings, fixes=fixes), models, lambda *_: None, lambda: False)
        width, _, height = result.report.mesh.dimensions
        assert abs(width / height - 1) < 0.15

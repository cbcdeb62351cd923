"""One of several things: it is offered, found again by a point, and stays the one through every fix."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maquette.contracts import Mask, Pixels, Point, Settings
from maquette.errors import MaquetteError, PictureError
from maquette.inference.choose import find_things, keep_thing, keep_thing_alpha, points_on_things
from maquette.inference.cutout import cut_out
from maquette.inference.mend import mend_picture
from maquette.inference.picture import Picture
from maquette.inference.straighten import turn
from maquette.model_set import ModelSet, load_models
from maquette.picture_check import inspect_file
from maquette.settings import check_settings, from_fields
from PIL import Image

LEFT, RIGHT = (0.25, 0.5), (0.72, 0.55)


@pytest.fixture(scope="module")
def models() -> ModelSet:
    return load_models(Settings(device="cpu"))


def discs(width: int = 640, height: int = 400, *at: tuple[Point, float]) -> Mask:
    """Discs at places 0..1, with radii in heights."""
    y, x = np.mgrid[:height, :width]
    result = np.zeros((height, width), np.bool_)
    for (u, v), radius in at or ((LEFT, 0.25), (RIGHT, 0.2)):
        result |= np.hypot(x - u * width, y - v * height) < radius * height
    return result


def photo(mask: Mask) -> Pixels:
    """Orange things on a grey floor, opaque."""
    pixels = np.full((*mask.shape, 4), 255, np.uint8)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    shade = 0.7 + 0.3 * np.sin(x / 40) * np.cos(y / 30)
    pixels[..., :3] = np.where(mask[..., None], np.array([220, 110, 40]) * shade[..., None], (205, 208, 210))
    return pixels


def cut(mask: Mask) -> Pixels:
    """The same, cut out."""
    pixels = photo(mask)
    pixels[..., 3] = mask * 255
    return pixels


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


def test_each_thing_is_offered_once_from_left_to_right() -> None:
    found = discs(256, 160).astype(np.float32)
    found[5:7, 5:7] = 1  # a crumb
    points = points_on_things(found)
    np.testing.assert_allclose(points, (LEFT, RIGHT), atol=0.01)
    assert points_on_things(np.zeros((20, 30), np.float32)) == ()


def test_the_point_on_a_ring_lies_on_it() -> None:
    ring = discs(200, 200, ((0.5, 0.5), 0.4)) & ~discs(200, 200, ((0.5, 0.5), 0.3))
    ((x, y),) = points_on_things(ring.astype(np.float32))
    assert ring[int(y * 200), int(x * 200)]


@given(st.integers(0, 1), st.floats(-0.12, 0.12), st.floats(-0.12, 0.12))
def test_any_point_on_or_beside_a_thing_means_it(which: int, right: float, down: float) -> None:
    found = discs(256, 160).astype(np.float32)
    middle = (LEFT, RIGHT)[which]
    kept = keep_thing(found, (middle[0] + right, middle[1] + down)) > 0.5
    radius = (0.25, 0.2)[which]
    assert np.array_equal(kept, discs(256, 160, (middle, radius)))


def test_soft_edges_go_with_their_thing() -> None:
    alpha = cut(discs())[..., 3]
    soft = np.asarray(Image.fromarray(alpha).resize((80, 50)).resize((640, 400)))
    kept = keep_thing_alpha(soft, LEFT)
    assert kept[:, 400:].max() == 0
    assert np.array_equal(kept[:, :290], soft[:, :290])


@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize(("point", "radius"), [(LEFT, 0.25), (RIGHT, 0.2)])
def test_the_chosen_thing_alone_is_cut_out(models: ModelSet, opaque: bool, point: Point, radius: float) -> None:
    pixels = photo(discs()) if opaque else cut(discs())
    result = cut_out(pixels, "auto", models.matte, subject=point)
    assert overlap(result[..., 3] > 127, discs(640, 400, (point, radius))) > 0.95


@pytest.mark.parametrize("opaque", [True, False])
def test_the_choice_holds_through_all_fixes(models: ModelSet, opaque: bool) -> None:
    """The right thing is blue: what is left after bars, turning, cropping and enlarging is blue."""
    pixels = (photo if opaque else cut)(discs())
    pixels[:, 320:, :3] = np.where(discs()[:, 320:, None], (40, 70, 200), pixels[:, 320:, :3])
    barred = np.pad(pixels, ((60, 60), (0, 0), (0, 0)))
    barred[..., 3] = np.maximum(barred[..., 3], 255 if opaque else 0)
    point = (RIGHT[0], (60 + RIGHT[1] * 400) / 520)
    mended = mend_picture(
        turn(Picture(barred, "auto", point), 7),
        ("crop", "straighten", "expose", "upscale"),
        models.matte,
        models.upscale,
    )
    shown = cut_out(mended.pixels, mended.background, models.matte, subject=mended.subject)
    subject = shown[..., 3] > 200
    assert subject.mean() > 0.3
    colour = shown[subject][:, :3].mean(0)
    assert colour[2] > 2 * colour[0]


def test_what_was_overlooked_is_looked_at_again(models: ModelSet) -> None:
    """A small thing beside a large one: the network may not see it in the whole picture, but does from near."""
    small = ((0.9, 0.85), 0.05)
    pixels = photo(discs(960, 640, ((0.35, 0.45), 0.35), small))
    found = find_things(pixels[..., :3], models.matte, small[0]) > 0.5
    assert overlap(found, discs(found.shape[1], found.shape[0], small)) > 0.5


def test_a_point_on_nothing_is_refused(models: ModelSet) -> None:
    with pytest.raises(PictureError, match="choose again"):
        cut_out(photo(discs(640, 400, (LEFT, 0.2))), "auto", models.matte, subject=(0.97, 0.03))


@pytest.mark.parametrize("opaque", [True, False])
def test_the_check_says_how_many_and_is_content_with_a_choice(tmp_path: Path, opaque: bool) -> None:
    path = tmp_path / "two.png"
    Image.fromarray((photo if opaque else cut)(discs())).save(path)
    settings = Settings(device="cpu")
    inspection = inspect_file(path, settings)
    line = inspection.findings[0]
    assert (line.line, line.fix) == ("Subject", "choose")
    assert "2 things" in line.text
    np.testing.assert_allclose(inspection.subjects, (LEFT, RIGHT), atol=0.03)
    assert inspection.chosen == -1
    chosen = inspect_file(path, replace(settings, subject=(RIGHT[0] + 0.05, RIGHT[1])))
    assert chosen.chosen == 1
    assert chosen.findings[0].fix == "crop", "it stands at the side"
    assert chosen.subjects == inspection.subjects, "the others can still be chosen"
    assert overlap(chosen.mask > 127, discs(640, 400, (RIGHT, 0.2))) > 0.95
    assert chosen.prepared is not None
    assert np.array_equal(chosen.prepared[..., 3], chosen.mask)


def test_settings_come_back_from_json_and_points_outside_are_refused() -> None:
    for settings in (Settings(), Settings(subject=(0.0, 0.0), mask="a mask.png")):
        assert from_fields(json.loads(json.dumps(asdict(settings)))) == settings
    for point in ((1.2, 0.5), (0.5, float("nan"))):
        with pytest.raises(MaquetteError, match="0 to 1"):
            check_settings(Settings(subject=point))

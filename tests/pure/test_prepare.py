"""The crop that the networks see: placed exactly, free of the background's colour, not misled by stray pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Pixels
from maquette.errors import PictureError
from maquette.inference.prepare import CROP, FILL, LONGEST_SIDE, prepare_subject


def cut(height: int, width: int, top: int, left: int, bottom: int, right: int) -> Pixels:
    """Return a picture with an opaque rectangle of red over transparent green."""
    picture = np.zeros((height, width, 4), np.uint8)
    picture[...] = (0, 255, 0, 0)
    picture[top:bottom, left:right] = (200, 40, 30, 255)
    return picture


@settings(max_examples=30, deadline=None)
@given(st.integers(30, 300), st.integers(30, 300), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_subject_is_centred_and_fills_its_share(height: int, width: int, top: int, left: int, after: int) -> None:
    picture = cut(height + top + after, width + left + after, top, left, top + height, left + width)
    subject = prepare_subject(picture)
    assert subject.rgba.shape == (CROP, CROP, 4)
    assert subject.side == pytest.approx(max(height, width) / FILL)
    rows, columns = np.nonzero(subject.rgba[..., 3] > 127)
    low = np.array([rows.min(), columns.min()])
    high = np.array([rows.max(), columns.max()]) + 1
    assert np.abs((low + high) / 2 - CROP / 2).max() <= 1
    expected = np.array([height, width]) * CROP / subject.side
    # The crop's pixels can be a fraction of the picture's: alpha above half may reach one to each side.
    assert np.abs(high - low - expected).max() <= 2
    assert max(high - low) == pytest.approx(FILL * CROP, abs=2)


def test_crop_and_picture_agree_as_the_contract_says() -> None:
    """A crop pixel's centre lies in the picture at left + (c + 0.5) * side / S."""
    y, x = np.mgrid[0:400, 0:300]
    picture = np.stack([x * 255 // 300, y * 255 // 400, (x + y) * 255 // 700, np.full_like(x, 0)], -1).astype(np.uint8)
    picture[50:390, 10:200, 3] = 255
    subject = prepare_subject(picture)
    column, row = np.meshgrid(np.arange(20, CROP, 40), np.arange(20, CROP, 40))
    u = subject.left + (column + 0.5) * subject.side / CROP
    v = subject.top + (row + 0.5) * subject.side / CROP
    height, width = subject.picture.shape[:2]
    inside = (u > 3) & (v > 3) & (u < width - 3) & (v < height - 3)
    seen = subject.picture[v[inside].astype(int), u[inside].astype(int)].astype(int)
    crop = subject.rgba[row[inside], column[inside]].astype(int)
    solid = (seen[:, 3] == 255) & (crop[:, 3] == 255)
    assert solid.sum() > 20
    assert np.abs(seen[solid] - crop[solid]).max() <= 4
    assert np.abs(seen[:, 3] - crop[:, 3]).max() <= 4


def test_subject_at_the_border_gets_transparent_padding() -> None:
    subject = prepare_subject(cut(100, 60, 0, 0, 100, 60))
    assert subject.left < 0
    assert subject.top < 0
    assert subject.picture.shape == (100, 60, 4)
    assert subject.rgba[:15, :, 3].max() == 0
    assert subject.rgba[CROP // 2, CROP // 2].tolist() == [200, 40, 30, 255]


@pytest.mark.parametrize("size", [40, 1500])
def test_hidden_colours_do_not_bleed(size: int) -> None:
    """Neither shrinking nor enlarging mixes in what hides under transparency."""
    subject = prepare_subject(cut(2 * size, 2 * size, size // 3, size // 3, size, size))
    for pixels in (subject.rgba, subject.picture):
        assert np.abs(pixels[..., :3].astype(int) - (200, 40, 30)).max() <= 2


def test_background_left_in_the_edge_is_replaced() -> None:
    """Half transparent pixels that kept half the background's colour lean towards the subject's own."""
    picture = cut(200, 200, 50, 50, 150, 150)
    picture[49, 50:150] = picture[150, 50:150] = (100, 148, 15, 128)
    rim = prepare_subject(picture).picture
    half = rim[(rim[..., 3] > 100) & (rim[..., 3] < 150)]
    assert len(half) == 200
    assert half[:, 1].max() < 80


def test_colours_inside_are_not_touched() -> None:
    picture = cut(120, 120, 10, 10, 110, 110)
    picture[10:110, 10:110, :3] = np.random.default_rng(0).integers(0, 255, (100, 100, 3))
    subject = prepare_subject(picture)
    opaque = subject.picture[subject.picture[..., 3] == 255]
    assert np.array_equal(opaque, picture[10:110, 10:110].reshape(-1, 4))


@pytest.mark.parametrize("size", [300, 1400])
def test_specks_do_not_decide_the_crop(size: int) -> None:
    picture = cut(size, size, size // 4, size // 4, size // 2, size // 2)
    alone = prepare_subject(picture)
    picture[3, 5] = (9, 9, 9, 255)
    picture[-6:-2, -6:-2] = (9, 9, 9, 255)
    subject = prepare_subject(picture)
    assert subject.side == alone.side
    assert np.array_equal(subject.rgba, alone.rgba)


def test_second_part_of_some_size_stays() -> None:
    picture = cut(300, 300, 50, 50, 150, 150)
    picture[200:230, 200:230] = (200, 40, 30, 255)
    assert prepare_subject(picture).side == pytest.approx(180 / FILL)


def test_translucent_subject_is_kept() -> None:
    picture = cut(100, 100, 20, 20, 80, 80)
    picture[20:80, 20:80, 3] = 90
    assert prepare_subject(picture).rgba[CROP // 2, CROP // 2, 3] == 90


def test_empty_and_tiny_subjects_are_refused() -> None:
    with pytest.raises(PictureError, match="no subject"):
        prepare_subject(np.zeros((64, 64, 4), np.uint8))
    with pytest.raises(PictureError, match="larger"):
        prepare_subject(cut(64, 64, 20, 20, 35, 35))
    one = np.zeros((256, 256, 4), np.uint8)
    one[100, 100] = 255
    with pytest.raises(PictureError, match="larger"):
        prepare_subject(one)


def test_picture_is_capped_and_the_crop_still_fits() -> None:
    picture = cut(200, 6000, 50, 100, 150, 5900)
    subject = prepare_subject(picture)
    assert max(subject.picture.shape[:2]) == LONGEST_SIDE
    column = np.flatnonzero(subject.picture[subject.picture.shape[0] // 2, :, 3] > 127)
    assert column[0] == pytest.approx(subject.left + (1 - FILL) / 2 * subject.side, abs=2)
    assert subject.rgba[CROP // 2, CROP // 2].tolist() == [200, 40, 30, 255]


def test_input_is_not_changed() -> None:
    picture = cut(100, 100, 20, 20, 80, 80)
    picture[2, 2] = 255
    before = picture.copy()
    prepare_subject(picture)
    assert np.array_equal(picture, before)

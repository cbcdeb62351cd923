"""Normals from a picture: those of the field whose height it shows, flat where nothing is, seamless where asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maquette.contracts import Float, Pixels
from maquette.errors import MeshError
from maquette.geometry.picture_normals import combine_normals, picture_normals

HEIGHT = 24.0


def field(size: int = 256, periods: int = 3) -> tuple[Pixels, np.ndarray]:
    """A picture of smooth hills, white on top, that repeats itself, and the true normals float64 [S, S, 3]."""
    turn = 2 * np.pi * periods / size
    x, y = np.meshgrid((np.arange(size) + 0.5) * turn, (np.arange(size) + 0.5) * turn)
    luma = 0.5 + 0.2 * np.sin(x) + 0.2 * np.cos(x + 2 * y)
    across = turn * (0.2 * np.cos(x) - 0.2 * np.sin(x + 2 * y))
    down = turn * -0.4 * np.sin(x + 2 * y)
    normals = np.stack([-HEIGHT * across, HEIGHT * down, np.ones_like(x)], axis=-1)
    grey = np.rint(luma * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2), normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def vectors(pixels: Pixels) -> np.ndarray:
    """Unit vectors as a renderer reads them."""
    values = pixels.astype(np.float64) / 127.5 - 1
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def degrees(found: Pixels, expected: np.ndarray) -> Float:
    return np.degrees(np.arccos(np.clip((vectors(found) * expected).sum(-1), -1, 1)))


def test_normals_are_those_of_the_field_whose_height_the_picture_shows() -> None:
    picture, expected = field()
    away = degrees(picture_normals(picture, HEIGHT, tileable=True), expected)
    assert away.mean() < 1
    assert away.max() < 4
    assert degrees(picture_normals(np.full_like(picture, 9), HEIGHT), expected).mean() > 15


def test_dark_can_be_high() -> None:
    picture, _ = field()
    inverted = picture_normals(255 - picture, HEIGHT, invert=True)
    assert np.abs(inverted.astype(int) - picture_normals(picture, HEIGHT)).max() <= 1


def test_green_is_up() -> None:
    """A step up from the bottom row to the top row faces down: less than half green."""
    picture = np.repeat(np.linspace(250, 5, 64).astype(np.uint8)[:, None, None], 64, axis=1).repeat(3, axis=2)
    assert picture_normals(picture, 30.0)[32, 32, 1] < 100
    assert picture_normals(np.swapaxes(picture, 0, 1), 30.0)[32, 32, 0] > 150


@given(grey=st.integers(0, 255), height=st.floats(0, 1000), wavelength=st.floats(0, 500), tileable=st.booleans())
def test_one_colour_is_exactly_flat(grey: int, height: float, wavelength: float, tileable: bool) -> None:
    flat = picture_normals(np.full((24, 32, 3), grey, np.uint8), height, wavelength, tileable=tileable)
    assert (flat == [128, 128, 255]).all()


def test_long_waves_are_left_out_and_short_ones_kept() -> None:
    def steepness(pixels: Pixels) -> float:
        """Of patches of 4 x 4 pixels, which the steps between the 256 greys hardly touch."""
        return float(np.abs(vectors(pixels)[..., 0].reshape(128, 4, 128, 4).mean((1, 3))).mean())

    for periods, height, low, high in ((1, 100.0, 0.0, 0.1), (32, 4.0, 0.85, 1.1)):
        picture, _ = field(512, periods)
        every = steepness(picture_normals(picture, height, tileable=True))
        assert low <= steepness(picture_normals(picture, height, 64.0, tileable=True)) / every <= high


def test_what_is_seamless_stays_so() -> None:
    picture, _ = field()
    rolled = np.roll(picture, (77, 31), (0, 1))
    for wavelength in (0.0, 20.0, 200.0):
        straight = picture_normals(picture, HEIGHT, wavelength, tileable=True)
        there_and_back = np.roll(picture_normals(rolled, HEIGHT, wavelength, tileable=True), (-77, -31), (0, 1))
        assert np.abs(straight.astype(int) - there_and_back).max() <= 3
    # Without it, the border has no slope beyond itself.
    assert (picture_normals(picture, HEIGHT)[:, 0] != picture_normals(picture, HEIGHT, tileable=True)[:, 0]).any()


def test_what_is_transparent_is_flat_and_casts_no_rim() -> None:
    picture = np.full((64, 64, 4), (200, 180, 160, 255), np.uint8)
    picture[:, 32:] = 0
    assert (picture_normals(picture, 50.0) == [128, 128, 255]).all()


def test_the_same_twice() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (63, 65, 3), np.uint8)
    assert (picture_normals(noise, 5.0, 17.0) == picture_normals(noise, 5.0, 17.0)).all()


def test_combining_with_flat_changes_nothing() -> None:
    hills = picture_normals(field()[0], HEIGHT)
    flat = np.full_like(hills, 0) + np.array([128, 128, 255], np.uint8)
    for combined in (combine_normals(flat, hills), combine_normals(hills, flat)):
        assert np.abs(combined.astype(int) - hills).max() <= 2
    assert np.abs(combine_normals(hills, flat, 0.0).astype(int) - flat).max() <= 1


def test_a_slope_on_a_slope_is_turned_by_both() -> None:
    """Two slopes of 20 degrees about one axis are one of 40."""
    lean = np.radians(20)
    one = np.rint(np.array([np.sin(lean), 0, np.cos(lean)]) * 127.5 + 127.5).astype(np.uint8)
    pixels = np.broadcast_to(one, (4, 4, 3)).copy()
    expected = np.array([np.sin(2 * lean), 0, np.cos(2 * lean)])
    assert degrees(combine_normals(pixels, pixels), expected).max() < 1


@pytest.mark.parametrize("numbers", [(-1.0, 0.0), (1.0, -2.0), (float("nan"), 0.0), (1.0, float("inf"))])
def test_senseless_numbers_are_refused(numbers: tuple[float, float]) -> None:
    with pytest.raises(MeshError, match="not negative"):
        picture_normals(field(8)[0], *numbers)

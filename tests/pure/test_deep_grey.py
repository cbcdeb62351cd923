"""Greyscale of more than 8 bits: all its levels come through, and what a file marks as unknown is kept apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from maquette.errors import PictureError
from maquette.geometry.drawings.relief import relief
from maquette.inference.decode import LONGEST_SIDE, decode_heights, decode_picture
from maquette.inference.deep_grey import reduce_levels
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2


def slope(low: float, high: float, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.tile(np.linspace(low, high, shape[1]), (shape[0], 1))


def with_tag(number: int, value: object) -> ImageFileDirectory_v2:
    tags = ImageFileDirectory_v2()
    tags[number] = value
    return tags


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        (slope(0, 65_535).astype(np.uint16), "a.png", (0, 1)),
        (slope(100, 400).astype(np.uint16), "a.png", (100 / 65_535, 400 / 65_535)),
        (slope(100, 400).astype(np.uint16), "a.tif", (100 / 65_535, 400 / 65_535)),
        (slope(0, 60_000).astype(np.uint16), "a.pgm", (0, 60_000 / 65_535)),
        (slope(-5e8, 2e9).astype(np.int32), "a.tif", (0, 1)),
        (slope(0.25, 0.75).astype(np.float32), "a.tif", (0.25, 0.75)),
        (slope(-11.5, 8848.25).astype(np.float32), "a.tif", (0, 1)),
    ],
)
def test_levels_are_kept(values: np.ndarray, name: str, expected: tuple[float, float], tmp_path: Path) -> None:
    Image.fromarray(values).save(tmp_path / name)
    heights = decode_heights(tmp_path / name).heights
    assert heights is not None
    assert heights[7] == pytest.approx(np.linspace(*expected, 64), abs=1 / 65_535)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_pictures_of_eight_bits_have_no_finer_levels(mode: str, tmp_path: Path) -> None:
    Image.fromarray(slope(0, 255).astype(np.uint8)).convert(mode).save(tmp_path / "a.png")
    assert decode_heights(tmp_path / "a.png").heights is None


@pytest.mark.parametrize("mark", ["-9999", "-3.4028234663852886e+38", "nan"])
def test_places_without_data_are_told_apart_and_thin(mark: str, tmp_path: Path) -> None:
    values = slope(120, 860).astype(np.float32)
    values[10:20, 30:50] = float(mark)
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo=with_tag(42113, mark))
    decoded = decode_heights(tmp_path / "a.tif")
    assert decoded.heights is not None
    assert np.array_equal(np.isnan(decoded.heights), values == np.float32(mark) if mark != "nan" else np.isnan(values))
    assert np.array_equal(decoded.pixels[..., 3] == 0, np.isnan(decoded.heights))
    top = relief(decoded.heights, mode="height", upright=False, faces=12_000, smooth=0, base_mm=1).mesh.vertices
    hole = (np.abs(top[:, 0] * 640 - 8) < 5) & (np.abs(top[:, 1] * 640 - 9) < 2) & (top[:, 2] > 1e-6)
    assert top[hole, 2] == pytest.approx(0.001, abs=1e-6)


def test_a_mark_that_is_no_number_is_ignored(tmp_path: Path) -> None:
    Image.fromarray(slope(0, 1).astype(np.float32)).save(tmp_path / "a.tif", tiffinfo=with_tag(42113, "none at all"))
    heights = decode_heights(tmp_path / "a.tif").heights
    assert heights is not None
    assert np.isfinite(heights).all()


def test_a_file_whose_white_is_zero_is_turned_around(tmp_path: Path) -> None:
    Image.fromarray(slope(0, 65_535).astype(np.uint16)).save(tmp_path / "a.tif", tiffinfo=with_tag(262, 0))
    heights = decode_heights(tmp_path / "a.tif").heights
    assert heights is not None
    assert heights[0] == pytest.approx(np.linspace(1, 0, 64), abs=2 / 65_535)
    assert list(decode_picture(tmp_path / "a.tif")[0, [0, -1], 0]) == [255, 0]


def test_orientation_holds_for_the_levels_too(tmp_path: Path) -> None:
    image = Image.fromarray(slope(0, 65_535).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    decoded = decode_heights(tmp_path / "a.png")
    assert decoded.heights is not None
    assert decoded.heights.shape == decoded.pixels.shape[:2] == (64, 48)
    assert np.abs(decoded.heights * 255 - decoded.pixels[..., 0]).max() <= 0.51


def test_few_levels_are_enough_for_heights_and_none_are_not(tmp_path: Path) -> None:
    Image.fromarray(slope(100, 400).astype(np.uint16)).save(tmp_path / "low.png")
    assert np.ptp(decode_picture(tmp_path / "low.png")[..., 0]) <= 2
    Image.fromarray(slope(400, 404).astype(np.uint16)).save(tmp_path / "flat.png")
    with pytest.raises(PictureError, match="one colour everywhere"):
        decode_heights(tmp_path / "flat.png")
    Image.fromarray(slope(0, 65_535, (6, 20)).astype(np.uint16)).save(tmp_path / "tiny.png")
    with pytest.raises(PictureError, match="only 20 x 6 pixels"):
        decode_heights(tmp_path / "tiny.png")


@pytest.mark.parametrize("value", [-5.0, 0.0, 3e38])
def test_one_value_everywhere_is_refused(value: float, tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), value, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match="one colour everywhere"):
        decode_heights(tmp_path / "a.tif")


def test_large_maps_are_reduced_without_overshoot() -> None:
    cliff = np.zeros((8, LONGEST_SIDE * 2), np.float32)
    cliff[:, 5001:] = 1
    small = reduce_levels(cliff, LONGEST_SIDE)
    assert small.shape == (4, LONGEST_SIDE)
    assert (small.min(), small.max()) == (0, 1)
    assert small.mean() == pytest.approx(cliff.mean(), abs=1e-6)
    assert reduce_levels(small, LONGEST_SIDE) is small

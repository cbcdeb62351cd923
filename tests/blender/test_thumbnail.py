"""The panel's small picture: read in the background, and a sentence where there is nothing to show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from maquette.blender import thumbnail
from PIL import Image


@pytest.fixture(autouse=True)
def collection() -> Iterator[None]:
    """Previews are there, as after registration."""
    thumbnail.open_collection()
    yield
    thumbnail.close()


def wait(path: Path) -> str:
    """Draw until the picture has been read; the note. (The icon itself is 0 without a window, whatever it shows.)"""
    deadline = time.monotonic() + 30
    while (note := thumbnail.icon(str(path))[1]).startswith("Reading"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return note


def shown() -> list[str]:
    """The paths of the previews there are."""
    assert thumbnail._collection is not None
    return list(thumbnail._collection)


def picture(path: Path, size: tuple[int, int] = (600, 300)) -> Path:
    """Left red, right blue: whatever else, not of one colour."""
    image = Image.new("RGB", size, (220, 20, 20))
    image.paste((20, 20, 220), (size[0] // 2, 0, *size))
    image.save(path)
    return path


def test_picture_becomes_an_icon_of_its_proportions(tmp_path: Path) -> None:
    path = picture(tmp_path / "wide.png")
    assert wait(path) == ""
    assert shown() == [str(path)]
    assert thumbnail._collection is not None
    preview = thumbnail._collection[str(path)]
    assert tuple(preview.image_size) == (256, 128)
    pixels = np.array(preview.image_pixels_float).reshape(128, 256, 4)
    assert pixels[64, 10] == pytest.approx([220 / 255, 20 / 255, 20 / 255, 1.0], abs=0.01)
    assert pixels[64, 245] == pytest.approx([20 / 255, 20 / 255, 220 / 255, 1.0], abs=0.01)


def test_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 64), (220, 20, 20))
    image.paste((20, 20, 220), (0, 32, 64, 64))
    image.save(tmp_path / "red_above.png")
    wait(tmp_path / "red_above.png")
    assert thumbnail._collection is not None
    pixels = np.array(thumbnail._collection[str(tmp_path / "red_above.png")].image_pixels_float).reshape(64, 64, 4)
    assert pixels[-1, 0, 0] > 0.8  # rows go from the bottom up
    assert pixels[0, 0, 2] > 0.8


@pytest.mark.parametrize("content", [None, b"", b"this is no picture"])
def test_file_that_is_no_picture_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "text.png"
    if content is not None:
        path.write_bytes(content)
    assert "text.png" in wait(path)
    assert shown() == []


def test_changed_file_is_read_again_when_chosen_again(tmp_path: Path) -> None:
    path = tmp_path / "cup.png"
    assert "cup.png" in wait(path)
    picture(path)
    assert "cup.png" in wait(path)
    thumbnail.forget(str(path))
    assert wait(path) == ""
    assert shown() == [str(path)]


def test_the_last_three_pictures_are_kept(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "a.png", "c.png", "d.png"):
        assert wait(picture(tmp_path / name)) == ""
    assert sorted(shown()) == [str(tmp_path / name) for name in ("b.png", "c.png", "d.png")]

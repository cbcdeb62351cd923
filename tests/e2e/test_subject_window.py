"""Picking a thing with a click and painting the mask, in a window of a real Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

pytestmark = pytest.mark.real_blender

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def story(real_blender, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play ``subject_window.py`` in a window and return what it saw."""
    folder = tmp_path_factory.mktemp("subject")
    image = Image.new("RGB", (900, 600), (206, 208, 210))
    draw = ImageDraw.Draw(image)
    draw.ellipse((100, 150, 380, 430), fill=(210, 100, 40))
    draw.ellipse((520, 180, 780, 440), fill=(50, 80, 190))
    image.save(folder / "a pair.png")
    variables = {"STORY_PICTURE": str(folder / "a pair.png")}
    return real_blender.play(HERE / "subject_window.py", profile, folder, variables)


def test_the_check_finds_both_and_offers_the_choice(story: dict[str, Any]) -> None:
    assert story["things"] == 2
    assert "choose" in story["fixes"]


def test_the_click_picks_what_is_under_it_and_undo_takes_it_back(story: dict[str, Any]) -> None:
    number, x, y = story["picked"]
    assert number == 1
    assert (x, y) == pytest.approx((0.72, 0.5), abs=0.01)
    assert story["prepared"] == "a pair prepared"
    assert story["after_undo"] == ""


def test_esc_leaves_everything_as_it_was(story: dict[str, Any]) -> None:
    assert story["escaped"] == ["", 0]


def test_a_painted_stroke_is_what_the_next_check_takes(story: dict[str, Any]) -> None:
    assert story["mode"] == "PAINT"
    assert story["painted_white"] > 0.01
    assert story["dirty_after_check"] is False
    assert story["things_with_mask"] >= 2


def test_blender_ends_without_a_python_error(story: dict[str, Any]) -> None:
    assert "Traceback" not in story["log"]
    assert story["left"] == []

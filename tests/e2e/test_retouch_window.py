"""Project Picture, Save View, Paint Texture and Sculpt in a window of a real Blender: brushes obey the masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real_blender

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def story(real_blender, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play ``retouch_window.py`` in a window and return what it saw."""
    return real_blender.play(HERE / "retouch_window.py", profile, tmp_path_factory.mktemp("retouch"), {})


def test_a_picture_is_projected_from_the_viewport_as_it_is(story: dict[str, Any]) -> None:
    assert 0.03 < story["blue"] < 0.5


def test_an_edited_view_changes_the_dot_alone_and_undo_takes_it_back(story: dict[str, Any]) -> None:
    assert 20 < story["dot"]["texels"] < 4000
    assert story["dot"]["red"] > 0.98
    assert story["dot"]["left_after_undo"] == 0


def test_paint_does_not_reach_the_seen_side(story: dict[str, Any]) -> None:
    assert story["paint_mode"] == "TEXTURE_PAINT"
    assert story["stroke"]["free"] > 1000
    assert story["stroke"]["protected"] < 0.02 * story["stroke"]["free"]
    assert story["paint_undone"] == "OBJECT"


def test_sculpting_does_not_reach_the_guessed_side_and_is_one_undo_step(story: dict[str, Any]) -> None:
    assert story["sculpt"] == story["sculpt_redone"] == ["SCULPT", 1]
    assert story["sculpt_undone"] == ["OBJECT", 0]
    front, back = story["moved"]
    assert front > 0.04
    assert back < 0.001


def test_blender_ends_without_a_python_error(story: dict[str, Any]) -> None:
    assert "Traceback" not in story["log"]
    assert story["left"] == []

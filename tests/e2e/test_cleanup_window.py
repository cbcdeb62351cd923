"""Clean Up in a window of a real Blender: stopped, with its worker lost, to the end, undone and done again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real_blender

HERE = Path(__file__).resolve().parent
MODES = ("OBJECT", "EDIT")


@pytest.fixture(scope="module")
def story(real_blender, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play ``cleanup_window.py`` in a window and return what it saw."""
    return real_blender.play(HERE / "cleanup_window.py", profile, tmp_path_factory.mktemp("cleanup"), {})


def test_escape_and_a_killed_worker_change_nothing(story: dict[str, Any]) -> None:
    assert story["escape_changed"] is False
    assert story["killed_changed"] is False


@pytest.mark.parametrize("mode", MODES)
def test_the_mesh_comes_out_closed_in_the_mode_it_was_in(story: dict[str, Any], mode: str) -> None:
    run = story["runs"][mode]
    assert run["watertight"] is True
    assert run["self_intersections"] == 0
    assert run["mode"] == mode
    assert run["changed"]
    assert not any(run["more_data"].values())
    assert run["files"] == []


@pytest.mark.parametrize("mode", MODES)
def test_one_undo_restores_the_mesh_and_redo_brings_it_back(story: dict[str, Any], mode: str) -> None:
    run = story["runs"][mode]
    assert run["undone"]
    assert run["redone"]
    assert run["undone_again"]


def test_the_buttons_of_a_row_select_and_repair(story: dict[str, Any]) -> None:
    assert story["selected_edges"] == story["open_edges"] > 0
    assert story["open_edges_left"] == 0


def test_what_it_takes_of_blenders_time_is_told(story: dict[str, Any], tell: Callable[[str], None]) -> None:
    ticks = [story["runs"][mode]["longest_tick_ms"] for mode in MODES]
    handovers = [story["runs"][mode]["handover_ms"] for mode in MODES]
    tell(f"Cleaning on Blender's main thread: longest ticks {ticks} ms, hand-overs {handovers} ms")
    tell(f"Seconds from Esc to the end of the cleaning: {story['escape_seconds']}")
    assert min(ticks) > 0
    assert min(handovers) > 0


def test_blender_ends_without_a_python_error(story: dict[str, Any]) -> None:
    assert "Traceback" not in story["log"]
    assert story["left"] == []

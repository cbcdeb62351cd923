"""Run Batch in the panel: its own process, its state, stopping, and Blender's end."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import bpy
import pytest
from maquette import launch
from maquette.operators import batch
from maquette.panels.batch import MAQUETTE_PT_batch

STAND_IN = Path(__file__).resolve().parents[1] / "data" / "batch_stand_in.py"
LIMIT = 60.0


@pytest.fixture
def group(registered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bpy.types.PropertyGroup:
    """The scene's settings, with three pictures to do and a batch process whose workers need no networks."""
    command = [sys.executable, str(STAND_IN), "process"]
    monkeypatch.setattr(launch, "default_command", lambda _blender=None, module="worker": [*command, module])
    group = bpy.context.scene.maquette
    group.batch_folder, group.batch_output = str(tmp_path / "in"), str(tmp_path / "out")
    group.batch_gallery = False
    pictures(tmp_path, "a.png", "b.png", "refused.png")
    return group


def pictures(folder: Path, *names: str) -> None:
    (folder / "in").mkdir(exist_ok=True)
    for name in names:
        (folder / "in" / name).write_bytes(name.encode())


def run() -> batch.BatchRun:
    """Press the button."""
    assert bpy.ops.maquette.run_batch() == {"FINISHED"}
    started = batch.current_batch()
    assert started is not None and started.running
    return started


def follow(until: str = "") -> batch.BatchRun:
    """Do what the timer does, to the end, or until the panel's line has words of some pattern."""
    found = batch.current_batch()
    assert found is not None
    end = time.monotonic() + LIMIT
    while found.running and not (until and re.search(until, found.line)):
        assert time.monotonic() < end, found.line
        found.tick()
        time.sleep(0.02)
    return found


def is_running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_folder_becomes_a_folder_of_meshes(group: bpy.types.PropertyGroup, tmp_path: Path) -> None:
    group.batch_formats = {"GLB", "STL"}
    run()
    ended = follow()
    assert (ended.summary, ended.complete, ended.error) == ("2 done, 1 refused, 0 failed", False, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} > {"a.glb", "a.stl", "b.glb", "manifest.jsonl"}
    times = (tmp_path / "out/a.glb").stat().st_mtime_ns
    pictures(tmp_path, "c.png")
    (tmp_path / "in/refused.png").unlink()
    run()
    assert follow().summary == "3 done, 0 refused, 0 failed" and follow().complete
    assert (tmp_path / "out/a.glb").stat().st_mtime_ns == times


def test_stop_finishes_in_order(group: bpy.types.PropertyGroup, tmp_path: Path) -> None:
    pictures(tmp_path, *(f"slow {number}.png" for number in range(60)))
    started = run()
    assert not bpy.ops.maquette.run_batch.poll()
    follow(until=r"[1-9]\d* done")
    assert bpy.ops.maquette.stop_batch() == {"FINISHED"}
    assert not bpy.ops.maquette.stop_batch.poll()
    ended = follow()
    assert ended is started and "left" in ended.summary and not ended.complete
    names = {path.name for path in (tmp_path / "out").iterdir()}
    done = len((tmp_path / "out/manifest.jsonl").read_text().splitlines())
    assert 0 < done < 63 and len(names) <= 1 + 3 * done and not any(name.startswith(".") for name in names)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_the_extension_s_end_is_the_batch_s(group: bpy.types.PropertyGroup, tmp_path: Path) -> None:
    pictures(tmp_path, *(f"slow {number}.png" for number in range(60)))
    started = run()
    follow(until=r"[1-9]\d* done")
    driver = started._worker.pid
    assert driver is not None
    workers = [int(pid) for pid in Path(f"/proc/{driver}/task/{driver}/children").read_text().split()]
    batch.shut_down()
    assert batch.current_batch() is None and not is_running(driver)
    end = time.monotonic() + LIMIT
    while any(map(is_running, workers)):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_errors_are_told(group: bpy.types.PropertyGroup, tmp_path: Path) -> None:
    for name in os.listdir(tmp_path / "in"):
        (tmp_path / "in" / name).unlink()
    run()
    assert "There is no picture in" in follow().error


@pytest.mark.parametrize(("name", "value"), [("batch_folder", ""), ("batch_output", ""), ("batch_formats", set())])
def test_what_is_missing_is_said(group: bpy.types.PropertyGroup, name: str, value: object) -> None:
    assert batch.hindrance(group) == ""
    setattr(group, name, value)
    assert "first" in batch.hindrance(group) and not bpy.ops.maquette.run_batch.poll()


def test_panel_is_registered_in_its_tab(group: bpy.types.PropertyGroup) -> None:
    assert MAQUETTE_PT_batch.is_registered and MAQUETTE_PT_batch.bl_category == "Maquette"

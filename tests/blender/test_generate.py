"""The button: from the settings through a real worker process to the object, and every way it can go wrong."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import bpy
import pytest
from maquette import registration
from maquette.errors import CancelledError, WorkerError
from maquette.events import Cancelled, Done
from maquette.operators import generation
from maquette.operators.generation import Generation

pytestmark = pytest.mark.usefixtures("stand_in")


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs' files go, to see that nothing stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def start(picture: str) -> Generation:
    """A run under way, as the button leaves it."""
    bpy.context.scene.maquette.image_path = picture
    return Generation(bpy.context)


def follow(run: Generation) -> generation.Ending:
    """Tick as Blender's timer does, until the run ends."""
    deadline = time.monotonic() + 60
    while (ending := run.tick(bpy.context)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return ending


def steps_until(run: Generation, step: str) -> None:
    """Tick until the step is shown."""
    deadline = time.monotonic() + 60
    while bpy.context.window_manager.maquette_state.step != step:
        assert run.tick(bpy.context) is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_relative_path_counts_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker process has another current folder."""
    monkeypatch.chdir(tmp_path)
    run = start("cup.png")
    assert run.picture == tmp_path / "cup.png"
    run.close()


def test_a_script_gets_the_object(temporary_folder: Path) -> None:
    scene = bpy.context.scene
    scene.cursor.location = (1.0, 2.0, 0.5)
    scene.maquette.image_path = "/photos/blue cup.png"
    assert bpy.ops.maquette.generate_from_image() == {"FINISHED"}
    item = bpy.context.active_object
    assert item.name == "blue cup"
    assert item.select_get()
    assert tuple(item.location) == (1.0, 2.0, 0.5)
    assert len(item.data.polygons) == 512
    assert "seen" in item.data.attributes
    assert bpy.data.images["blue cup"].packed_file is not None
    report = json.loads(item["maquette_report"])
    assert report["image"] == "/photos/blue cup.png"
    assert report["mesh"]["watertight"] is True
    assert os.listdir(temporary_folder) == []


def test_the_worker_stays_warm() -> None:
    follow_one, follow_two = start("a.png"), None
    follow(follow_one)
    worker = generation._worker
    assert worker is not None
    first = worker.pid
    follow_one.close()
    follow_two = start("b.png")
    follow(follow_two)
    assert worker.pid == first
    follow_two.close()


def test_state_follows_the_run() -> None:
    state = bpy.context.window_manager.maquette_state
    state.error = "of an earlier run"
    run = start("slow.png")
    assert state.error == ""
    steps_until(run, "Reading the picture")
    assert generation.current() is run
    assert not bpy.ops.maquette.generate_from_image.poll()
    assert bpy.ops.maquette.cancel.poll()
    run.close()
    assert state.step == ""
    assert generation.current() is None
    assert bpy.ops.maquette.generate_from_image.poll()
    assert not bpy.ops.maquette.cancel.poll()


def test_cancelling_leaves_the_scene_and_no_file(temporary_folder: Path) -> None:
    run = start("slow.png")
    steps_until(run, "Reading the picture")
    bpy.ops.maquette.cancel()
    ending = follow(run)
    assert isinstance(ending, Cancelled)
    with pytest.raises(CancelledError):
        run.conclude(bpy.context, ending)
    run.close()
    assert not bpy.data.objects
    assert not bpy.data.meshes
    assert os.listdir(temporary_folder) == []


def test_refusal_is_shown_and_raised(temporary_folder: Path) -> None:
    bpy.context.scene.maquette.image_path = "refused.png"
    with pytest.raises(RuntimeError, match="The picture is empty: choose another"):
        bpy.ops.maquette.generate_from_image()
    assert bpy.context.window_manager.maquette_state.error == "The picture is empty: choose another."
    assert not bpy.data.objects
    assert os.listdir(temporary_folder) == []
    bpy.ops.maquette.dismiss_error()
    assert bpy.context.window_manager.maquette_state.error == ""


def test_after_the_workers_death_the_next_click_works() -> None:
    with pytest.raises(RuntimeError, match="worker process was killed"):
        start_and_finish("killed.png")
    assert "killed" in bpy.context.window_manager.maquette_state.error
    start_and_finish("cup.png")
    assert bpy.context.active_object.name == "cup"
    assert bpy.context.window_manager.maquette_state.error == ""


def start_and_finish(picture: str) -> None:
    """Click and wait."""
    bpy.context.scene.maquette.image_path = picture
    bpy.ops.maquette.generate_from_image()


def test_damaged_result_is_an_error_and_leaves_nothing() -> None:
    with pytest.raises(RuntimeError, match="damaged result"):
        start_and_finish("broken.png")
    assert not bpy.data.meshes


def test_there_is_no_run_without_a_picture() -> None:
    assert not bpy.ops.maquette.generate_from_image.poll()


def test_result_goes_to_the_scene_of_the_click() -> None:
    first = bpy.context.scene
    run = start("cup.png")
    other = bpy.data.scenes.new("Other")
    bpy.context.window.scene = other
    item = run.conclude(bpy.context, follow(run))
    run.close()
    assert list(item.users_scene) == [first]
    assert item.select_get(view_layer=first.view_layers[0])


def test_result_goes_to_the_current_scene_when_its_own_is_gone() -> None:
    first = bpy.context.scene
    run = start("cup.png")
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(first)
    item = run.conclude(bpy.context, follow(run))
    run.close()
    assert item.users_scene[0].name == "Other"


def test_result_arrives_in_edit_mode() -> None:
    run = start("cup.png")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    run.conclude(bpy.context, follow(run))
    run.close()
    assert bpy.context.mode == "OBJECT"
    assert bpy.context.active_object.name == "cup"


def test_undo_during_the_run_does_no_harm() -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="Cube")
    run = start("cup.png")
    bpy.ops.ed.undo()
    item = run.conclude(bpy.context, follow(run))
    run.close()
    assert item.name == "cup"
    assert list(bpy.data.objects) == [item]


def test_switching_the_extension_off_ends_run_and_process(temporary_folder: Path) -> None:
    run = start("slow.png")
    steps_until(run, "Reading the picture")
    worker = generation._worker
    assert worker is not None
    pid = worker.pid
    assert pid is not None
    registration.unregister()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert os.listdir(temporary_folder) == []
    assert generation.current() is None
    registration.register()


def test_closing_before_the_end_frees_the_next_run() -> None:
    run = start("slow.png")
    run.close()
    run = start("cup.png")
    assert isinstance(follow(run), Done)
    run.close()


def test_worker_that_cannot_be_asked_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_blender: str | None = None) -> list[str]:
        raise WorkerError("No Python interpreter was found beside Blender.")

    monkeypatch.setattr("maquette.launch.default_command", missing)
    with pytest.raises(RuntimeError, match="No Python interpreter"):
        start_and_finish("cup.png")
    assert generation.current() is None
    assert bpy.context.window_manager.maquette_state.step == ""

"""Several pictures at once: each has its turn and its state, whatever becomes of the others."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import bpy
import pytest
from maquette import registration
from maquette.operators import generation
from maquette.operators.queue_run import QueueRun, current_queue

pytestmark = pytest.mark.usefixtures("stand_in")


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs' files go, to see that nothing stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def choose(*names: str) -> None:
    """Choose pictures as the file browser does."""
    bpy.ops.maquette.choose_picture(directory="/photos", files=[{"name": name} for name in names])


def queue() -> bpy.types.bpy_prop_collection:
    return bpy.context.window_manager.maquette_state.queue


def states() -> list[str]:
    return [entry.state for entry in queue()]


def sides(item: bpy.types.Object) -> tuple[float, float]:
    """Where it begins and ends from left to right."""
    values = [(item.matrix_world @ vertex.co).x for vertex in item.data.vertices]
    return min(values), max(values)


def wait(run: QueueRun, until: str) -> None:
    """Tick until an entry is in the state."""
    deadline = time.monotonic() + 60
    while until not in states():
        over = run.tick(bpy.context)
        assert not over or until in states()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_picture_is_chosen_and_several_form_a_queue() -> None:
    choose("one.png")
    assert bpy.context.scene.maquette.image_path == "/photos/one.png"
    assert not queue()
    choose("a.png", "b.png", "a.png")
    assert [entry.path for entry in queue()] == ["/photos/a.png", "/photos/b.png"]
    assert bpy.context.scene.maquette.image_path == "/photos/a.png"
    choose("b.png", "c.png")
    assert [entry.name for entry in queue()] == ["a.png", "b.png", "c.png"]
    assert states() == ["waiting"] * 3


def test_a_drop_of_several_forms_a_queue() -> None:
    files = [{"name": "a.png"}, {"name": "b.png"}]
    bpy.ops.maquette.drop_picture(filepath="/photos/a.png", directory="/photos", files=files)
    assert [entry.name for entry in queue()] == ["a.png", "b.png"]


def test_one_that_fails_keeps_no_other_from_its_turn(temporary_folder: Path) -> None:
    choose("cup.png", "refused.png", "killed.png", "broken.png", "jug.png")
    assert bpy.ops.maquette.generate_queue() == {"FINISHED"}
    assert states() == ["done", "refused", "failed", "failed", "done"]
    assert [item.name for item in bpy.data.objects] == ["cup", "jug"]
    messages = [entry.message for entry in queue()]
    assert messages[0] == "Generated cup"
    assert messages[1] == "The picture is empty: choose another."
    assert "killed" in messages[2]
    assert "damaged result" in messages[3]
    assert os.listdir(temporary_folder) == []
    assert generation.current() is None
    assert current_queue() is None


def test_one_worker_does_them_all() -> None:
    choose("a.png", "b.png")
    bpy.ops.maquette.generate_queue()
    worker = generation._worker
    assert worker is not None
    first = worker.pid
    choose("c.png", "d.png")
    bpy.ops.maquette.generate_queue()
    assert worker.pid == first


def test_results_stand_side_by_side_from_the_cursor_on() -> None:
    bpy.context.scene.cursor.location = (2.0, 1.0, 0.0)
    choose("a.png", "b.png", "c.png")
    bpy.ops.maquette.generate_queue()
    items = [bpy.data.objects[name] for name in "abc"]
    assert tuple(items[0].location) == (2.0, 1.0, 0.0)
    assert {item.location.y for item in items} == {1.0}
    bpy.context.view_layer.update()
    for left, right in ((items[0], items[1]), (items[1], items[2])):
        assert 0.05 < sides(right)[0] - sides(left)[1] < 0.5


def test_a_place_that_was_freed_is_taken_again_and_later_runs_go_on_with_the_row() -> None:
    choose("a.png", "b.png", "c.png")
    bpy.ops.maquette.generate_queue()
    freed = bpy.data.objects["b"].location.x
    bpy.data.objects.remove(bpy.data.objects["b"])
    choose("d.png", "e.png")
    bpy.ops.maquette.generate_queue()
    assert bpy.data.objects["d"].location.x == pytest.approx(freed, abs=1e-4)
    assert bpy.data.objects["e"].location.x > bpy.data.objects["c"].location.x + 1.0


def test_each_result_is_an_undo_step_of_its_own() -> None:
    choose("a.png", "b.png")
    bpy.ops.ed.undo_push(message="Choose")
    bpy.ops.maquette.generate_queue()
    bpy.ops.ed.undo()
    assert [item.name for item in bpy.data.objects] == ["a"]
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    assert states() == ["done", "done"], "what happened stays told"
    bpy.ops.ed.redo()
    bpy.ops.ed.redo()
    assert [item.name for item in bpy.data.objects] == ["a", "b"]


def test_cancel_stops_it_all_and_what_is_left_can_go_on(temporary_folder: Path) -> None:
    choose("cup.png", "slow.png", "jug.png")
    run = QueueRun(bpy.context)
    wait(run, "done")
    assert states() == ["done", "running", "waiting"]
    assert not bpy.ops.maquette.generate_queue.poll()
    assert not bpy.ops.maquette.generate_from_image.poll()
    bpy.ops.maquette.cancel()
    while not run.tick(bpy.context):
        time.sleep(0.01)
    run.close()
    assert states() == ["done", "waiting", "waiting"]
    assert os.listdir(temporary_folder) == []
    queue().remove(1)
    assert bpy.ops.maquette.generate_queue() == {"FINISHED"}
    assert states() == ["done", "done"]


def test_removing_the_one_under_way_goes_on_with_the_next() -> None:
    choose("slow.png", "cup.png")
    run = QueueRun(bpy.context)
    bpy.context.window_manager.maquette_state.queue_index = 0
    assert states() == ["running", "waiting"]
    bpy.ops.maquette.remove_from_queue()
    wait(run, "done")
    run.close()
    assert [entry.name for entry in queue()] == ["cup.png"]
    assert [item.name for item in bpy.data.objects] == ["cup"]


def test_pictures_can_be_added_while_it_runs() -> None:
    choose("cup.png", "jug.png")
    run = QueueRun(bpy.context)
    bpy.ops.maquette.add_to_queue(directory="/photos", files=[{"name": "mug.png"}])
    while not run.tick(bpy.context):
        time.sleep(0.01)
    run.close()
    assert states() == ["done"] * 3


def test_retry_has_what_failed_wait_again() -> None:
    choose("refused.png", "cup.png")
    assert not bpy.ops.maquette.retry_queue.poll()
    bpy.ops.maquette.generate_queue()
    bpy.ops.maquette.retry_queue()
    assert states() == ["waiting", "done"]
    assert queue()[0].message == ""
    assert bpy.ops.maquette.generate_queue() == {"CANCELLED"}
    assert states() == ["refused", "done"]


def test_clearing_stops_the_run(temporary_folder: Path) -> None:
    choose("slow.png", "cup.png")
    run = QueueRun(bpy.context)
    bpy.ops.maquette.clear_queue()
    assert not queue()
    while not run.tick(bpy.context):
        time.sleep(0.01)
    run.close()
    assert not bpy.data.objects
    assert os.listdir(temporary_folder) == []


def test_results_go_to_the_scene_that_the_run_was_started_in() -> None:
    first = bpy.context.scene
    choose("a.png", "b.png")
    run = QueueRun(bpy.context)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    while not run.tick(bpy.context):
        time.sleep(0.01)
    run.close()
    assert len(first.objects) == 2
    assert len({item.location.x for item in first.objects}) == 2


def test_a_click_on_a_line_shows_its_picture() -> None:
    choose("a.png", "b.png")
    bpy.context.window_manager.maquette_state.queue_index = 1
    assert bpy.context.scene.maquette.image_path == "/photos/b.png"


def test_switching_the_extension_off_ends_the_run_and_the_process(temporary_folder: Path) -> None:
    choose("slow.png", "cup.png")
    QueueRun(bpy.context)
    worker = generation._worker
    assert worker is not None
    registration.unregister()
    assert worker.pid is None
    assert current_queue() is None
    assert os.listdir(temporary_folder) == []
    registration.register()


def test_another_file_begins_with_an_empty_queue(tmp_path: Path) -> None:
    choose("a.png", "b.png")
    file = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.open_mainfile(filepath=file)
    assert not queue()


def test_a_worker_that_cannot_be_started_fails_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_blender: str | None = None) -> list[str]:
        from maquette.errors import WorkerError

        raise WorkerError("No Python interpreter was found beside Blender.")

    monkeypatch.setattr("maquette.launch.default_command", missing)
    choose("a.png", "b.png")
    assert bpy.ops.maquette.generate_queue() == {"CANCELLED"}
    assert states() == ["failed", "failed"]
    assert "No Python interpreter" in queue()[0].message

"""The worker process and its client: real processes, with the jobs of ``tests/data/stand_in_worker.py``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from maquette import launch
from maquette.errors import WorkerError
from maquette.jobs import Cancelled, Died, Done, Event, Failed, Job, Progress, Worker
from maquette.transfer import load_result

STAND_IN = Path(__file__).resolve().parents[1] / "data" / "stand_in_worker.py"
# How long a busy machine may take for anything at all. No test passes by waiting: each waits for an outcome.
LONG = 30.0

posix = pytest.mark.skipif(os.name == "nt", reason="uses POSIX signals")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make all temporary folders under one with an awkward name, to see what is left in it."""
    folder = tmp_path / "Bücher und 絵 of ' mine"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture
def worker(temporary: Path) -> Iterator[Worker]:
    """Return a client of the stand-in, and see that it leaves nothing behind."""
    client = Worker([sys.executable, str(STAND_IN)])
    yield client
    pid = client.pid
    client.shutdown()
    assert pid is None or not is_running(pid)
    assert list(temporary.iterdir()) == []


def is_running(pid: int) -> bool:
    """Tell whether a process of that id lives (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(outcome: Callable[[], bool], what: str) -> None:
    """Wait until the outcome is there; fail when it does not come."""
    end = time.monotonic() + LONG
    while not outcome():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.005)


def finish(job: Job) -> list[Event]:
    """Return all the job's events."""
    wait_for(lambda: job.finished, "the end of the job")
    return job.poll()


def begin(job: Job) -> None:
    """Wait until the job reports its first progress."""
    seen: list[Event] = []
    wait_for(lambda: bool(seen.extend(job.poll()) or seen), "the job's first progress")
    assert isinstance(seen[0], Progress), seen


def text_of(job: Job) -> str:
    """Return the text that a finished job left in its folder."""
    last = finish(job)[-1]
    assert isinstance(last, Done), last
    return (last.folder / "text.txt").read_text(encoding="utf-8")


def test_progress_and_result_arrive_in_order(worker: Worker) -> None:
    job = worker.submit("echo", {"text": "größe ~ 絵"})
    events = finish(job)
    assert events[:2] == [Progress("First", 0.25), Progress("Second", 0.75)]
    assert events[2:] == [Done(job.folder)]
    assert (job.folder / "text.txt").read_text(encoding="utf-8").endswith("größe ~ 絵")
    job.close()
    assert not job.folder.exists()


def test_result_is_a_mesh_that_loads(worker: Worker) -> None:
    job = worker.submit("mesh", {})
    last = finish(job)[-1]
    assert isinstance(last, Done)
    mesh, report = load_result(last.folder)
    assert mesh.vertices.shape == (4, 3)
    assert report.mesh.watertight


def test_process_stays_warm_between_jobs(worker: Worker) -> None:
    first, second = (text_of(worker.submit("echo", {"text": "x"})) for _ in range(2))
    assert first == second
    assert first.startswith(f"{worker.pid}\n")


def test_start_ahead_of_the_first_job(worker: Worker) -> None:
    worker.start()
    wait_for(lambda: worker.pid is not None, "the process's start")
    pid = worker.pid
    assert text_of(worker.submit("echo", {"text": "x"})).startswith(f"{pid}\n")


def test_queued_jobs_run_one_after_the_other(worker: Worker) -> None:
    jobs = [worker.submit("echo", {"text": str(number)}) for number in range(3)]
    assert [text_of(job).splitlines()[1] for job in jobs] == ["0", "1", "2"]


def test_refused_picture_is_told_as_it_was_raised(worker: Worker) -> None:
    (event,) = finish(worker.submit("refuse", {}))
    assert isinstance(event, Failed)
    assert (event.error, event.exit_code) == ("PictureError", 3)
    assert event.message == "The picture is empty; choose another."


def test_unforeseen_error_is_one_line_with_details(worker: Worker) -> None:
    job = worker.submit("bug", {})
    (event,) = finish(job)
    assert isinstance(event, Failed)
    assert (event.error, event.exit_code) == ("ZeroDivisionError", 1)
    assert "first line second line" in event.message
    assert "Traceback" in event.details
    assert not job.folder.exists()
    assert text_of(worker.submit("echo", {"text": "still warm"})).endswith("still warm")


def test_memory_error_and_unknown_job_say_what_to_do(worker: Worker) -> None:
    (greedy,) = finish(worker.submit("greedy", {}))
    (unknown,) = finish(worker.submit("fly", {}))
    assert isinstance(greedy, Failed)
    assert isinstance(unknown, Failed)
    assert "Memory ran out" in greedy.message
    assert "'fly'" in unknown.message


def test_printing_does_not_disturb_the_messages(worker: Worker) -> None:
    job = worker.submit("noisy", {})
    assert text_of(job) == "read ''"


def test_unpolled_progress_does_not_pile_up(worker: Worker) -> None:
    events = finish(worker.submit("chatty", {"count": 20_000}))
    assert [type(event).__name__ for event in events] == ["Progress", "Progress", "Done"]
    assert events[0] == Progress("Counting", 19_999 / 20_000)


def test_polite_cancel_is_heard_and_ends_the_process(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.jobs._PATIENCE", 10 * LONG)
    note = tmp_path / "note.txt"
    job = worker.submit("obedient", {"note": str(note)})
    begin(job)
    pid = worker.pid
    job.cancel()
    job.cancel()
    assert finish(job) == [Cancelled()]
    assert note.read_text() == "heard"
    assert pid is not None
    assert not is_running(pid)
    assert not job.folder.exists()


@posix
@pytest.mark.parametrize("kind", ["deaf", "native"])
def test_cancel_ends_a_job_that_does_not_listen(worker: Worker, kind: str) -> None:
    job = worker.submit(kind, {})
    begin(job)
    pid = worker.pid
    job.cancel()
    assert finish(job)[-1] == Cancelled()
    assert pid is not None
    assert not is_running(pid)
    assert not job.folder.exists()
    assert text_of(worker.submit("echo", {"text": "again"})).endswith("again")


def test_cancel_of_a_queued_job_leaves_the_running_one(worker: Worker, tmp_path: Path) -> None:
    running = worker.submit("obedient", {"note": str(tmp_path / "note.txt")})
    begin(running)
    pid = worker.pid
    queued = worker.submit("echo", {"text": "x"})
    queued.cancel()
    assert queued.poll() == [Cancelled()]
    assert not queued.folder.exists()
    assert worker.pid == pid
    assert not running.finished


def test_job_behind_a_cancelled_one_runs_in_a_new_process(worker: Worker) -> None:
    first = worker.submit("deaf", {})
    begin(first)
    pid = worker.pid
    second = worker.submit("echo", {"text": "second"})
    first.cancel()
    assert text_of(second).endswith("second")
    assert not text_of(worker.submit("echo", {"text": "x"})).startswith(f"{pid}\n")


def test_cancel_before_the_process_is_up_ends_it(worker: Worker) -> None:
    job = worker.submit("echo", {"text": "x"})
    job.cancel()
    assert job.poll() == [Cancelled()]
    wait_for(lambda: worker.pid is None, "the process's end")
    assert text_of(worker.submit("echo", {"text": "y"})).endswith("y")


def test_cancel_after_the_end_changes_nothing(worker: Worker) -> None:
    job = worker.submit("echo", {"text": "x"})
    assert isinstance(finish(job)[-1], Done)
    job.cancel()
    assert job.poll() == []
    assert job.folder.exists()
    assert worker.pid is not None


def test_closing_an_unfinished_job_cancels_it(worker: Worker) -> None:
    job = worker.submit("deaf", {})
    begin(job)
    job.close()
    assert finish(job)[-1] == Cancelled()
    assert not job.folder.exists()


@posix
def test_idle_worker_rests_and_the_next_job_starts_another(worker: Worker) -> None:
    job = worker.submit("echo", {"text": "x"})
    finish(job)
    worker.rest()
    assert worker.idle == 0.0, "a result that nobody has read yet"
    job.close()
    wait_for(lambda: worker.idle > 0.0, "its idleness")
    pid = worker.pid
    worker.rest()
    assert not text_of(worker.submit("echo", {"text": "x"})).startswith(f"{pid}\n")


def test_a_resting_worker_ends_its_process(worker: Worker) -> None:
    worker.start()
    wait_for(lambda: worker.pid is not None, "the process")
    pid = worker.pid
    assert pid is not None
    wait_for(lambda: not (worker.rest() or is_running(pid)), "its end")
    assert worker.idle == 0.0


def test_killed_worker_is_an_error_and_the_next_job_works(worker: Worker) -> None:
    job = worker.submit("deaf", {})
    begin(job)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    (event,) = (event for event in finish(job) if not isinstance(event, Progress))
    assert isinstance(event, Died)
    assert "signal 9 (SIGKILL)" in event.message
    assert "try again" in event.message
    assert not job.folder.exists()
    assert text_of(worker.submit("echo", {"text": "alive"})).endswith("alive")


@posix
def test_idle_worker_killed_goes_unnoticed(worker: Worker) -> None:
    text_of(worker.submit("echo", {"text": "x"}))
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: worker.pid is None, "the end being noticed")
    assert text_of(worker.submit("echo", {"text": "y"})).endswith("y")


@posix
def test_last_words_of_a_dying_worker_are_kept(worker: Worker) -> None:
    killed, crashed = finish(worker.submit("kill", {}))[-1], finish(worker.submit("crash", {}))[-1]
    assert isinstance(killed, Died)
    assert "the last words" in killed.details
    assert isinstance(crashed, Died)
    assert "SIGSEGV" in crashed.message
    assert len(crashed.details.encode()) <= launch.TAIL


@posix
def test_killed_blender_leaves_no_worker_and_no_folder(temporary: Path) -> None:
    client = subprocess.Popen([sys.executable, str(STAND_IN), "--parent"], stdout=subprocess.PIPE, encoding="utf-8")
    assert client.stdout is not None
    with client, client.stdout:
        pid, folder = int(client.stdout.readline()), Path(client.stdout.readline().rstrip("\n"))
        assert is_running(pid)
        assert folder.parent == temporary
        client.kill()
    wait_for(lambda: not is_running(pid), "the worker's end")
    assert list(temporary.iterdir()) == []


def test_shutdown_in_the_middle_leaves_nothing(worker: Worker, temporary: Path) -> None:
    running = worker.submit("deaf", {})
    waiting = worker.submit("deaf", {})
    begin(running)
    pid = worker.pid
    worker.shutdown()
    assert pid is not None
    assert not is_running(pid)
    assert running.poll()[-1:] == waiting.poll() == [Cancelled()]
    assert list(temporary.iterdir()) == []
    with pytest.raises(WorkerError, match="shut down"):
        worker.submit("echo", {"text": "x"})


def test_result_left_unread_goes_with_the_shutdown(worker: Worker, temporary: Path) -> None:
    text_of(worker.submit("echo", {"text": "x"}))
    worker.shutdown()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/no/such/python"], "cannot be started"),
        ([sys.executable, "-c", "raise SystemExit('no numpy here')"], "exit code 1 (no numpy here)"),
    ],
)
def test_worker_that_never_starts_is_an_error_for_each_job(temporary: Path, command: list[str], words: str) -> None:
    worker = Worker(command)
    jobs = [worker.submit("echo", {"text": "x"}) for _ in range(2)]
    for job in jobs:
        (event,) = finish(job)
        assert isinstance(event, Died)
        assert words in event.message
    worker.shutdown()
    assert list(temporary.iterdir()) == []


def test_oversized_payload_is_refused_at_once(worker: Worker, temporary: Path) -> None:
    with pytest.raises(WorkerError, match="too large"):
        worker.submit("echo", {"text": "x" * 100_000})
    assert list(temporary.iterdir()) == []


def test_maquettes_own_worker_starts_as_the_extension_starts_it(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    worker = Worker()
    (event,) = finish(worker.submit("fly", {}))
    worker.shutdown()
    assert isinstance(event, Failed), event
    assert "'fly'" in event.message


def test_python_is_found_beside_a_program_that_embeds_it(tmp_path: Path) -> None:
    blender = tmp_path / "blender"
    blender.touch()
    assert launch.find_python(str(blender), str(tmp_path)) is None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = tmp_path / "bin" / ("python.exe" if os.name == "nt" else version)
    python.parent.mkdir()
    python.touch()
    assert launch.find_python(str(blender), str(tmp_path)) == python
    assert launch.find_python(sys.executable, str(tmp_path)) == Path(sys.executable)


def test_blender_itself_runs_the_worker_where_there_is_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(sys, "prefix", "/nowhere")
    command = launch.default_command("/opt/blender")
    assert command[:2] == ["/opt/blender", "--background"]
    assert command[-2:] == ["--", "worker"]
    with pytest.raises(WorkerError, match="install Blender"):
        launch.default_command(None)

"""What farms rely on: a driver waits for another one, refused pictures fail no task, a task keeps to its cores."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from maquette.batching.lock import work_folder
from maquette.commands import batch_workers
from maquette.errors import OutputError

from .test_batch import batch, pictures, states


def test_a_driver_waits_for_another_one(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest-1-of-2.jsonl"
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with work_folder(tmp_path, manifest):
            held.set()
            release.wait(30.0)

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(30.0)
    timer = threading.Timer(0.2, release.set)
    timer.start()
    with work_folder(tmp_path, manifest, wait=30.0) as folder:
        assert release.is_set()
        assert [path.name for path in folder.iterdir()] == ["lock"]
    other.join()


def test_waiting_ends_when_it_is_stopped_or_too_long(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    with work_folder(tmp_path, manifest):
        started = time.monotonic()
        with pytest.raises(OutputError, match="Another batch"), work_folder(tmp_path, manifest, 600.0, lambda: True):
            pass
        with pytest.raises(OutputError, match="Another batch"), work_folder(tmp_path, manifest, 0.01):
            pass
        assert time.monotonic() - started < 60.0


def test_refused_pictures_fail_no_task(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", "a.png", "refused.png"), tmp_path / "out"
    done = batch(source, "-o", out, "--exit-zero")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(states(out).values()) == ["done", "refused"]
    assert batch(source, "-o", out, "--resume").returncode == 1


def test_an_empty_shard_is_done(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", "a.png"), tmp_path / "out"
    for index in range(1, 6):
        assert batch(source, "-o", out, "--shard", f"{index}/5", "--resume").returncode == 0
    assert batch("--merge", "-o", out).returncode == 0
    assert states(out) == {"a.png": "done"}


def test_wrong_wait_is_one_sentence(tmp_path: Path) -> None:
    done = batch(pictures(tmp_path / "in", "a.png"), "-o", tmp_path / "out", "--wait", "nan")
    assert done.returncode == 2 and done.stderr.count("\n") == 1


@pytest.mark.parametrize(("share", "cores"), [("1", 1), ("0", None), ("all", None), ("100000", None)])
def test_a_task_keeps_to_its_cores(monkeypatch: pytest.MonkeyPatch, share: str, cores: int | None) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    there = batch_workers.default_jobs()
    monkeypatch.setenv("OMP_NUM_THREADS", share)
    assert batch_workers.default_jobs() == (cores or there)

"""A worker with jobs made for tests: the real process, protocol and client, without networks.

Run as a program, it serves the handlers below; with ``--parent`` it is a client instead, which starts such a worker,
lets it begin an endless job, prints the worker's process id and the job's folder, and waits to be killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]


def load() -> None:
    """Load the package under the alias the tests use."""
    spec = importlib.util.spec_from_file_location("maquette_bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    bootstrap.load_package("maquette")


def echo(payload: Mapping[str, Any], folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Take two steps, and leave the payload's text and this process's id in the folder."""
    progress("First", 0.25)
    progress("Second", 0.75)
    (folder / "text.txt").write_text(f"{os.getpid()}\n{payload['text']}", encoding="utf-8")


def mesh(_payload: Mapping[str, Any], folder: Path, _progress: Progress, _cancelled: Cancelled) -> None:
    """Leave a small finished result in the folder."""
    import numpy as np
    from maquette import contracts, transfer

    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32)
    counts = contracts.MeshReport(4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, True, 1 / 6, (1.0, 1.0, 1.0))

    class Result:
        mesh = contracts.MeshArrays(vertices, faces)
        report = contracts.Report("1", "cup.png", contracts.Settings(), (), {"Reading": 0.5}, counts)

    transfer.save_result(folder, Result())


def obedient(payload: Mapping[str, Any], _folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Work until cancelled, and note outside the folder that the cancellation was heard."""
    from maquette.errors import CancelledError

    progress("Working", 0.5)
    while not cancelled():
        time.sleep(0.01)
    Path(payload["note"]).write_text("heard", encoding="utf-8")
    raise CancelledError("Stopped.")


def deaf(_payload: Mapping[str, Any], folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Write into the folder for a minute, whatever is asked."""
    progress("Working", 0.5)
    for _ in range(6000):
        with contextlib.suppress(OSError):
            (folder / "part.bin").write_bytes(b"0" * 1000)
        time.sleep(0.01)


def native(_payload: Mapping[str, Any], _folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Sit in one native call for a minute, as a network does, holding Python's lock all the while."""
    progress("Working", 0.5)
    library = ctypes.PyDLL(None)
    for _ in range(60):
        library.sleep(1)


def crash(_payload: Mapping[str, Any], _folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Die from a wild pointer."""
    progress("Working", 0.5)
    ctypes.string_at(1)


def kill(_payload: Mapping[str, Any], _folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Die as under an out-of-memory killer."""
    sys.stderr.write("the last words\n")
    sys.stderr.flush()
    os.kill(os.getpid(), 9)


def noisy(_payload: Mapping[str, Any], folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Print a lot in every way there is, some of it looking like messages, and read what is no input of ours."""
    for _ in range(200):
        os.write(1, b'{"event": "done", "job": 1}\n' * 50)
        sys.stdout.write('{"event": "failed"}' + "x" * 1000 + "\n")
        os.write(2, b"\xff" * 1000)
    os.system("echo from a program that it started")
    (folder / "text.txt").write_text(f"read {sys.stdin.read()!r}", encoding="utf-8")
    progress("Printed", 1.0)


def chatty(payload: Mapping[str, Any], _folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Report far more progress than anyone polls for."""
    for number in range(payload["count"]):
        progress("Counting", number / payload["count"])
    progress("Counted", 1.0)


def refuse(_payload: Mapping[str, Any], _folder: Path, _progress: Progress, _cancelled: Cancelled) -> None:
    """Find the picture unfit."""
    from maquette.errors import PictureError

    raise PictureError("The picture is empty; choose another.")


def bug(_payload: Mapping[str, Any], _folder: Path, _progress: Progress, _cancelled: Cancelled) -> None:
    """Fail in a way nobody foresaw."""
    raise ZeroDivisionError("first line\nsecond line")


def greedy(_payload: Mapping[str, Any], _folder: Path, _progress: Progress, _cancelled: Cancelled) -> None:
    """Run out of memory."""
    raise MemoryError


def parent() -> None:
    """Be the client that gets killed."""
    from maquette.jobs import Worker

    worker = Worker([sys.executable, __file__])
    job = worker.submit("deaf", {})
    while not job.poll():
        time.sleep(0.01)
    sys.stdout.write(f"{worker.pid}\n{job.folder}\n")
    sys.stdout.flush()
    time.sleep(60)


if __name__ == "__main__":
    load()
    if "--parent" in sys.argv:
        parent()
    else:
        from maquette import worker

        kinds = (echo, mesh, obedient, deaf, native, crash, kill, noisy, chatty, refuse, bug, greedy)
        worker.run({handler.__name__: handler for handler in kinds})

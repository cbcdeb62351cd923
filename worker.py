"""The worker process: holds networks and native libraries, so that they cannot take the user's unsaved scene along.

It reads jobs and cancellations from its standard input and answers on its standard output, one JSON message a line
(`protocol`). Jobs run one after the other in the main thread. It ends by itself when its input closes, whatever it is
doing, and takes its jobs' folders along: a crashed Blender leaves neither a process nor a file behind.

In: ``{"kind", "job", "payload", "folder"}``, ``{"cancel": job}``. Out: ``{"event": "ready"}`` once, and for each job
``{"event": "progress", "job", "step", "fraction"}``, then one of ``{"event": "done", "job"}`` and
``{"event": "failed", "job", "error", "message", "exit_code", "details"}``.
"""

from __future__ import annotations

import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from . import protocol
from .errors import MaquetteError, WorkerError
from .steps import Cancelled, Progress

__all__ = ["Handler", "generate", "main", "run", "serve"]

Handler: TypeAlias = Callable[[Mapping[str, Any], Path, Progress, Cancelled], None]
"""Does one kind of job: ``handler(payload, folder, progress, cancelled)`` leaves its result in ``folder``."""


def generate(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Make the mesh of a picture: ``payload`` has its path as ``picture``, the fields of Settings as ``settings``."""
    progress("Starting", 0.0)
    # Only here: a fault in a network's library must be this job's error, not a worker that never starts.
    from . import pipeline, transfer
    from .settings import from_fields

    result = pipeline.generate(Path(payload["picture"]), from_fields(payload["settings"]), None, progress, cancelled)
    transfer.save_result(folder, result)


def check(payload: Mapping[str, Any], folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Check a picture and leave the report: ``payload`` is like that of `generate`."""
    progress("Checking the picture", 0.0)
    from . import transfer
    from .picture_check import check_report, inspect_file
    from .settings import check_settings, from_fields

    picture = Path(payload["picture"])
    inspection = inspect_file(picture, check_settings(from_fields(payload["settings"])))
    pictures = {
        transfer.PICTURE: inspection.picture,
        transfer.PREPARED: inspection.prepared,
        transfer.MASK: inspection.mask,
    }
    transfer.save_check(folder, check_report(picture, inspection), pictures)


def clean(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Clean the mesh that lies in ``folder``: ``payload`` has the ``action`` and its keyword arguments, ``options``."""
    progress("Cleaning", 0.0)
    from . import cleanup, polygon_files

    mesh = polygon_files.load_polygons(folder)
    result = cleanup.run(mesh, payload["action"], payload["options"], progress, cancelled)
    polygon_files.save_cleaned(folder, result)


def upscale(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Enlarge a picture in ``folder``: ``payload`` has the names ``source`` and ``target``, and how as ``options``."""
    progress("Loading the network", 0.0)
    from .upscale import enlarge_file

    source, target = folder / payload["source"], folder / payload["target"]
    enlarge_file(source, target, progress=progress, cancelled=cancelled, **payload["options"])


def doctor(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Examine this machine and leave the report: ``payload`` is what only Blender can tell (`doctor.examine`)."""
    progress("Starting the runtime", 0.0)
    from . import transfer
    from .doctor.examine import examine

    transfer.save_check(folder, examine(payload, progress, cancelled))


def model(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled) -> None:
    """Download, verify or import a model and leave what came of it: ``payload`` is that of `model_jobs.run_action`."""
    progress("Starting", 0.0)
    from .model_client import SAID
    from .model_jobs import run_action

    (folder / SAID).write_text(run_action(payload, progress, cancelled), "utf-8")


def main() -> None:
    """Serve Maquette's own jobs until the client goes away."""
    run({"check": check, "clean": clean, "doctor": doctor, "generate": generate, "model": model, "upscale": upscale})


def run(handlers: Mapping[str, Handler]) -> None:
    """Serve jobs over this process's standard streams, at a slightly lower priority than Blender's interface."""
    # Ctrl-C in the terminal that Blender was started from reaches us too; whether to stop is Blender's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(5)
    serve(handlers, *_take_streams())


def serve(handlers: Mapping[str, Handler], source: IO[bytes], sink: IO[bytes]) -> None:
    """Run the jobs that arrive on ``source``, each with the handler of its kind, and answer on ``sink``.

    Ends the whole process when ``source`` closes, even in the middle of a job.
    """
    inbox = _Inbox(source)
    protocol.send(sink, {"event": "ready"})
    while True:
        request = inbox.jobs.get()
        answer = _answer(handlers, request, inbox, sink)
        protocol.send(sink, {**answer, "job": request["job"]})


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the pipes for the protocol alone, and give everyone else stderr to print to and nothing to read.

    Native libraries print to file descriptor 1 without asking; programs they start would read from 0.
    """
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return source, sink


class _Inbox:
    """Reads the client's messages in a thread of its own, so that they arrive while a job runs."""

    def __init__(self, source: IO[bytes]) -> None:
        self.jobs: queue.SimpleQueue[protocol.Message] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._folders: list[str] = []
        threading.Thread(target=self._read, args=(source,), name="maquette-inbox", daemon=True).start()

    def is_cancelled(self, job: int) -> bool:
        """Tell whether the client has cancelled the job."""
        return job in self._cancelled

    def _read(self, source: IO[bytes]) -> None:
        """Sort the messages; when they end, remove the jobs' folders and end the process at once."""
        try:
            for message in protocol.receive(source):
                if "cancel" in message:
                    self._cancelled.add(message["cancel"])
                else:
                    self._folders.append(message["folder"])
                    self.jobs.put(message)
        finally:
            # Twice: the job may have been writing into its folder while that was being emptied.
            for folder in self._folders * 2:
                shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)


def _answer(
    handlers: Mapping[str, Handler], request: Mapping[str, Any], inbox: _Inbox, sink: IO[bytes]
) -> protocol.Message:
    """Do one job, and return the message that ends it; an error of any kind is such a message too."""
    job: int = request["job"]

    def progress(step: str, fraction: float) -> None:
        protocol.send(sink, {"event": "progress", "job": job, "step": step, "fraction": float(fraction)})

    try:
        handler = handlers.get(request["kind"])
        if handler is None:
            raise WorkerError(f"The worker knows no job called {request['kind']!r}; restart Blender after an update.")
        handler(request["payload"], Path(request["folder"]), progress, lambda: inbox.is_cancelled(job))
        return {"event": "done"}
    except MaquetteError as error:
        return _failed(type(error).__name__, str(error), error.exit_code)
    except MemoryError:
        return _failed("MemoryError", "Memory ran out; close other programs, or ask for less.", 1)
    except Exception as error:
        message = f"Unexpected error, please report it: {_one_line(error)}"
        return _failed(type(error).__name__, message, 1, traceback.format_exc()[-8000:])


def _failed(error: str, message: str, exit_code: int, details: str = "") -> protocol.Message:
    return {
        "event": "failed",
        "error": error,
        "message": message[:2000],
        "exit_code": exit_code,
        "details": details,
    }


def _one_line(error: Exception) -> str:
    """Return the error's class and text without line breaks, at most 300 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]

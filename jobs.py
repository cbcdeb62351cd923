"""The client of the worker process: submit a job, poll it from a timer, cancel it, survive the worker's death.

All that may take time (starting the process, waiting for its end, removing its files) happens in daemon threads: no
method waits for the process, except `Worker.shutdown`, and all may be called from Blender's main thread::

    worker = Worker()
    job = worker.submit("generate", {"picture": "/photos/cup.png", "settings": asdict(Settings())})
    for event in job.poll():              # now and then, until one of Done, Failed, Died, Cancelled has come
        ...
    mesh, report = load_result(done.folder)
    job.close()
"""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import launch, protocol
from .errors import WorkerError
from .events import Cancelled, Died, Done, Event, Failed, Progress

__all__ = ["Cancelled", "Died", "Done", "Event", "Failed", "Job", "Progress", "Worker"]

# Seconds that a job gets to stop by itself once it is cancelled.
_PATIENCE = 0.1


class Job:
    """One job, made by `Worker.submit`. ``folder`` is where its result comes to lie."""

    def __init__(
        self, worker: Worker, number: int, kind: str, payload: Mapping[str, Any], place: Path | None = None
    ) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="maquette-", dir=place))
        except OSError as error:
            raise WorkerError(f"No temporary folder can be made ({error}); free some disk space.") from error
        request = {"job": number, "kind": kind, "payload": dict(payload), "folder": str(self.folder)}
        try:
            self.request = protocol.encode(request)
        except BaseException:
            self.folder.rmdir()
            raise
        self.number = number
        self.cancelling = False
        self._worker = worker
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._finished = False
        self._closed = False

    @property
    def finished(self) -> bool:
        """Whether the job has come to its end; `poll` still returns the events up to it."""
        return self._finished

    def poll(self) -> list[Event]:
        """Return what happened since the last call, never waiting; of a step's progress in a row only the latest."""
        with self._lock:
            events, self._events = self._events, []
        return events

    def cancel(self) -> None:
        """Stop the job: politely, and by force when it has not obeyed at once. Returns at once; `Cancelled` follows.

        The process ends either way, and the next job starts a new one. A job that has ended stays as it is.
        """
        self._worker.cancel(self)

    def close(self) -> None:
        """Remove the job's folder, once its result has been read; a job still under way is cancelled."""
        self.cancel()
        with self._lock:
            self._closed = True
            finished = self._finished
        if finished:
            self._worker.forget(self)

    def add(self, event: Event) -> None:
        """Take note of an event (called by the worker's thread). Only a job that is done keeps its folder."""
        if not isinstance(event, Progress | Done):
            self._worker.forget(self)
        with self._lock:
            last = self._events[-1] if self._events else None
            if isinstance(event, Progress) and isinstance(last, Progress) and last.step == event.step:
                self._events[-1] = event
            else:
                self._events.append(event)
            self._finished = not isinstance(event, Progress)
            unwanted = self._finished and self._closed
        if unwanted:
            self._worker.forget(self)


class Worker:
    """The worker process, kept warm between jobs, which it does one after the other.

    It starts with the first job (or `start`), and again with the next job after it ended, however it ended.

    Parameters
    ----------
    command : sequence of str, optional
        What starts the process; `launch.default_command` unless given.
    place : Path, optional
        An absolute folder, in which the jobs' folders are made; that for temporary files unless given.

    Raises
    ------
    WorkerError
        If no interpreter to run it is found.
    """

    def __init__(self, command: Sequence[str] | None = None, place: Path | None = None) -> None:
        self._command = list(command) if command is not None else launch.default_command()
        self._place = place
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._queue: deque[Job] = deque()
        self._current: Job | None = None
        self._process: launch.Process | None = None
        self._thread: threading.Thread | None = None
        self._open: set[Job] = set()
        self._closed = False
        self._busy_until = time.monotonic()
        atexit.register(self.shutdown)

    @property
    def pid(self) -> int | None:
        """The id of the running process, or None."""
        process = self._process
        return process.pid if process is not None else None

    @property
    def idle(self) -> float:
        """For how many seconds the process has had nothing to do; 0 while a job is not closed, or without a process."""
        with self._lock:
            if self._process is None or self._open:
                return 0.0
            return time.monotonic() - self._busy_until

    def rest(self) -> None:
        """End a process that has nothing to do, and so free all memory it holds, a graphics card's too. Returns at
        once; the next job starts another."""
        with self._lock:
            process = self._process
            if process is not None and process.ready and not self._open:
                process.doomed = True  # takes no further job
                process.close_input()

    def start(self) -> None:
        """Start the process ahead of the first job; returns at once."""
        with self._lock:
            if self._process is None and not self._closed:
                self._process = process = launch.Process(self._command)
                self._thread = threading.Thread(target=self._live, args=(process,), name="maquette-worker", daemon=True)
                self._thread.start()

    def submit(self, kind: str, payload: Mapping[str, Any], fill: Callable[[Path], object] | None = None) -> Job:
        """Queue a job.

        Parameters
        ----------
        kind : str
            The handler's name: ``"generate"`` or ``"clean"``.
        payload : mapping
            What the handler takes, in JSON's types. Paths must be absolute: the worker has another current folder.
        fill : callable, optional
            Is given the job's folder, to put bulk data there before the worker sees it; its errors are passed on.

        Raises
        ------
        WorkerError
            If the worker was shut down, the payload is too large, or no temporary folder can be made.
        """
        job = Job(self, next(self._numbers), kind, payload, self._place)
        self._open.add(job)
        try:
            if fill is not None:
                fill(job.folder)
            with self._lock:
                if self._closed:
                    raise WorkerError("Maquette's worker was shut down; enable the extension again.")
                self._queue.append(job)
                self.start()
                self._send_next()
        except BaseException:
            self.forget(job)
            raise
        return job

    def cancel(self, job: Job) -> None:
        """Do what `Job.cancel` says."""
        with self._lock:
            process = self._process
            if job in self._queue:
                self._queue.remove(job)
                # A process that was started for this job alone, and may never come up, goes with it.
                if process is not None and not process.ready and not self._queue:
                    process.kill()
            else:
                if process is not None and job is self._current and not job.cancelling:
                    job.cancelling = True
                    _ask_to_stop(process, job)
                return
        job.add(Cancelled())

    def forget(self, job: Job) -> None:
        """Remove the job's folder."""
        shutil.rmtree(job.folder, ignore_errors=True)
        self._open.discard(job)
        self._busy_until = time.monotonic()

    def shutdown(self) -> None:
        """End the process and all jobs, remove all their folders, and wait until that is done. Nothing comes after it.

        Called for an extension that is switched off, and by itself when the interpreter exits.
        """
        atexit.unregister(self.shutdown)
        with self._lock:
            self._closed = True
            waiting = list(self._queue)
            self._queue.clear()
            thread = self._thread
            if self._current is not None:
                self._current.cancelling = True
            if self._process is not None:
                self._process.kill()
        for job in waiting:
            job.add(Cancelled())
        if thread is not None:
            thread.join(5.0)
        for job in list(self._open):
            self.forget(job)

    def _send_next(self) -> None:
        """Hand the next job to an idle process (with the lock held)."""
        process = self._process
        if process is None or not process.ready or process.doomed or self._current is not None or not self._queue:
            return
        try:
            process.send(self._queue[0].request)
        except OSError:
            # It has died since its last job: the thread that sees it end starts another for what is queued.
            process.kill()
        else:
            self._current = self._queue.popleft()

    def _live(self, process: launch.Process) -> None:
        """Start the process and listen to it until it ends: the thread that belongs to it."""
        try:
            process.start()
        except OSError as error:
            self._over(process, f"cannot be started ({error})")
            return
        for message in process.messages():
            self._hear(process, message)
        self._over(process, launch.describe_exit(process.wait()))

    def _hear(self, process: launch.Process, message: protocol.Message) -> None:
        """Act on one message of the process."""
        event = message.get("event")
        with self._lock:
            if event == "ready":
                process.ready = True
                self._send_next()
                return
            job = self._current
            if job is None or message.get("job") != job.number:
                return
            if event == "progress":
                job.add(Progress(message["step"], message["fraction"]))
                return
            if job.cancelling:
                # It has stopped, or was faster than the cancellation; either way its process goes too, see `_over`.
                process.close_input()
                return
            self._current = None
            self._send_next()
        job.add(Done(job.folder) if event == "done" else _failed(message, process.tail()))

    def _over(self, process: launch.Process, how: str) -> None:
        """Tell the job that the process has ended, and start another if more are waiting."""
        with self._lock:
            job, self._current = self._current, None
            if job is None and not process.ready and not process.doomed and self._queue:
                job = self._queue.popleft()
            self._process = None
            if self._queue:
                self.start()
        if job is not None:
            job.add(Cancelled() if job.cancelling else _died(process, how))


def _ask_to_stop(process: launch.Process, job: Job) -> None:
    """Send the cancellation, and set the deadline for it."""
    try:
        process.send(protocol.encode({"cancel": job.number}))
    except OSError:
        process.kill()
    timer = threading.Timer(_PATIENCE, process.kill)
    timer.daemon = True
    timer.start()


def _died(process: launch.Process, how: str) -> Died:
    """Return the event for the end of the process; where it never came up, its last line says why."""
    details = process.tail()
    last_line = details.rpartition("\n")[2]
    reason = f" ({last_line})" if last_line and not process.ready else ""
    message = f"Maquette's worker process {how}{reason}. Your scene is safe; try again, which starts a new one."
    return Died(message, details, f"{how}{reason}")


def _failed(message: protocol.Message, details: str) -> Failed:
    """Return the event for a message that a job failed."""
    return Failed(message["error"], message["message"], message["exit_code"], message["details"] or details)

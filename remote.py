"""The worker's jobs as plain calls: send, wait for the end, read what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from . import errors
from .errors import CancelledError, MaquetteError, WorkerError
from .events import Cancelled, Died, Done, Failed, Progress
from .geometry.repair.cleaned import Cleaned
from .geometry.repair.polygons import Polygons
from .jobs import Job, Worker
from .polygon_files import load_cleaned, save_polygons

__all__ = ["LIMIT", "clean", "submit_clean", "wait"]

LIMIT = 600.0
"""Seconds that a job may take unless said otherwise."""

_PAUSE = 0.01


def clean(
    worker: Worker,
    mesh: Polygons,
    action: str,
    options: Mapping[str, float | bool | str],
    show: Callable[[str, float], None] | None = None,
    limit: float = LIMIT,
) -> Cleaned:
    """Clean a mesh in the worker process, and wait for it.

    Parameters
    ----------
    worker : Worker
    mesh : Polygons
    action : str
        One of `cleanup.ACTIONS`.
    options : mapping
        The action's keyword arguments.
    show : callable, optional
        Is told each step's name and the fraction that is done.
    limit : float
        In seconds.

    Raises
    ------
    MaquetteError
        What the cleaning raised (MeshError and others), or WorkerError if the process died or took too long.
    """
    job = submit_clean(worker, mesh, action, options)
    try:
        wait(job, show, limit)
        return load_cleaned(job.folder, mesh)
    finally:
        job.close()


def submit_clean(worker: Worker, mesh: Polygons, action: str, options: Mapping[str, float | bool | str]) -> Job:
    """Start cleaning a mesh; when the job is `Done`, `polygon_files.load_cleaned` reads the result in its folder.

    Raises
    ------
    MaquetteError
        If the mesh cannot be written, or the worker cannot be used.
    """
    payload = {"action": action, "options": dict(options)}
    return worker.submit("clean", payload, lambda folder: save_polygons(folder, mesh))


def wait(job: Job, show: Callable[[str, float], None] | None = None, limit: float = LIMIT) -> None:
    """Wait until a job is done; one that is interrupted (Ctrl-C) or takes longer than ``limit`` seconds is cancelled.

    Raises
    ------
    CancelledError
        If the job was cancelled.
    MaquetteError
        What the job raised, of its own class.
    WorkerError
        If the worker died, met an error that was not foreseen, or took too long.
    """
    deadline = time.monotonic() + limit
    try:
        while True:
            for event in job.poll():
                if isinstance(event, Done):
                    return
                if not isinstance(event, Progress):
                    raise _error(event)
                if show is not None:
                    show(event.step, event.fraction)
            if time.monotonic() > deadline:
                raise WorkerError(f"Stopped after {limit:g} seconds; try fewer faces first (decimate).")
            time.sleep(_PAUSE)
    except BaseException:
        job.cancel()
        raise


def _error(event: Cancelled | Died | Failed) -> MaquetteError:
    """The error that the end of a job stands for."""
    if isinstance(event, Cancelled):
        return CancelledError("Stopped; nothing was changed.")
    if isinstance(event, Failed):
        kind: type[MaquetteError] = getattr(errors, event.error) if event.error in errors.__all__ else WorkerError
        return kind(event.message)
    return WorkerError(event.message)

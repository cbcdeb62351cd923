"""Downloads, imports and verifications under way: in a worker process of their own, so that runs go on beside them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import bpy

from .. import launch
from ..blender.redraw import redraw_preferences, redraw_sidebars
from ..errors import CancelledError, MaquetteError, ModelError
from ..events import Cancelled, Done, Progress
from ..jobs import Job, Worker
from ..model_client import read_said
from ..modelstore import choices

__all__ = ["Task", "finish_task", "follow", "model_worker", "note", "said", "start_task", "stop_tasks", "tasks"]

_TICK = 0.1

_worker: Worker | None = None
_tasks: dict[str, Task] = {}
_said: dict[str, tuple[bool, str]] = {}


@dataclass
class Task:
    """One job on a model, with what it is doing."""

    job: Job
    step: str = "Waiting"
    fraction: float = 0.0


def tasks() -> Mapping[str, Task]:
    """What is under way, by the model's ID; an import goes by its file's name."""
    return _tasks


def said() -> Mapping[str, tuple[bool, str]]:
    """What came of the last task on each model: whether it went well, and a sentence."""
    return _said


def note(name: str, good: bool, words: str) -> None:
    """Keep a sentence on a model for the preferences, "" for none."""
    _said.pop(name, None)
    if words:
        _said[name] = (good, words)


def model_worker() -> Worker:
    """The process that works on models; it ends when there is nothing to do."""
    global _worker
    if _worker is None:
        _worker = Worker(launch.default_command(bpy.app.binary_path or None))
    return _worker


def start_task(name: str, job: Job) -> None:
    """Follow a job to its end, beside everything else."""
    note(name, True, "")
    _tasks[name] = Task(job)
    if not bpy.app.background and not bpy.app.timers.is_registered(follow):
        bpy.app.timers.register(follow, first_interval=_TICK, persistent=True)
    redraw_preferences()


def finish_task(name: str) -> str:
    """Wait for a job, for scripts and for Blender without a window; what came of it.

    Raises
    ------
    MaquetteError
        If it failed or was stopped.
    """
    while name in _tasks:
        follow()
        time.sleep(0.02)
    good, words = _said.get(name, (False, "Stopped."))
    if not good:
        raise ModelError(words)
    return words


def stop_tasks() -> None:
    """Stop everything and the process, and wait until it is gone."""
    global _worker
    for task in _tasks.values():
        task.job.close()
    _tasks.clear()
    _said.clear()
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)
    if _worker is not None:
        _worker.shutdown()
        _worker = None


def follow() -> float | None:
    """Take note of what the worker did; None, when nothing is left, ends Blender's timer."""
    changed = False
    for name, task in list(_tasks.items()):
        for event in task.job.poll():
            changed = True
            if isinstance(event, Progress):
                task.step, task.fraction = event.step, event.fraction
                continue
            try:
                if isinstance(event, Cancelled):
                    raise CancelledError("Stopped; what was downloaded is kept for the next time.")
                if not isinstance(event, Done):
                    raise ModelError(event.message)
                note(name, True, read_said(event.folder))
            except MaquetteError as error:
                note(name, False, str(error))
            task.job.close()
            del _tasks[name]
            choices.forget()
    if changed:
        redraw_preferences()
        redraw_sidebars()
    if _tasks:
        return _TICK
    if _worker is not None:
        _worker.rest()
    return None

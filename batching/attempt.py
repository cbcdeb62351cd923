"""One try at one picture, by one worker process."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TypeAlias

from ..events import Cancelled, Died, Done, Failed, Progress
from ..jobs import Worker
from .order import Order
from .task import Task

__all__ = ["JOB", "Attempt", "Ending", "Late"]

JOB = "picture"
"""What the worker's job is called."""

START_LIMIT = 300.0
"""Seconds in which a worker process must have started and begun."""


@dataclass(frozen=True)
class Late:
    """The picture took longer than it may."""

    seconds: float


Ending: TypeAlias = Done | Failed | Died | Late


class Attempt:
    """One try, begun when made; `poll` it until it gives its ending.

    ``key`` is `task.task_key` of the task; ``number`` counts the tries at this picture, from 1, and ``spent`` the
    seconds of those before. ``begun`` tells whether a process has taken the picture up.
    """

    def __init__(self, worker: Worker, order: Order, task: Task, key: str, number: int = 1, spent: float = 0.0) -> None:
        self.task, self.key, self.number, self.begun = task, key, number, False
        self._limit = order.timeout
        self._spent = spent
        self._started = time.monotonic() - spent
        self._deadline = time.monotonic() + max(START_LIMIT, order.timeout)
        payload = {
            "picture": str(task.path),
            "settings": asdict(task.settings),
            "name": task.output.rpartition("/")[2],
            "formats": list(order.formats),
            "turntable": order.turntable,
        }
        self._job = worker.submit(JOB, payload)

    def poll(self) -> Ending | None:
        """The ending, or None while it goes on; never waits. One that takes too long is ended by force."""
        for event in self._job.poll():
            if isinstance(event, Cancelled):
                return Late(self._limit)
            if not isinstance(event, Progress):
                return event
            if not self.begun:
                self.begun = True
                self._started = time.monotonic() - self._spent
                self._deadline = time.monotonic() + self._limit
        if time.monotonic() > self._deadline:
            self._job.cancel()
        return None

    def seconds(self) -> float:
        """How long the tries at this picture have taken together."""
        return time.monotonic() - self._started

    def close(self) -> None:
        """Remove what the worker left."""
        self._job.close()

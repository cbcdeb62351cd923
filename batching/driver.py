"""Doing the pictures of a batch: some worker processes, one picture each at a time, and what becomes of each."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError, WorkerError
from ..events import Died, Done
from ..jobs import Worker
from .attempt import Attempt, Ending, Late
from .entry import Entry
from .finish import failure, finish
from .order import Order
from .task import Task

__all__ = ["Driver"]

_PAUSE = 0.02
_SPARE = 64 << 20  # bytes that must be free to begin a picture
_HOPELESS = 10
"""Processes in a row that may end before they have taken a picture up, until the batch is given up."""


class Driver:
    """Some worker processes and the pictures they are to do.

    Each keeps its networks loaded; one that dies or takes too long is replaced, and no other picture is touched by it.

    Parameters
    ----------
    tasks
        The pictures, in the order in which they are begun.
    order
        How they are done.
    commands
        What starts each of the worker processes.
    folder
        For what is not finished, on the disk of ``order.output``.
    key
        `task.task_key` of a picture.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        order: Order,
        commands: Sequence[Sequence[str]],
        folder: Path,
        key: Callable[[Task], str],
    ) -> None:
        self._order, self._key = order, key
        self._waiting = deque((task, 1, 0.0) for task in tasks)
        self._workers = [Worker(command, folder) for command in commands]
        self._attempts: dict[Worker, Attempt] = {}
        self._never_begun = 0

    def run(self, take: Callable[[Entry], None], stopped: Callable[[], bool]) -> None:
        """Do all pictures; no process is left at the end.

        Parameters
        ----------
        take
            Is given the entry of each picture, once its files are in place.
        stopped
            Asked all the time: when it says yes, what is under way is dropped without an entry.

        Raises
        ------
        WorkerError
            If no worker process can be started.
        OutputError
            If the disk is full.
        """
        try:
            while (self._waiting or self._attempts) and not stopped():
                for worker in self._workers:
                    entry = self._step(worker)
                    if entry is not None:
                        take(entry)
                time.sleep(_PAUSE)
        finally:
            for worker in self._workers:
                worker.shutdown()

    def _step(self, worker: Worker) -> Entry | None:
        """Give an idle worker its next picture, or take from it what it has finished: the entry of a picture."""
        attempt = self._attempts.get(worker)
        if attempt is None:
            if self._waiting:
                _check_space(self._order.output)
                task, number, spent = self._waiting.popleft()
                self._attempts[worker] = Attempt(worker, self._order, task, self._key(task), number, spent)
            return None
        ending = attempt.poll()
        if ending is None:
            return None
        del self._attempts[worker]
        if isinstance(ending, Died | Late) and not attempt.begun:
            self._blame_process(attempt, ending)
            return None
        self._never_begun = 0
        if _may_help(ending) and attempt.number <= self._order.retries:
            self._waiting.append((attempt.task, attempt.number + 1, attempt.seconds()))
            return None
        return finish(attempt, ending, self._order)

    def _blame_process(self, attempt: Attempt, ending: Died | Late) -> None:
        """Do a picture that no process has taken up once more, as the same try; WorkerError once none comes up."""
        self._never_begun += 1
        if self._never_begun >= _HOPELESS:
            raise WorkerError(f"No worker can be started: {failure(ending)[1]}")
        self._waiting.appendleft((attempt.task, attempt.number, attempt.seconds()))


def _check_space(folder: Path) -> None:
    """Raise OutputError where the disk is about to be full, before all that is left fails for it."""
    with suppress(OSError):  # a disk that does not say how full it is
        if shutil.disk_usage(folder).free < _SPARE:
            raise OutputError(f"The disk of {folder} is full: free some space, and go on with the same and --resume.")


def _may_help(ending: Ending) -> bool:
    """Whether trying again may help."""
    return not isinstance(ending, Done) and failure(ending)[0] == "failed"

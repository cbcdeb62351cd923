"""What `jobs.Job.poll` reports: any number of `Progress`, then one of the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

__all__ = ["Cancelled", "Died", "Done", "Event", "Failed", "Progress"]


@dataclass(frozen=True)
class Progress:
    """The job is at ``step``, a name for the user; ``fraction`` of the whole job is done, 0 to 1."""

    step: str
    fraction: float


@dataclass(frozen=True)
class Done:
    """The result lies in ``folder`` until `jobs.Job.close` (`transfer.load_result` reads it)."""

    folder: Path


@dataclass(frozen=True)
class Failed:
    """The job raised ``error`` (a class name; of `errors`, if it was foreseen); ``message`` is one line for the user.

    ``exit_code`` is what the command line returns for it, ``details`` the traceback of
    an error that was not foreseen, otherwise the end of what the worker printed to stderr.
    """

    error: str
    message: str
    exit_code: int
    details: str


@dataclass(frozen=True)
class Died:
    """The worker process ended in the middle of the job, or never started; ``details`` is the end of what
    it printed to stderr, ``how`` how it ended: "was killed by signal 9 (SIGKILL)"."""

    message: str
    details: str
    how: str


@dataclass(frozen=True)
class Cancelled:
    """The job was cancelled, and nothing of it is left."""


Event: TypeAlias = Progress | Done | Failed | Died | Cancelled

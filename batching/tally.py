"""How far a batch is: counts, pictures per minute, time left."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable

from .entry import Entry, State

__all__ = ["Tally", "counted", "duration"]

_RECENT = 60


class Tally:
    """Counts pictures by what became of them.

    Parameters
    ----------
    total
        How many pictures there are in all.
    standing
        Entries of those that were done earlier.
    """

    def __init__(self, total: int, standing: Iterable[Entry] = ()) -> None:
        self.total = total
        self.states: Counter[State] = Counter(entry.state for entry in standing)
        self.earlier = self.states.total()
        # The speed of the last pictures says more than that of all: pictures differ, and machines are shared.
        self._ends = deque([time.monotonic()], maxlen=_RECENT)

    @property
    def finished(self) -> int:
        """How many pictures have an entry."""
        return self.states.total()

    def add(self, entry: Entry) -> None:
        """Count one more."""
        self.states[entry.state] += 1
        self._ends.append(time.monotonic())

    def per_minute(self) -> float:
        """The speed of late; 0 before the first picture."""
        passed = self._ends[-1] - self._ends[0]
        return 60.0 * (len(self._ends) - 1) / passed if passed > 0 else 0.0

    def counts(self) -> str:
        """``12 done, 1 refused, 0 failed``."""
        return ", ".join(f"{self.states[state]:,} {state}" for state in ("done", "refused", "failed"))

    def line(self) -> str:
        """Where the batch stands, one line."""
        speed = self.per_minute()
        head = f"{self.finished:,} of {self.total:,}: {self.counts()}"
        if not speed:
            return head
        left = (self.total - self.finished) / speed * 60.0
        return f"{head}; {speed:.1f} a minute, {duration(left)} left"


def counted(number: int, what: str) -> str:
    """``1 picture``, ``1,200 pictures``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``, ``2 days 4 h``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"

"""The steps of a run: told, timed, and where it can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

from .errors import CancelledError

__all__ = ["Cancelled", "Progress", "Steps"]

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]


class Steps:
    """Tells each step's name and share of the work, times it, and stops between steps when asked to."""

    # Shares of the whole, from timings at Standard; they only place the progress bar.
    SHARES: Mapping[str, float] = {
        "Loading the networks": 0.02,
        "Reading the picture": 0.02,
        "Mending the picture": 0.01,
        "Cutting out the subject": 0.07,
        "Making the drawing's mesh": 0.87,
        "Estimating depth": 0.05,
        "Estimating light and material": 0.03,
        "Completing the shape": 0.05,
        "Building the surface": 0.2,
        "Reducing faces": 0.15,
        "Unwrapping": 0.1,
        "Painting the texture": 0.22,
        "Checking the mesh": 0.1,
    }

    def __init__(self, progress: Progress, cancelled: Cancelled) -> None:
        self.progress, self.cancelled = progress, cancelled
        self.name, self.done, self.seconds = "", 0.0, dict[str, float]()

    def tick(self, share: float) -> None:
        """Within a step: tell that ``share`` of it, 0..1, is done, or raise CancelledError where the user has asked."""
        if self.cancelled():
            raise CancelledError("Stopped; nothing was made.")
        self.progress(self.name, self.done + share * self.SHARES.get(self.name, 0.0))

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        self.name = name
        self.tick(0.0)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 4)
        self.done += self.SHARES[name]

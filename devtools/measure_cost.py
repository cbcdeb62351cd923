"""Measures what a picture of a batch costs, inside the environment: ``bootstrap.py devtools.measure_cost QUALITY
PICTURE…``.

It does what a batch's worker process does, on one thread, and prints the processor's seconds of each step, all of them
and those spent in the networks alone, as one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

__all__ = ["PREVIEW", "TURNTABLE", "main"]

PREVIEW, TURNTABLE = "Drawing the preview", "Drawing the turntable"
"""Steps of their own here, which a batch counts among the writing of the files."""
_LOADING, _DONE = "Loading the networks", "Done"


class Meter:
    """Adds up the processor's seconds of this process by step, and ``inside`` those of the networks."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.inside: dict[str, float] = defaultdict(float)
        self._step, self._since = "", 0.0

    def progress(self, step: str, _fraction: float) -> None:
        """A step begins or goes on."""
        now = time.process_time()
        self.seconds[self._step] += now - self._since
        self._step, self._since = step, now

    def apart(self, call: Callable[..., Any], step: str) -> Callable[..., Any]:
        """The function, its seconds counted as a step of its own."""

        def counted(*arguments: Any) -> Any:
            before = self._step
            self.progress(step, 0.0)
            try:
                return call(*arguments)
            finally:
                self.progress(before, 0.0)

        return counted

    def network(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its seconds counted as a network's, within the step that it is called in."""

        def counted(*arguments: Any) -> Any:
            before = time.process_time()
            try:
                return call(*arguments)
            finally:
                self.inside[self._step] += time.process_time() - before

        return counted


def main() -> int:
    """Print the figures."""
    from ..commands.batch_worker import THREADS

    quality, *pictures = sys.argv[1:]
    os.environ.update(dict.fromkeys((THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    sys.stdout.write(json.dumps(_measure(quality, pictures)) + "\n")
    return 0


def _measure(quality: str, pictures: Sequence[str]) -> dict[str, Any]:
    """What `main` prints: means over the pictures, in seconds and bytes. The first is done
    once more before; what that takes longer is the start."""
    from ..commands import batch_worker, write_result
    from ..contracts import Settings
    from ..inference.session import Session
    from ..settings import QUALITY

    meter = Meter()
    Session.run = meter.network(Session.run)
    write_result.write_preview = meter.apart(write_result.write_preview, PREVIEW)
    write_result.write_turntable = meter.apart(write_result.write_turntable, TURNTABLE)
    preset = next(preset for name, preset in QUALITY.items() if name == quality)
    settings = {**asdict(Settings()), "quality": quality}
    settings |= {"target_faces": preset.target_faces, "texture_size": preset.texture_size}
    sizes: list[int] = []

    def make(picture: str) -> None:
        payload = {"picture": picture, "settings": settings, "name": "mesh", "formats": [".glb"], "turntable": True}
        with tempfile.TemporaryDirectory() as folder:
            batch_worker.make(payload, Path(folder), meter.progress, lambda: False)
            meter.progress("", 0.0)
            sizes.append(sum(path.stat().st_size for path in Path(folder).rglob("*") if path.suffix != ".webp"))

    make(pictures[0])
    first = time.process_time()
    for counts in (meter.seconds, meter.inside, sizes):
        counts.clear()
    make(pictures[0])
    again = time.process_time() - first
    for picture in pictures[1:]:
        make(picture)
    count = len(pictures)
    return {
        "start": first - again,
        "seconds": {
            step: seconds / count for step, seconds in meter.seconds.items() if step not in ("", _LOADING, _DONE)
        },
        "inside": {step: seconds / count for step, seconds in meter.inside.items()},
        "bytes": sum(sizes) / count,
        "memory": _peak_memory(),
    }


def _peak_memory() -> int:
    """The most memory that the process had, in bytes; 0 where that is not known."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

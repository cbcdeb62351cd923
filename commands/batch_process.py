"""The batch that Blender's panel starts: the same driver, as the job of a process in the background.

``bootstrap.py commands.batch_process``. It ends, and its workers with it, when Blender does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import worker
from ..array_files import write_whole
from ..batching.batch import run_batch
from ..batching.entry import Entry
from ..batching.gallery import gallery_of
from ..batching.tally import Tally
from ..settings import check_settings, from_fields
from ..steps import Cancelled, Progress
from .batch import add_options, read_batch
from .common import Parser

__all__ = ["JOB", "STOP", "SUMMARY", "main", "run"]

JOB = "batch"
STOP, SUMMARY = "stop", "summary.json"
"""Files in the job's folder: one that asks to stop in order, and what came out at the end."""


def main() -> None:
    """Serve until Blender goes away."""
    worker.run({JOB: run})


def run(payload: Mapping[str, Any], folder: Path, progress: Progress, _cancelled: Cancelled) -> None:
    """Do a batch: ``payload`` has the ``arguments`` of the command, and the fields of Settings as ``settings``.

    Leaves the ``counts`` in words, whether all pictures are done as ``complete``, and the path of the ``gallery``, or
    an empty one.
    """
    progress("Looking for pictures", 0.0)
    parser = Parser(prog="maquette batch", allow_abbrev=False)
    add_options(parser)
    options = parser.parse_args(payload["arguments"])
    batch = read_batch(options, check_settings(from_fields(payload["settings"])))
    tally = run_batch(batch, _Listener(progress, folder / STOP))
    gallery = str(gallery_of(batch.manifest)) if options.gallery and tally.finished else ""
    complete = tally.states["done"] == tally.total
    summary = {"counts": _counts(tally), "complete": complete, "gallery": gallery}
    write_whole(folder / SUMMARY, lambda file: file.write(json.dumps(summary).encode()))


def _counts(tally: Tally) -> str:
    left = tally.total - tally.finished
    return tally.counts() + (f", {left:,} left" if left else "")


class _Listener:
    """Tells the panel."""

    def __init__(self, progress: Progress, stop: Path) -> None:
        self._progress, self._stop = progress, stop

    def compared(self, count: int) -> None:
        self._progress(f"{count:,} compared with what is done", 0.0)

    def begun(self, tally: Tally) -> None:
        self._tell(tally)

    def finished(self, entry: Entry, tally: Tally) -> None:
        self._tell(tally)

    def stopped(self) -> bool:
        return self._stop.exists()

    def _tell(self, tally: Tally) -> None:
        self._progress(tally.line(), tally.finished / tally.total if tally.total else 1.0)

"""The worker process of a batch: its networks stay loaded, and each of its jobs makes one picture's files.

``bootstrap.py commands.batch_worker THREADS DEVICE`` (empty: as each picture's settings say), in a Blender without a
window or a Python with Blender's module.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from .. import worker
from ..array_files import write_whole
from ..batching.attempt import JOB
from ..batching.finish import RESULT, parts
from ..batching.order import PREVIEW, TURNTABLE
from ..errors import OutputError
from ..steps import Cancelled, Progress

__all__ = ["main"]

PREVIEW_SIZE = 512  # larger ones take a third of the time at Draft
THREADS = "MAQUETTE_THREADS"  # of inference.devices, which would load numpy


def main() -> None:
    """Serve until the batch's driver goes away."""
    threads, device = sys.argv[1:]
    kind, _, number = device.partition(":")
    if number:
        os.environ["CUDA_VISIBLE_DEVICES"] = number
    # Before numpy is loaded: several workers share the cores.
    os.environ.update(dict.fromkeys((THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads))
    worker.run({JOB: partial(make, device=kind)})


def make(payload: Mapping[str, Any], folder: Path, progress: Progress, cancelled: Cancelled, device: str = "") -> None:
    """Make the files of a picture and leave them in ``folder``.

    ``payload``: the path of the ``picture``, the fields of Settings as ``settings``, the ``name`` of the outputs, the
    suffixes of the mesh files as ``formats``, whether to draw a ``turntable``. ``device``: what to run on, if not what
    the settings say.
    """
    progress("Starting", 0.0)
    from .. import pipeline
    from ..settings import from_fields

    fields = {**payload["settings"], **({"device": device} if device else {})}
    result = pipeline.generate(Path(payload["picture"]), from_fields(fields), None, progress, cancelled)
    progress("Writing the files", 1.0)
    started = time.perf_counter()
    try:
        _write(result, payload, folder)
        report = asdict(result.report)
        report["seconds"] = {**report["seconds"], "Writing the files": round(time.perf_counter() - started, 4)}
        write_whole(folder / RESULT, lambda file: file.write(json.dumps(report).encode()))
    except OSError as error:
        raise OutputError(f"The files cannot be written ({error.strerror}): free some disk space.") from error


def _write(result: Any, payload: Mapping[str, Any], folder: Path) -> None:
    """Write each format into a folder of its own, as its companions may be called like another's, and the pictures."""
    from ..blender.export import export_file
    from .write_result import built, write_preview, write_turntable

    name, formats = payload["name"], payload["formats"]
    places = parts(folder, len(formats) + 1)
    for place in places:
        place.mkdir()
    with built(result, name) as item:
        for suffix, place in zip(formats, places, strict=False):
            export_file([item], place / f"{name}{suffix}")
    write_preview(result.mesh, places[-1] / f"{name}{PREVIEW}", PREVIEW_SIZE)
    if payload["turntable"]:
        write_turntable(result.mesh, places[-1] / f"{name}{TURNTABLE}")

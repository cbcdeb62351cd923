"""The real batch command and its real processes, with a worker that makes files without networks or Blender.

``batch_stand_in.py batch …`` is ``maquette batch …``, with this file as the worker of it; ``process`` is what the panel
starts in its place. What becomes of a picture is
in its name: ``refused``, ``bug``, ``killed`` (each time), ``once`` (killed, but only the first time), ``hangs``,
``slow``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHUNKS, CHUNK = 8, 20_000


def load() -> None:
    """Load the package under the alias the tests use."""
    spec = importlib.util.spec_from_file_location("maquette_bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    bootstrap.load_package("maquette")


def content_of(picture: bytes, suffix: str) -> list[bytes]:
    """The pieces of a picture's file: large enough that a half-written one is seen."""
    seed = hashlib.sha256(picture + suffix.encode()).hexdigest().encode()
    return [(seed + str(number).encode()) * (CHUNK // len(seed)) for number in range(CHUNKS)]


def mesh_of(picture: bytes) -> dict[str, Any]:
    """A mesh report that depends on the picture alone."""
    faces = 100 + hashlib.sha256(picture).digest()[0]
    counts = dict.fromkeys(("boundary_edges", "non_manifold_edges", "inner_shells", "self_intersections"), 0)
    return {"faces": faces, "watertight": True, "loose_parts": 1, "dimensions": [0.5, 0.6, 1.0], **counts}


def make(payload: Mapping[str, Any], folder: Path, progress: Callable[[str, float], None], _: object) -> None:
    """Leave what a worker leaves, slowly; or do what the picture's name says."""
    from maquette import errors
    from maquette.batching.finish import RESULT, parts
    from maquette.batching.order import PREVIEW

    progress("Reading the picture", 0.0)
    picture = Path(payload["picture"])
    _misbehave(picture, errors.PictureError)
    content = picture.read_bytes()
    for suffix, place in zip([*payload["formats"], PREVIEW], parts(folder, len(payload["formats"]) + 1), strict=True):
        place.mkdir()
        with open(place / f"{payload['name']}{suffix}", "wb") as file:
            for piece in content_of(content, suffix):
                file.write(piece)
                file.flush()
                time.sleep(0.002)
    report = {"models": [], "notes": [], "seconds": {"Reading the picture": 0.1}, "mesh": mesh_of(content)}
    (folder / RESULT).write_text(json.dumps({**report, "settings": payload["settings"]}))


def _misbehave(picture: Path, refusal: type[Exception]) -> None:
    if "refused" in picture.name:
        raise refusal("The picture is empty: choose another.")
    if "bug" in picture.name:
        raise ZeroDivisionError("division by zero")
    if "hangs" in picture.name:
        time.sleep(3600)
    if "slow" in picture.name:
        time.sleep(0.5)
    mark = picture.with_name(f".{picture.name}.mark")
    if "killed" in picture.name or ("once" in picture.name and not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), 9)


def main() -> int:
    """Be the command, or a worker of it."""
    load()
    if sys.argv[1:2] in (["batch"], ["process"], ["--version"]):
        from maquette.commands import batch, batch_process

        batch.worker_commands = lambda jobs, _devices, _blender: [[sys.executable, __file__]] * jobs
        if sys.argv[1] == "process":
            batch_process.main()
        from maquette import cli

        return cli.main()
    from maquette import worker
    from maquette.batching.attempt import JOB

    worker.run({JOB: make})
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A worker whose networks are formulas: the real process and client, with a ball for every picture.

The picture's name says what happens instead: ``refused``, ``broken`` (a damaged result), ``killed``; ``slow`` never
ends by itself.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent


def load(path: Path) -> ModuleType:
    """Load a module by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def generate(
    payload: Mapping[str, Any], folder: Path, progress: Callable[[str, float], None], cancelled: Callable[[], bool]
) -> None:
    """Hand over a ball, or do what the picture's name says."""
    from maquette import errors, transfer

    balls = load(HERE / "ball.py")
    progress("Reading the picture", 0.0)
    name = Path(payload["picture"]).stem
    if name == "refused":
        raise errors.PictureError("The picture is empty: choose another.")
    if name == "killed":
        os.kill(os.getpid(), 9)
    while name == "slow":
        if cancelled():
            raise errors.CancelledError("Stopped.")
        time.sleep(0.01)
    progress("Building the surface", 0.5)
    rows = round((payload["settings"]["target_faces"] / 2) ** 0.5)
    mesh = balls.ball(2 * rows, rows, payload["settings"]["texture_size"])
    transfer.save_result(folder, SimpleNamespace(mesh=mesh, report=balls.ball_report(payload["picture"], mesh)))
    if name == "broken":
        (folder / transfer.MESH).write_bytes(b"nothing")


if __name__ == "__main__":
    load(HERE.parents[1] / "bootstrap.py").load_package("maquette")
    from maquette import worker

    sys.exit(worker.run({"generate": generate}))

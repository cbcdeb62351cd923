"""What a batch saves: the same pictures by `generate`, one call each, and by `batch` with two workers, at Draft.

Run from the repository's root: ``.venv/bin/python bootstrap.py docs.examples.batch_speed FOLDER COUNT``. Both write the
mesh, the preview and the report. Not for Windows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap.py"


def main() -> int:
    """Do both and print what a picture takes."""
    folder, count = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    pictures = sorted(path for path in folder.iterdir() if path.is_file())[:count]
    calls = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as place:
        for picture in pictures:
            outputs = [f"{place}/{picture.stem}{suffix}" for suffix in (".glb", ".png", ".json")]
            options = ["-o", outputs[0], "--preview", outputs[1], "--report", outputs[2]]
            seconds = _timed("generate", str(picture), *options)
            calls = [calls[0] + seconds[0], calls[1] + seconds[1]]
        batch = _timed("batch", *map(str, pictures), "-o", f"{place}/batch", "--jobs", "2")
    for name, (wall, processor) in (("generate", calls), ("batch", batch)):
        sys.stdout.write(f"{name}: {wall / count:.2f} s and {processor / count:.2f} CPU seconds a picture\n")
    sys.stdout.write(f"ratio: {calls[0] / batch[0]:.2f} in time, {calls[1] / batch[1]:.2f} in CPU time\n")
    return 0


def _timed(*arguments: str) -> Sequence[float]:
    """Seconds and CPU seconds of a command, its processes included."""
    before, started = os.times(), time.perf_counter()
    command = [sys.executable, str(BOOTSTRAP), "cli", *arguments, "--quality", "draft"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used

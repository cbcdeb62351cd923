"""`dev.py bench --texture`: how long UVs and texture take, by the number of faces, and beside Blender's own way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from .environment import SetupError, say
from .pythons import ROOT

__all__ = ["bench_texture"]

SIZES = (20_000, 200_000, 1_000_000, 2_000_000)
COMPARED = SIZES[0]


def bench_texture(python: Path, picture: Path, runs: int) -> str:
    """Measure everything and return the tables as Markdown."""
    ours = {size: _measure(python, "ours", picture, size, runs if size == COMPARED else 1) for size in SIZES}
    rows = ["| faces | UVs | texture of 2048 | covered | stretch | peak memory |", "|---:|---:|---:|---:|---:|---:|"]
    for found in ours.values():
        cells = [f"{found['faces']:,}", f"{found['unwrap']:.1f} s", f"{found['bake']:.1f} s"]
        cells += [f"{found['coverage']:.0%}", f"{found['stretch']:.2f}", f"{found['memory'] / 2**30:.1f} GB"]
        rows.append(f"| {' | '.join(cells)} |")
    theirs = _measure(python, "blender", picture, COMPARED, runs)
    rows += [
        "",
        f"| {COMPARED:,} faces, one run | UVs | texture of 2048 | both | times ours | covered | stretch |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    base = ours[COMPARED]["unwrap"] + ours[COMPARED]["bake"]
    for name, found in (("Maquette", ours[COMPARED]), ("Blender: Smart UV Project, Cycles bake", theirs)):
        both = found["unwrap"] + found["bake"]
        cells = [f"{found['unwrap']:.2f} s", f"{found['bake']:.2f} s", f"{both:.2f} s", f"{both / base:.1f}"]
        rows.append(f"| {' | '.join([name, *cells])} | {found['coverage']:.0%} | {found['stretch']:.2f} |")
    return "\n".join(rows)


def _measure(python: Path, task: str, picture: Path, faces: int, runs: int) -> dict[str, Any]:
    say(f"Measuring {task} at {faces:,} faces")
    command = [python, ROOT / "bootstrap.py", "devtools.measure_texture", task, picture, faces, runs]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Measuring ended with code {done.returncode}; its error stands above.")
    return json.loads(done.stdout.splitlines()[-1])

"""`dev.py bench --cleanup`: how fast meshes are checked and cleaned, beside Blender, pymeshlab and pymeshfix."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .environment import SetupError, ensure_peers, say
from .pythons import ROOT

__all__ = ["bench_cleanup"]

SIZES = (100_000, 500_000, 2_000_000)
COMPARED = 100_000
"""Faces of the mesh that is compared on: the slowest peer takes minutes for more."""


def bench_cleanup(python: Path, runs: int) -> str:
    """Measure everything and return the tables as Markdown."""
    peers = ensure_peers()
    with tempfile.TemporaryDirectory() as name:
        meshes = {size: Path(name) / f"{size}.npz" for size in SIZES}
        for size, path in meshes.items():
            _call([python, ROOT / "bootstrap.py", "devtools.broken_mesh", path, size])
        rows: list[str] = [
            "| faces | report | report, cleaned | merge, duplicates, loose parts, normals | Clean Up | peak memory |"
        ]
        rows.append("|---:|---:|---:|---:|---:|---:|")
        ours: dict[str, Any] = {}
        for size, path in meshes.items():
            count = runs if size < SIZES[-1] else 1
            found = {
                task: _measure(python, task, path, count) for task in ("report", "report-cleaned", "basics", "all")
            }
            ours = found if size == COMPARED else ours
            cells = [f"{found[task]['seconds']:.2f} s" for task in found]
            memory = max(figures["memory"] for figures in found.values())
            rows.append(f"| {size:,} | {' | '.join(cells)} | {memory / 2**30:.1f} GB |")
        table = _compared(python, peers, meshes[COMPARED], ours, runs)
    return "\n".join([*rows, "", *table])


def _compared(python: Path, peers: Path, mesh: Path, ours: dict[str, Any], runs: int) -> list[str]:
    """The same mesh through each peer: seconds, ratio to ours, and the edges it left without two faces."""
    rows = ["| on the same mesh | seconds | times ours | edges left without two faces |", "|---|---:|---:|---:|"]
    for stage, tasks in (
        ("basics", ("blender-basics", "pymeshlab-basics")),
        ("all", ("blender-all", "pymeshlab-all", "pymeshfix")),
    ):
        mine = ours[stage]
        rows.append(f"| Maquette, {stage} | {mine['seconds']:.2f} | 1.0 | {mine['left']:,} |")
        for task in tasks:
            figures = _measure(python if task.startswith("blender") else peers, task, mesh, runs)
            ratio = figures["seconds"] / mine["seconds"]
            rows.append(f"| {task.replace('-', ', ')} | {figures['seconds']:.2f} | {ratio:.1f} | {figures['left']:,} |")
    return rows


def _measure(python: Path, task: str, mesh: Path, runs: int) -> dict[str, Any]:
    say(f"Measuring {task} on {mesh.stem} faces")
    if task.startswith("pymesh"):
        return json.loads(_call([python, ROOT / "devtools" / "measure_peers.py", task, mesh, runs]))
    return json.loads(_call([python, ROOT / "bootstrap.py", "devtools.measure_cleanup", task, mesh, runs]))


def _call(command: list[Any]) -> str:
    """Run a program and return its last line."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Measuring ended with code {done.returncode}; its error stands above.")
    return done.stdout.splitlines()[-1] if done.stdout else ""

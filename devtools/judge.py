"""Judges `maquette clean` on a folder of broken meshes: ``bootstrap.py devtools.judge FOLDER [--page PAGE]``.

The folder has an ``index.csv`` with the columns ``file`` and ``expect``. Each mesh is cleaned by the command line in a
process of its own, and the result is welded and measured with trimesh, which shares no code with the cleaning.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Verdict", "judge", "main"]

LIBRARY: Any = import_module("trimesh")
ROOT = Path(__file__).resolve().parents[1]
LIMIT = 60.0
"""Seconds that a mesh may take."""
SAMPLES = 3000
START, END = "<!-- made by dev.py judge: start -->", "<!-- made by dev.py judge: end -->"


@dataclass(frozen=True)
class Verdict:
    """What became of one mesh.

    ``outcome``: "cleaned", "refused" (with one line of error), "crashed" or "hung". ``watertight``: every edge has two
    faces, which agree. ``sane``: the volume is over 0 and at most 1.05 of the convex hull's, the box within 10 %.
    ``added``, ``lost``: mean and largest distance from the result to the source's surface and back, as shares of the
    source's diagonal; what a closed result encloses is not lost. ``warned``: whether a warning was given.
    """

    name: str
    expect: str
    outcome: str
    seconds: float
    message: str = ""
    watertight: bool = False
    sane: bool = False
    added: tuple[float, float] = (1.0, 1.0)
    lost: tuple[float, float] = (1.0, 1.0)
    warned: bool = False

    @property
    def solid(self) -> bool:
        """Whether the result is a closed body of sane volume and size."""
        return self.outcome == "cleaned" and self.watertight and self.sane

    def kept(self, *distances: tuple[float, float]) -> bool:
        """Whether the distances are at most 1 % on average and 5 % at the largest."""
        return all(mean <= 0.01 and largest <= 0.05 for mean, largest in distances)


def judge(source: Path, expect: str, folder: Path) -> Verdict:
    """Clean one mesh and measure the result."""
    output = folder / "cleaned.glb"
    command = [sys.executable, str(ROOT / "bootstrap.py"), "cli", "clean", str(source), "-o", str(output)]
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return Verdict(source.name, expect, "hung", LIMIT)
    seconds = time.monotonic() - began
    lines = [line for line in done.stderr.splitlines() if line.startswith("maquette:")]
    message = lines[-1].removeprefix("maquette:").strip() if lines else ""
    if not output.is_file():
        outcome = "refused" if done.returncode in (1, 3) and message and "unexpected" not in message else "crashed"
        return Verdict(source.name, expect, outcome, seconds, message or done.stderr[-200:])
    figures = _measure(_source(source), _result(output))
    return Verdict(source.name, expect, "cleaned", seconds, message, warned=bool(lines), **figures)


def _source(path: Path) -> Any:
    """The source's faces whose coordinates are numbers."""
    mesh = LIBRARY.load(path, process=False, force="mesh")
    sound = np.isfinite(mesh.vertices).all(axis=1)[mesh.faces].all(axis=1)
    mesh = LIBRARY.Trimesh(mesh.vertices, mesh.faces[sound], process=False)
    mesh.remove_unreferenced_vertices()
    return mesh


def _result(path: Path) -> Any:
    """The result, welded, with Z up as the sources are."""
    mesh = LIBRARY.load(path, process=False, force="mesh")
    points = np.asarray(mesh.vertices, np.float64)[:, [0, 2, 1]] * (1, -1, 1)
    welded = LIBRARY.Trimesh(points, mesh.faces, process=False)
    welded.merge_vertices(merge_tex=True, merge_norm=True)
    return welded


def _measure(source: Any, result: Any) -> dict[str, Any]:
    middle = source.bounds.mean(axis=0)
    for mesh in (source, result):
        mesh.apply_translation(-middle)
    size = float(np.linalg.norm(source.extents))
    watertight = bool(result.is_watertight and result.is_winding_consistent)
    hull = float(result.convex_hull.volume) if np.ptp(result.vertices, axis=0).min() > 0 else 0.0
    box = np.abs(result.extents - source.extents) <= 0.1 * np.maximum(source.extents, 0.02 * size)
    return {
        "watertight": watertight,
        "sane": bool(0 < result.volume <= 1.05 * hull and box.all()),
        "added": _apart(result, source, size),
        "lost": _apart(source, result, size, spare_inside=watertight),
    }


def _apart(one: Any, other: Any, size: float, spare_inside: bool = False) -> tuple[float, float]:
    """Mean and largest distance of points of one surface from the other, as shares of the size; those of points inside
    the other count as none if they are spared."""
    points = one.sample(SAMPLES, seed=0)
    other = LIBRARY.Trimesh(other.vertices, other.faces[other.area_faces > 1e-14 * size**2], process=False)
    distance = LIBRARY.proximity.closest_point(other, points)[1] / size
    far = np.flatnonzero(distance > 0.005)
    if spare_inside and len(far):
        distance[far[other.contains(points[far])]] = 0.0
    return float(distance.mean()), float(distance.max())


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count / max(total, 1):.0%})"


def summary(verdicts: list[Verdict]) -> list[str]:
    """The figures that matter, as rows of a table."""
    wanted = [v for v in verdicts if v.expect == "repair"]
    refuse = [v for v in verdicts if v.expect == "refuse"]
    warn = [v for v in verdicts if v.expect not in ("repair", "refuse")]
    solid = [v for v in wanted if v.solid]
    rows = {
        "`repair`: watertight, volume and box sane": _share(len(solid), len(wanted)),
        "and nothing lost (source to result at most 1 %, 5 %)": _share(sum(v.kept(v.lost) for v in solid), len(wanted)),
        "and nothing added (result to source)": _share(sum(v.kept(v.added) for v in solid), len(wanted)),
        "and both": _share(sum(v.kept(v.lost, v.added) for v in solid), len(wanted)),
        "`refuse`: answered with an error": _share(sum(v.outcome == "refused" for v in refuse), len(refuse)),
        "others: closed body, warning or error": _share(
            sum(v.outcome == "refused" or v.warned or v.solid for v in warn), len(warn)
        ),
        "crashed or took over 60 s": str(sum(v.outcome in ("crashed", "hung") for v in verdicts)),
    }
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]


def _line(verdict: Verdict) -> str:
    cells = [verdict.name.rpartition(".")[0], verdict.expect, verdict.outcome]
    if verdict.outcome == "cleaned":
        cells += ["yes" if verdict.watertight else "no", "yes" if verdict.sane else "no"]
        cells += [f"{mean:.1%} / {largest:.1%}" for mean, largest in (verdict.lost, verdict.added)]
    else:
        cells += [""] * 4
    return f"| {' | '.join([*cells, f'{verdict.seconds:.1f} s', verdict.message])} |"


def main() -> int:
    """Judge every mesh, print a line for each, and write the page if one is named."""
    parser = argparse.ArgumentParser(prog="dev.py judge", description="Judge `maquette clean` on broken meshes.")
    parser.add_argument("folder", type=Path, help="meshes and their index.csv")
    parser.add_argument("--page", type=Path, help="the page whose table to replace")
    parser.add_argument("--only", default="", help="only files with this in their names")
    options = parser.parse_args()
    with (options.folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if options.only in row["file"]]
    verdicts: list[Verdict] = []
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            verdicts.append(judge(options.folder / row["file"], row["expect"], Path(folder)))
        sys.stderr.write(_line(verdicts[-1]) + "\n")
    head = "| mesh | expected | outcome | watertight | sane | lost | added | time | last message |\n" + "|---" * 9 + "|"
    text = "\n".join([*summary(verdicts), "", head, *map(_line, verdicts)])
    sys.stdout.write(text + "\n")
    if options.page:
        before, _, rest = options.page.read_text("utf-8").partition(START)
        options.page.write_text(f"{before}{START}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")
    return 0

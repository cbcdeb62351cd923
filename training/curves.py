"""Draws the training curves from the runs' ``log.csv``, and keeps the tables of ``docs/training.md``.

A figure's panel shows what training logged and, where `training.loop` measured it too, the held-out objects. The page
keeps its prose; what stands between ``<!-- NAME -->`` and ``<!-- end -->`` is replaced.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from .ablations import HELD_OUT, ablation_tables, replace_section, take_in

__all__ = ["draw_run", "main"]

COLUMNS, WIDTH, HEIGHT, DPI = 3, 8.0, 2.1, 100  # panels a row; inches a row; 800 pixels across
GREY, BLUE = "#9aa5b1", "#1f5fa8"


def _read(run: Path) -> dict[str, list[float]]:
    """Columns of a run's log as numbers, NaN where a row has none. A run in stages has a folder for each, numbered in
    their order."""
    logs = [run / "log.csv"]
    if not logs[0].exists():
        logs = sorted(run.glob("*/log.csv"), key=lambda log: int(log.parent.name.split("-")[0]))
    columns, before = dict[str, list[float]](), {"step": 0.0, "seconds": 0.0}
    for log in logs:
        with log.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for key in rows[0]:
            offset = before.get(key, 0.0)
            columns.setdefault(key, []).extend(offset + float(row[key] or math.nan) for row in rows)
        before = {key: columns[key][-1] for key in before}
    return columns


def _panel(axes: Axes, hours: list[float], log: dict[str, list[float]], figure: str) -> None:
    """One figure over time."""
    if figure in log:
        axes.plot(hours, log[figure], color=GREY, linewidth=1.2, label="training")
    if HELD_OUT + figure in log:
        values = log[HELD_OUT + figure]
        axes.plot(hours, values, color=BLUE, linewidth=1.6, label="held out")
        axes.annotate(
            f"{values[-1]:.3g}", (hours[-1], values[-1]), (0, 5), textcoords="offset points", ha="right", size=8
        )
    axes.set_title(figure.replace("_", " "), loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.tick_params(labelsize=8, length=2)


def draw_run(run: Path, picture: Path) -> None:
    """Draw a run's ``log.csv`` as a PNG, a panel for each figure; the run's folder gives the network's name."""
    columns = _read(run)
    hours = [seconds / 3600 for seconds in columns["seconds"]]
    figures = list(dict.fromkeys(name.removeprefix(HELD_OUT) for name in columns if name not in {"step", "seconds"}))
    rows = -(-len(figures) // COLUMNS)
    canvas, grid = plt.subplots(
        rows, COLUMNS, figsize=(WIDTH, HEIGHT * rows + 0.5), dpi=DPI, squeeze=False, layout="constrained"
    )
    for axes, figure in zip(grid.flat, figures, strict=False):
        _panel(axes, hours, columns, figure)
    for axes in grid.flat[len(figures) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("hours", fontsize=8)
    canvas.suptitle(f"{run.name} network: {columns['step'][-1]:,.0f} steps", x=0.01, ha="left", fontsize=11)
    handles = [plt.Line2D([], [], color=c, label=t) for c, t in ((GREY, "training"), (BLUE, "held out"))]
    canvas.legend(handles=handles, loc="upper right", ncols=2, frameon=False, fontsize=8)
    picture.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(picture, metadata={"Software": None})
    plt.close(canvas)


def main() -> int:
    """``python bootstrap.py training.curves --page docs/training.md --runs runs/depth … --ablations FILE.csv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--runs", type=Path, nargs="*", default=[], help="run folders, each named after its network")
    parser.add_argument("--ablations", type=Path, help="CSV file of the measured ablations")
    parser.add_argument("--trained", type=Path, nargs="*", default=[], help="what training.ablate wrote, to take in")
    args = parser.parse_args()
    page, pictures = args.page.read_text(), args.page.with_suffix("")
    for run in args.runs:
        draw_run(run, pictures / f"{run.name}.png")
    if args.runs:
        drawn = "\n\n".join(f"![{run.name} network]({pictures.name}/{run.name}.png)" for run in args.runs)
        page = replace_section(page, "curves", drawn)
    if args.ablations:
        for trained in args.trained:
            take_in(args.ablations, trained)
        page = replace_section(page, "ablations", ablation_tables(args.ablations))
    args.page.write_text(page)
    return 0

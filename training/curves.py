"""Draws the training curves from the runs' ``log.csv``, and keeps the tables of ``docs/training.md``.

A figure's panel shows what training logged and, where `training.loop` measured it too, the held-out objects. The page
keeps its prose; what stands between ``<!-- NAME -->`` and ``<!-- end -->`` is replaced.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

__all__ = ["ABLATION", "ablation_tables", "draw_run", "main", "replace_section", "take_in"]

ABLATION = ("choice", "variant", "figure", "value", "note")
"""Columns of the file of ablations."""

COLUMNS, WIDTH, HEIGHT, DPI = 3, 8.0, 2.1, 100  # panels a row; inches a row; 800 pixels across
TRAINING, HELD_OUT = "#9aa5b1", "#1f5fa8"
VALIDATION = "val_"


def _read(run: Path) -> dict[str, list[float]]:
    """Columns of a run's log as numbers, NaN where a row has none. A run in stages has a folder for each, named by the
    pictures' side; they follow one another."""
    logs = [run / "log.csv"]
    if not logs[0].exists():
        logs = sorted(run.glob("*/log.csv"), key=lambda log: int(log.parent.name))
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
        axes.plot(hours, log[figure], color=TRAINING, linewidth=1.2, label="training")
    if VALIDATION + figure in log:
        values = log[VALIDATION + figure]
        axes.plot(hours, values, color=HELD_OUT, linewidth=1.6, label="held out")
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
    figures = list(dict.fromkeys(name.removeprefix(VALIDATION) for name in columns if name not in {"step", "seconds"}))
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
    handles = [plt.Line2D([], [], color=c, label=t) for c, t in ((TRAINING, "training"), (HELD_OUT, "held out"))]
    canvas.legend(handles=handles, loc="upper right", ncols=2, frameon=False, fontsize=8)
    picture.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(picture, metadata={"Software": None})
    plt.close(canvas)


def _ablations(file: Path) -> list[dict[str, str]]:
    """The lines of a file of ablations, one per measured figure; none where there is no file yet."""
    if not file.exists():
        return []
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def take_in(file: Path, trained: Path) -> None:
    """Put the held-out figures of `training.ablate` (``ablation-NETWORK.csv``) into the file of ablations, in place of
    those that the network's had before."""
    choice = trained.stem.removeprefix("ablation-") + " network"
    lines = [line for line in _ablations(file) if line["choice"] != choice]
    with trained.open(newline="") as stream:
        for row in csv.DictReader(stream):
            note = f"{float(row['seconds']) / 60:.0f} minutes, {row['step']} steps"
            for key, value in row.items():
                if key.startswith(VALIDATION):
                    figure = key.removeprefix(VALIDATION)
                    cells = (choice, row["variant"], figure, value, note)
                    lines.append(dict(zip(ABLATION, cells, strict=True)))
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ABLATION, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def ablation_tables(file: Path) -> str:
    """The ablations as Markdown, a table for each choice.

    ``file`` has a line per measured figure, with the columns `ABLATION`; variants and figures stand in the order of
    their first line, and the first note of a variant is shown.
    """
    lines, tables = _ablations(file), list[str]()
    for choice in dict.fromkeys(line["choice"] for line in lines):
        of_choice = [line for line in lines if line["choice"] == choice]
        figures = list(dict.fromkeys(line["figure"] for line in of_choice))
        table = [f"| {choice} | " + " | ".join(figures) + " | |", "|" + "---|" * (len(figures) + 2)]
        for variant in dict.fromkeys(line["variant"] for line in of_choice):
            found = [line for line in of_choice if line["variant"] == variant]
            values = {line["figure"]: line["value"] for line in found}
            table.append(
                f"| {variant} | " + " | ".join(values.get(f, "") for f in figures) + f" | {found[0]['note']} |"
            )
        tables.append("\n".join(table))
    return "\n\n".join(tables)


def replace_section(page: str, name: str, text: str) -> str:
    """The page with ``text`` between ``<!-- name -->`` and the next ``<!-- end -->``.

    Raises
    ------
    ValueError
        The page has no such section.
    """
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"The page has no section {name!r} between <!-- {name} --> and <!-- end -->.")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page, count=1)


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

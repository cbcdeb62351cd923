"""`dev.py bench --cost`: what a picture of a batch costs, and a million of them, as tables in docs/cost.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environment import SetupError, say
from .measure_cost import PREVIEW, TURNTABLE
from .pythons import ROOT

__all__ = ["bench_cost"]

QUALITIES = ("draft", "standard", "high")
MILLION = 1_000_000
CORES = 16
"""Of a node, whether it has a GPU beside them or not."""
NODES = (1, 10, 100)
_DAY, _HOUR = 86_400, 3600
_NOTHING = 0.005  # seconds that would be shown as none
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

Figures = Mapping[str, Any]
"""What `measure_cost` printed of one quality."""


def bench_cost(python: Path, pictures: Path, count: int) -> str:
    """Measure every quality on the first pictures of a folder, or on one picture; returns the tables as Markdown."""
    files = [pictures] if pictures.is_file() else sorted(p for p in pictures.iterdir() if p.suffix.lower() in _SUFFIXES)
    if not files:
        raise SetupError(f"{pictures} holds no pictures: name a folder of photos with --picture.")
    figures = {quality: _measured(python, quality, files[:count]) for quality in QUALITIES}
    return f"{_steps(figures)}\n\n{_million(figures)}\n\nMeans over {len(files[:count])} pictures."


def _measured(python: Path, quality: str, pictures: Sequence[Path]) -> Figures:
    say(f"Measuring {quality}")
    command = [python, ROOT / "bootstrap.py", "devtools.measure_cost", quality, *pictures]
    answer = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise SetupError(f"Measuring ended with code {answer.returncode}; its error stands above.")
    return json.loads(answer.stdout.splitlines()[-1])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _head(name: str) -> list[str]:
    return [_row(name, [quality.capitalize() for quality in QUALITIES]), _row("---", ["---:"] * len(QUALITIES))]


def _all(figures: Figures) -> float:
    """A core's seconds for one picture, without a gallery."""
    return sum(seconds for step, seconds in figures["seconds"].items() if step != TURNTABLE)


def _networks(figures: Figures) -> float:
    """Those of them that the networks take."""
    return sum(figures["inside"].values())


def _steps(figures: Mapping[str, Figures]) -> str:
    """The table of seconds by step."""
    columns = list(figures.values())
    lines = _head("Seconds of one core, for one picture")
    for step in columns[0]["seconds"]:
        if step in (PREVIEW, TURNTABLE) or all(column["seconds"].get(step, 0.0) < _NOTHING for column in columns):
            continue
        lines.append(_row(step, [f"{column['seconds'].get(step, 0.0):.2f}" for column in columns]))
    lines.append(_row(PREVIEW, [f"{column['seconds'][PREVIEW]:.2f}" for column in columns]))
    lines.append(_row("**All**", [f"**{_all(column):.2f}**" for column in columns]))
    shares = [f"{_networks(column):.2f} ({_networks(column) / _all(column):.0%})" for column in columns]
    lines.append(_row("of which in the networks", shares))
    turns = [f"{column['seconds'][TURNTABLE]:.2f}" for column in columns]
    lines.append(_row("With `--gallery`, besides: the turntable", turns))
    lines.append(_row("Start of a worker, once", [f"{column['start']:.1f}" for column in columns]))
    if all(column["memory"] for column in columns):
        lines.append(_row("Peak memory of a worker", [f"{column['memory'] / 2**20:,.0f} MiB" for column in columns]))
    lines.append(_row("Files of one picture", [f"{column['bytes'] / 1e6:.1f} MB" for column in columns]))
    return "\n".join(lines)


def _million(figures: Mapping[str, Figures]) -> str:
    """The table of what a million pictures take."""
    columns = list(figures.values())
    most = [_all(column) * MILLION for column in columns]
    least = [(_all(column) - _networks(column)) * MILLION for column in columns]
    lines = _head("A million pictures")
    lines.append(_row("Hours of one core", [f"{seconds / _HOUR:,.0f}" for seconds in most]))
    for count in NODES:
        cores = CORES * count
        lines.append(_row(_nodes(count, "without GPU"), [_time(seconds / cores) for seconds in most]))
    for count in NODES:
        cores = CORES * count
        spans = [_time(high / cores, low / cores) for low, high in zip(least, most, strict=True)]
        lines.append(_row(_nodes(count, "with one GPU, bounds"), spans))
    lines.append(_row("Files", [f"{column['bytes'] * MILLION / 1e12:.1f} TB" for column in columns]))
    rates = [column["bytes"] * CORES * NODES[-1] / _all(column) for column in columns]
    lines.append(_row(f"Written by {NODES[-1]} nodes", [f"{rate / 1e6:,.0f} MB/s" for rate in rates]))
    return "\n".join(lines)


def _nodes(count: int, what: str) -> str:
    return f"{count} node{'s' if count > 1 else ''} of {CORES} cores {what}"


def _time(seconds: float, least: float | None = None) -> str:
    """A duration, or a span of two, in days or hours."""
    unit, name = (_DAY, "days") if seconds >= _DAY else (_HOUR, "h")
    return f"{'' if least is None else f'{least / unit:.3g} to '}{seconds / unit:.3g} {name}"

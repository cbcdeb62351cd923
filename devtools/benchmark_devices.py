"""`dev.py bench --devices`: what the embedded networks take on every device that the installed runtime knows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from .environment import SetupError, say
from .pythons import ROOT

__all__ = ["bench_devices"]

Found = dict[str, dict[str, Any]]


def bench_devices(python: Path, runs: int) -> str:
    """Measure everything and return the table as Markdown."""
    say("Measuring the networks on every device")
    command = [str(python), str(ROOT / "bootstrap.py"), "devtools.measure_devices", str(runs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Measuring ended with code {done.returncode}; its error stands above.")
    figures: dict[str, Found] = json.loads(done.stdout.splitlines()[-1])
    lines = [
        "| Device | Network | loading | first run | later runs | off the CPU's numbers |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for device, found in figures.items():
        lines += _rows(device, found)
    return "\n".join(lines)


def _rows(device: str, found: Found) -> list[str]:
    """The rows of one device; one that says why where it does not run."""
    reasons = [figures["fallback"] for figures in found.values() if "fallback" in figures]
    if reasons:
        return [f"| {device} | not run: {reasons[0]} | | | | |"]
    rows = [_row(device, name, figures, f"{figures['off']:.1e}") for name, figures in found.items()]
    total = {key: sum(figures[key] for figures in found.values()) for key in ("load", "first", "later")}
    return [*rows, _row(device, "**all, one picture**", total, "")]


def _row(device: str, name: str, figures: dict[str, Any], off: str) -> str:
    times = " | ".join(f"{1000 * figures[key]:.0f} ms" for key in ("load", "first", "later"))
    return f"| {device} | {name} | {times} | {off} |"

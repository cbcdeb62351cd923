"""`dev.py bench`: how long each step takes at each quality, and how much memory, as a table in docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .benchmark_cleanup import bench_cleanup
from .benchmark_cost import bench_cost
from .benchmark_devices import bench_devices
from .benchmark_texture import bench_texture
from .environment import SetupError, ensure, environment_version, say
from .pythons import ROOT
from .requirements import RUNTIME

__all__ = ["bench_command"]

PAGE = ROOT / "docs" / "performance.md"
CLEANUP_PAGE, LOOK_PAGE, COST_PAGE = (ROOT / "docs" / name for name in ("cleanup.md", "look.md", "cost.md"))
EXAMPLE = ROOT / "docs" / "examples" / "toy.png"
MARKS = ("<!-- made by dev.py bench: start -->", "<!-- made by dev.py bench: end -->")
DEVICE_MARKS = ("<!-- made by dev.py bench --devices: start -->", "<!-- made by dev.py bench --devices: end -->")
QUALITIES = ("draft", "standard", "high")


@dataclass(frozen=True)
class Figures:
    """What was measured at one quality: seconds by step, seconds of the whole command, and its peak memory in bytes."""

    steps: dict[str, float]
    cold: float
    memory: int
    faces: int


def _cold(python: Path, picture: Path, quality: str) -> tuple[float, int, int]:
    """Run the command once; return its seconds, its peak memory in bytes (0 if unknown), and its faces."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(python), str(ROOT / "bootstrap.py"), "cli", "generate", str(picture), "--quality", quality]
        started = time.monotonic()
        outputs = ["-o", str(Path(folder) / "mesh.glb"), "--report", str(report)]
        process = subprocess.Popen([*command, *outputs], stdout=sys.stderr)
        memory = 0
        if sys.platform == "win32":
            code = process.wait()
        else:
            _, status, usage = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
            memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        seconds = time.monotonic() - started
        if code:
            raise SetupError(f"`generate` ended with code {code}; there is nothing to measure.")
        return seconds, memory, json.loads(report.read_text("utf-8"))["mesh"]["faces"]


def _warm(python: Path, picture: Path, quality: str, runs: int) -> dict[str, float]:
    """Return the median seconds by step of a process that has its networks loaded."""
    command = [python, ROOT / "bootstrap.py", "devtools.measure", picture, quality, str(runs)]
    answer = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise SetupError(f"Measuring ended with code {answer.returncode}; its error stands above.")
    return json.loads(answer.stdout.splitlines()[-1])


def _processor() -> str:
    """Return the processor's name and how many cores this program may use."""
    name = platform.processor() or platform.machine()
    details = Path("/proc/cpuinfo")
    if details.is_file():
        models = [line.partition(":")[2].strip() for line in details.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return f"{name}, {cores} cores"


def _table(figures: dict[str, Figures]) -> str:
    """Return the measured figures as a Markdown table, a column for each quality."""
    columns = list(figures.values())

    def row(name: str, cells: Sequence[str]) -> str:
        return f"| {name} | {' | '.join(cells)} |"

    steps = list(dict.fromkeys(step for column in columns for step in column.steps))
    lines = [row("Step", [name.capitalize() for name in figures]), row("---", ["---:"] * len(columns))]
    for step in steps:
        lines.append(row(step, [f"{column.steps[step]:.2f} s" if step in column.steps else "" for column in columns]))
    totals = [sum(column.steps.values()) for column in columns]
    lines.append(row("**All steps, networks loaded**", [f"**{total:.1f} s**" for total in totals]))
    lines.append(row("**The command, from a cold start**", [f"**{column.cold:.1f} s**" for column in columns]))
    if all(column.memory for column in columns):
        lines.append(row("Peak memory of the command", [f"{column.memory / 2**20:,.0f} MiB" for column in columns]))
    lines.append(row("Faces", [f"{column.faces:,}" for column in columns]))
    return "\n".join(lines)


def _note(runs: int, load: str) -> str:
    """Say what the figures were measured on."""
    return (
        f"Steps: median over {runs} run{'s' if runs > 1 else ''}; command: one run. Picture: `docs/examples/toy.png`. "
        f"{_machine(load)} ONNX Runtime {RUNTIME['onnxruntime']}."
    )


def _machine(load: str) -> str:
    """Name the machine."""
    python = environment_version(ROOT / ".venv")
    graphics = "an NVIDIA card" if shutil.which("nvidia-smi") else "no GPU"
    return f"{_processor()}, {platform.system()}, {graphics}, Python {python}{load}."


def _save(text: str, path: Path, marks: tuple[str, str]) -> None:
    """Put the text between the page's markers."""
    page = path.read_text("utf-8")
    start, end = marks
    if start not in page or end not in page:
        raise SetupError(f"{path} lacks the lines {start} and {end}.")
    before, after = page.split(start)[0], page.split(end)[1]
    path.write_text(f"{before}{start}\n{text}\n{end}{after}", "utf-8")
    say(f"Written to {path}")


def bench_command(arguments: Sequence[str]) -> int:
    """Run ``dev.py bench``."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Time every step and write docs/performance.md.")
    parser.add_argument("--runs", type=int, default=3, help="warm runs per quality, or pictures (default: 3)")
    parser.add_argument(
        "--picture", type=Path, default=EXAMPLE, help="default: the example picture; or a folder, for --cost"
    )
    parser.add_argument("--print", action="store_true", help="leave docs/performance.md as it is")
    parser.add_argument("--cleanup", action="store_true", help="measure the cleaning instead, for docs/cleanup.md")
    parser.add_argument("--texture", action="store_true", help="measure UVs and texture instead, for docs/look.md")
    parser.add_argument("--cost", action="store_true", help="measure what a million pictures take, for docs/cost.md")
    parser.add_argument("--devices", action="store_true", help="measure the networks on every device instead")
    options = parser.parse_args(arguments)
    marks = DEVICE_MARKS if options.devices else MARKS
    python, picture = ensure(), options.picture.resolve()
    load = "" if sys.platform == "win32" else f", load average {os.getloadavg()[0]:.1f} when it began"
    if options.cleanup:
        text, page = f"{bench_cleanup(python, options.runs)}\n\n{_machine(load)}", CLEANUP_PAGE
    elif options.texture:
        text, page = f"{bench_texture(python, picture, options.runs)}\n\n{_machine(load)}", LOOK_PAGE
    elif options.cost:
        text, page = f"{bench_cost(python, picture, options.runs)} {_machine(load)}", COST_PAGE
    elif options.devices:
        text, page = f"{bench_devices(python, options.runs)}\n\n{_machine(load)}", PAGE
    else:
        text, page = _bench_generate(python, picture, options.runs, load), PAGE
    print(text)
    if not options.print:
        _save(text, page, marks)
    return 0


def _bench_generate(python: Path, picture: Path, runs: int, load: str) -> str:
    """Measure every quality."""
    figures: dict[str, Figures] = {}
    for quality in QUALITIES:
        say(f"Measuring {quality}")
        seconds, memory, faces = _cold(python, picture, quality)
        figures[quality] = Figures(_warm(python, picture, quality, runs), seconds, memory, faces)
    return f"{_table(figures)}\n\n{_note(runs, load)}"

"""Makes ``docs/batch-memory.csv`` and ``docs/batch-memory.png``: memory, open files and processes over a long batch.

Run from the repository's root: ``.venv/bin/python bootstrap.py docs.examples.batch_memory measure FOLDER`` does 300
pictures with one worker at Draft, the pictures of a folder again and again; ``plot``, with matplotlib, draws it.
Linux only.
"""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["main"]

DOCS = Path(__file__).resolve().parents[1]
TABLE, FIGURE = DOCS / "batch-memory.csv", DOCS / "batch-memory.png"
COLUMNS = ("picture", "driver_mb", "worker_mb", "driver_files", "worker_files", "processes")
PICTURES = 300


def measure(folder: Path) -> None:
    """Do the batch, and look at its processes whenever a picture is finished."""
    with tempfile.TemporaryDirectory() as place, open(TABLE, "w", encoding="utf-8", newline="") as file:
        pictures = Path(place) / "pictures"
        pictures.mkdir()
        sources = itertools.cycle(sorted(path for path in folder.iterdir() if path.is_file()))
        for number, source in zip(range(PICTURES), sources, strict=False):
            (pictures / f"{number:03}{source.suffix}").symlink_to(source)
        bootstrap = str(DOCS.parent / "bootstrap.py")
        options = ["-o", str(Path(place) / "results"), "--jobs", "1", "--quality", "draft"]
        command = [sys.executable, bootstrap, "cli", "batch", str(pictures), *options]
        driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert driver.stdout is not None
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for line in driver.stdout:
            if line.startswith("["):
                table.writerow([line[1:].partition("/")[0], *_look(driver.pid)])
                file.flush()
        driver.wait()


def _look(driver: int) -> list[int]:
    """Memory of the driver and its worker in MB, their open files, and how many processes there are with theirs."""
    family = [driver]
    for process in family:  # grows as it goes
        for task in Path(f"/proc/{process}/task").iterdir():
            family += map(int, (task / "children").read_text().split())
    worker = family[1]
    return [*map(_memory, (driver, worker)), *map(_files, (driver, worker)), len(family)]


def _memory(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024)


def _files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def plot() -> None:
    """Draw the table."""
    from matplotlib import pyplot

    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = {name: [int(row[name]) for row in rows] for name in COLUMNS}
    figure, (memory, files) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5), height_ratios=(3, 2))
    memory.plot(values["picture"], values["worker_mb"], label="worker", linewidth=1)
    memory.plot(values["picture"], values["driver_mb"], label="driver", linewidth=1)
    memory.set(ylabel="memory (MB)", ylim=(0, None))
    files.plot(values["picture"], values["worker_files"], label="worker's open files", linewidth=1)
    files.plot(values["picture"], values["driver_files"], label="driver's open files", linewidth=1)
    files.plot(values["picture"], values["processes"], label="processes", linewidth=1)
    files.set(xlabel="pictures finished", ylabel="count", ylim=(0, None))
    for axes in (memory, files):
        axes.legend(loc="center", fontsize=8)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(FIGURE, dpi=110)


def main() -> int:
    """Do what the first argument says."""
    if sys.argv[1:] == ["plot"]:
        plot()
    elif len(sys.argv) == 3 and sys.argv[1] == "measure":
        measure(Path(sys.argv[2]).resolve())
    else:
        sys.stderr.write("usage: batch_memory measure FOLDER | plot\n")
        return 2
    return 0

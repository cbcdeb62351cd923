"""A batch that is killed, again and again, loses nothing: driver and workers at random times, with kill -9."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

STAND_IN = Path(__file__).resolve().parents[1] / "data" / "batch_stand_in.py"
PICTURES, KILLS, LIMIT = 24, 20, 120.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes as Linux shows them")


@pytest.fixture(scope="module")
def stand_in() -> ModuleType:
    """The module ``tests/data/batch_stand_in.py``."""
    spec = importlib.util.spec_from_file_location("batch_stand_in", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pictures(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of pictures, two of them bad; their names say how they are done (`request.param`)."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(PICTURES):
        how = "refused" if number in (3, 17) else request.param
        (folder / f"{number:02}{how}.png").write_bytes(os.urandom(64))
    return folder


def start(folder: Path, output: Path, jobs: int, retries: int) -> subprocess.Popen[bytes]:
    """Start a batch, or go on with it."""
    options = ["-o", str(output), "--resume", "--jobs", str(jobs), "--retries", str(retries)]
    command = [sys.executable, str(STAND_IN), "batch", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def entries(output: Path, torn: bool = False) -> list[dict[str, Any]]:
    """The manifest's lines; all whole, but for the last where the driver was killed."""
    path = output / "manifest.jsonl"
    whole = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    assert torn or whole[-1] == b""
    return [json.loads(line) for line in whole[:-1]]


def check_files(folder: Path, output: Path, stand_in: ModuleType) -> None:
    """No half-written file goes by a final name, and no picture has two lines."""
    for path in output.iterdir():
        if path.suffix in (".glb", ".png"):
            name = path.name.removesuffix(".glb").removesuffix(".preview.png")
            suffix = path.name.removeprefix(name)
            expected = b"".join(stand_in.content_of((folder / f"{name}.png").read_bytes(), suffix))
            assert path.read_bytes() == expected
        elif path.suffix == ".json":
            assert json.loads(path.read_bytes())["outputs"]
    told = [entry["picture"] for entry in entries(output, torn=True)]
    assert len(told) == len(set(told))


def results(output: Path) -> list[Any]:
    """All that was done, without times."""
    timed = ("time", "seconds", "attempts")
    found = [{key: value for key, value in entry.items() if key not in timed} for entry in entries(output)]
    for entry in found:
        for path in entry["outputs"]:
            content = (output / path).read_bytes()
            report = json.loads(content) if path.endswith(".json") else {}
            entry[path] = {key: value for key, value in report.items() if key != "seconds"} or content
    return sorted(found, key=lambda entry: entry["picture"])


@pytest.fixture
def uninterrupted(pictures: Path, tmp_path: Path) -> list[Any]:
    """What comes out when nothing is killed."""
    assert start(pictures, tmp_path / "whole", 2, 0).wait(LIMIT) == 1
    found = results(tmp_path / "whole")
    assert len(found) == PICTURES
    return found


@pytest.mark.parametrize("pictures", [""], indirect=True)
def test_killed_driver(pictures: Path, tmp_path: Path, stand_in: ModuleType, uninterrupted: list[Any]) -> None:
    output, chance, done = tmp_path / "out", random.Random(8), 0
    for _ in range(KILLS):
        driver = start(pictures, output, 2, 0)
        deadline = time.monotonic() + LIMIT
        while not children(driver.pid) and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.5)
        family = children(driver.pid)
        driver.kill()
        driver.wait()
        check_files(pictures, output, stand_in)
        now = len(entries(output, torn=True))
        assert now >= done  # nothing that was done is lost
        done = now
        while any(Path(f"/proc/{child}").exists() for child in family) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(Path(f"/proc/{child}").exists() for child in family), "a worker outlived its driver"
    assert start(pictures, output, 2, 0).wait(LIMIT) == 1
    assert results(output) == uninterrupted
    assert not list(output.glob(".*"))


@pytest.mark.parametrize("pictures", ["slow"], indirect=True)
def test_killed_workers(pictures: Path, tmp_path: Path, stand_in: ModuleType, uninterrupted: list[Any]) -> None:
    output, chance, killed = tmp_path / "out", random.Random(9), 0
    driver = start(pictures, output, 2, KILLS)
    deadline = time.monotonic() + LIMIT
    while driver.poll() is None and killed < KILLS and time.monotonic() < deadline:
        time.sleep(chance.random() * 0.3)
        workers = children(driver.pid)
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed += 1
        # Now and then one must come to an end: a batch whose processes all die at their start is given up.
        done = len(entries(output, torn=True))
        while killed % 5 == 0 and len(entries(output, torn=True)) == done and time.monotonic() < deadline:
            time.sleep(0.01)
    assert driver.wait(LIMIT) == 1 and killed == KILLS
    check_files(pictures, output, stand_in)
    assert results(output) == uninterrupted
    assert not list(output.glob(".*"))

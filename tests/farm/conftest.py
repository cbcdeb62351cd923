"""Tests of batches on many machines. Those that start a cluster need Ray, and run only where MAQUETTE_FARM=1 asks."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FARM = "MAQUETTE_FARM"


@pytest.fixture(scope="session")
def ray_python() -> Path:
    """A Python with Ray, in an environment of its own that is kept; skips where nobody asked for these tests."""
    if os.environ.get(FARM) != "1":
        pytest.skip(f"takes minutes and a download: set {FARM}=1")
    return _environment("ray", ROOT / "farm" / "requirements.txt") / "python"


@pytest.fixture(scope="session")
def openjd_program() -> Path:
    """The command line of Open Job Description, in an environment of its own that is kept; made in seconds."""
    return _environment("openjd", ROOT / "farm" / "openjd" / "requirements.txt") / "openjd"


def _environment(name: str, requirements: Path) -> Path:
    """Make an environment for some requirements, once for each version of them: the folder of its programs."""
    folder = ROOT / "build" / f"farm-{name}"
    mark = folder / "requirements.txt"
    if not mark.is_file() or mark.read_bytes() != requirements.read_bytes():
        venv.create(folder, clear=True)  # without pip, which would take the most time
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
        command = [*pip, "install", "--quiet", "-r", requirements]
        made = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if made.returncode:
            pytest.skip(f"needs {name} from the package index: {made.stderr.strip().splitlines()[-1]}")
        mark.write_bytes(requirements.read_bytes())
    return folder / "bin"

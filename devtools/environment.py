"""The virtual environments of the checkout: made on first use, left alone once they are complete."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .pythons import ROOT, SUPPORTED, find_python, running, wanted
from .requirements import BLENDER, CHECKERS, EXPORTING, PEERS, RUNTIME, TESTING, requirement

__all__ = [
    "SetupError",
    "ensure",
    "ensure_peers",
    "ensure_training",
    "environment_version",
    "python_of",
    "run_module",
    "say",
]


class SetupError(Exception):
    """Something outside the project is missing; the message says what."""


def say(*words: str) -> None:
    """Tell the person at the terminal what happens, on stderr: stdout belongs to the command that is run."""
    print(*words, file=sys.stderr, flush=True)


def python_of(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment_version(folder: Path) -> str:
    """Return the Python version, such as "3.11", of a virtual environment; empty where there is none that runs."""
    settings = folder / "pyvenv.cfg"
    if not settings.is_file() or not python_of(folder).exists():
        return ""
    for line in settings.read_text("utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return ".".join(value.strip().split(".")[:2])
    return ""


def _stages(version: str, tests: bool, checkers: bool) -> list[tuple[str, str, list[str]]]:
    """Return what is installed, in order: a name, a line for the user, and pip's arguments."""
    stages = [
        ("blender", "Blender as a Python module (about 400 MB to download)", [BLENDER[version]]),
        ("runtime", "the libraries that Maquette runs with", ["--no-deps", *requirement(RUNTIME)]),
    ]
    if tests:
        stages.append(("tests", "the test tools", requirement(TESTING)))
    if checkers:
        stages.append(("checkers", "the code checkers", requirement(CHECKERS)))
    return stages


def _call(command: Sequence[str | Path], failure: str) -> None:
    """Run a set-up command with its output on stderr.

    Raises
    ------
    SetupError
        With `failure` when it does not succeed.
    """
    if subprocess.run([str(part) for part in command], stdout=sys.stderr, check=False).returncode:
        raise SetupError(failure)


def _create(folder: Path, version: str) -> None:
    """Make an empty virtual environment.

    Raises
    ------
    SetupError
        When no Python of that version is found, or it cannot make one.
    """
    python = find_python(version)
    if not python:
        raise SetupError(f"Python {version} is not installed here; Maquette runs on Python {wanted()}.")
    say(f"Setting up {folder.name} with Python {version} ({python}); this happens once.")
    _call([python, "-m", "venv", "--clear", folder], f"Python {version} cannot make a virtual environment in {folder}.")


def _version_to_use(folder: Path) -> str:
    """Return the Python version for the main environment: what it has, what runs now, or the first that is found."""
    present = environment_version(folder)
    for version in (present, running(), *SUPPORTED):
        if version in SUPPORTED and (version == present or find_python(version)):
            return version
    raise SetupError(f"Maquette runs on Python {wanted()}, and neither is installed here.")


def ensure(version: str = "", tests: bool = False, checkers: bool = False) -> Path:
    """Return the interpreter of an environment that has all it needs, setting it up where something is missing.

    A complete environment is recognised by marker files, without starting pip: the network is not touched.

    Parameters
    ----------
    version : str
        "3.11" or "3.13" for an environment of its own; empty for the main one, whatever version that has.

    Raises
    ------
    SetupError
        When Python, pip or the network lets us down.
    """
    folder = ROOT / (f".venv-{version}" if version else ".venv")
    version = version or _version_to_use(folder)
    if environment_version(folder) != version:
        _create(folder, version)
    for name, what, arguments in _stages(version, tests, checkers):
        _install(folder, name, what, arguments)
    return python_of(folder)


def ensure_peers() -> Path:
    """Return the interpreter of the environment with the programs the cleaning is compared with; errors as `ensure`."""
    folder, version = ROOT / ".venv-peers", environment_version(ROOT / ".venv")
    if environment_version(folder) != version:
        _create(folder, version)
    _install(folder, "peers", "pymeshfix and pymeshlab", requirement(PEERS))
    return python_of(folder)


def ensure_training() -> Path:
    """Return the interpreter of the training environment with what exports need; errors as `ensure`.

    One that training has made already is kept, with all that is in it.
    """
    folder = ROOT / ".venv-training"
    if not environment_version(folder):
        _create(folder, _version_to_use(folder))
    _install(folder, "export", "PyTorch and the ONNX tools (up to 3 GB to download)", requirement(EXPORTING))
    return python_of(folder)


def _install(folder: Path, name: str, what: str, arguments: list[str]) -> None:
    """Install with pip, unless a marker says that just this is there."""
    marker, content = folder / f"maquette-{name}.done", hashlib.sha256(json.dumps(arguments).encode()).hexdigest()
    if marker.is_file() and marker.read_text("utf-8") == content:
        return
    say(f"{folder.name}: installing {what}")
    pip = [python_of(folder), "-m", "pip", "--disable-pip-version-check", "install", *arguments]
    _call(pip, f"Installing {what} failed; pip says why above. Check the network and try again.")
    marker.write_text(content, "utf-8")


def run_module(python: Path, module: str, arguments: Sequence[str]) -> int:
    """Run ``main()`` of one of the package's modules in an environment; return its exit code."""
    process = subprocess.Popen([str(python), str(ROOT / "bootstrap.py"), module, *arguments])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got it too, and ends in its own way
            continue

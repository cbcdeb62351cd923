"""Finds a Python that has Blender's module. Runs on Python 3.6 or later, so that `dev.py` can say what it needs."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["ROOT", "SUPPORTED", "find_python", "running", "wanted"]

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.11", "3.13")
PROBE = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:2])))"


def wanted() -> str:
    """Return the versions that work, for a sentence."""
    return " or ".join(SUPPORTED)


def running() -> str:
    """Return the version this program runs in, such as "3.11"."""
    return ".".join(map(str, sys.version_info[:2]))


def _candidates(version: str) -> "list[str]":
    """Return commands that may be Python `version`, likeliest first."""
    found = [sys.executable] if running() == version else []
    found += [str(ROOT / ".venv" / "bin" / "python"), str(ROOT / ".venv" / "Scripts" / "python.exe")]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in ("python" + version, "python" + version + ".exe"):
            path = Path(folder) / name
            if folder and path.is_file():
                found.append(str(path))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for folder in sorted(pyenv.glob(version + ".*"), reverse=True):
        found.append(str(folder / "bin" / "python"))
    if os.name == "nt":
        roots = [os.environ.get("LOCALAPPDATA", "") + "\\Programs\\Python", os.environ.get("PROGRAMFILES", "")]
        found += [str(Path(root) / ("Python" + version.replace(".", "")) / "python.exe") for root in roots]
    return found


def _works(command: str, version: str) -> bool:
    """Tell whether `command` runs, is that version, and can make virtual environments."""
    try:
        answer = subprocess.run(
            [command, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0 and answer.stdout.decode().strip() == version


def find_python(version: str) -> str:
    """Return the path of a Python of that version with ``venv``, or an empty string where there is none."""
    for command in dict.fromkeys(_candidates(version)):
        if _works(command, version):
            return command
    return ""

"""Packages of npm, each installed into a folder of its own below ``.node`` in the checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from .environment import SetupError, say
from .pythons import ROOT

__all__ = ["node_package", "node_program"]

_FOLDER = ROOT / ".node"


def node_program() -> str:
    """Return Node.js.

    Raises
    ------
    SetupError
        Without Node.js and npm.
    """
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise SetupError("Node.js with npm is needed here: install it and try again.")
    return node


def node_package(name: str, version: str, *beside: str) -> Path:
    """Return the folder ``node_modules`` that holds a package and what it needs, installed where it is missing.

    ``beside``: names of more packages to install with it.

    A folder for each package, since npm removes from a folder whatever it was not told of.

    Raises
    ------
    SetupError
        Without Node.js and npm, or when the package cannot be installed.
    """
    node_program()
    folder = _FOLDER / name.replace("/", "-").removeprefix("@")
    modules = folder / "node_modules"
    about = modules / name / "package.json"
    if about.is_file() and json.loads(about.read_text("utf-8"))["version"] == version:
        return modules
    say(f"{_FOLDER.name}: installing {name} {version}; this happens once.")
    folder.mkdir(parents=True, exist_ok=True)
    npm = str(shutil.which("npm"))
    command = [npm, "install", "--prefix", str(folder), "--no-save", "--no-audit", "--no-fund"]
    done = subprocess.run([*command, f"{name}@{version}", *beside], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Installing {name} failed; npm says: {done.stderr.strip()}")
    return modules

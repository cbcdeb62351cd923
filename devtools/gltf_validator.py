"""The Khronos glTF validator, an npm package, in a folder of the checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environment import SetupError, say
from .pythons import ROOT
from .requirements import GLTF_VALIDATOR

__all__ = ["validate_gltf"]

_FOLDER = ROOT / ".node"
_SCRIPT = """
const {readFileSync} = require("fs"), validator = require("gltf-validator");
const check = (path) => validator.validateBytes(new Uint8Array(readFileSync(path)), {maxIssues: 1000});
Promise.all(process.argv.slice(1).map(check)).then((reports) => console.log(JSON.stringify(reports)));
"""


def validate_gltf(paths: Sequence[Path]) -> list[Mapping[str, Any]]:
    """Return the validator's report on each file: ``issues`` holds ``numErrors``, ``numWarnings`` and ``messages``.

    Raises
    ------
    SetupError
        Without Node.js and npm, or when the validator cannot be installed.
    """
    node = _ensure()
    command = [node, "-e", _SCRIPT, *(str(path.resolve()) for path in paths)]
    done = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise SetupError(f"The glTF validator failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def _ensure() -> str:
    """Return Node.js, with the validator installed where it finds it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SetupError("The glTF validator needs Node.js with npm.")
    package = _FOLDER / "node_modules" / "gltf-validator" / "package.json"
    if package.is_file() and json.loads(package.read_text("utf-8"))["version"] == GLTF_VALIDATOR:
        return node
    say(f"{_FOLDER.name}: installing the glTF validator; this happens once.")
    _FOLDER.mkdir(exist_ok=True)
    command = [npm, "install", "--prefix", str(_FOLDER), "--no-save", "--no-audit", "--no-fund"]
    done = subprocess.run([*command, f"gltf-validator@{GLTF_VALIDATOR}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Installing the glTF validator failed; npm says: {done.stderr.strip()}")
    return node

"""The Khronos glTF validator, an npm package."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environment import SetupError
from .node import node_package, node_program
from .requirements import GLTF_VALIDATOR

__all__ = ["validate_gltf"]

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
    modules = node_package("gltf-validator", GLTF_VALIDATOR)
    command = [node_program(), "-e", _SCRIPT, *(str(path.resolve()) for path in paths)]
    done = subprocess.run(command, cwd=modules.parent, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise SetupError(f"The glTF validator failed: {done.stderr.strip()}")
    return json.loads(done.stdout)

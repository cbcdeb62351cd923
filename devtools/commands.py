"""The commands of `dev.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .benchmark import bench_command
from .environment import SetupError, ensure, ensure_training, run_module, say
from .lock_gpu import lock_gpu_command
from .package import build_command
from .pythons import ROOT
from .testing import run_tests

__all__ = ["COMMANDS", "picture_in", "run"]

EXAMPLE = ROOT / "docs" / "examples" / "toy.png"
RUNS = ROOT / "runs"
FLAGS = {"-h", "--help", "-v", "--verbose"}
"""The options of `generate` that take no value."""


def picture_in(arguments: Sequence[str]) -> str:
    """Return the first argument that is neither an option nor an option's value; empty where there is none."""
    after_option = False
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            after_option = "=" not in argument and argument not in FLAGS
        elif after_option:
            after_option = False
        else:
            return argument
    return ""


def _run(arguments: Sequence[str]) -> int:
    """Generate; without ``-o``, the mesh, a preview and the report go to ``runs/``."""
    call = ["generate", *arguments]
    named = {argument.split("=")[0] for argument in arguments}
    outputs: list[Path] = []
    if not named & {"-h", "--help"}:
        picture = picture_in(arguments)
        if not picture:
            call.insert(1, str(EXAMPLE))
        if not named & {"-o", "--output"}:
            stem = RUNS / Path(picture or EXAMPLE).stem
            defaults = {"-o": ".glb", "--preview": ".png", "--report": ".json"}
            added = {option: f"{stem}{suffix}" for option, suffix in defaults.items() if option not in named}
            call += [part for pair in added.items() for part in pair]
            outputs = [Path(path) for path in added.values()]
    python = ensure()
    RUNS.mkdir(exist_ok=True)
    code = run_module(python, "cli", call)
    if code == 0 and outputs:
        say("Written: " + ", ".join(str(path) for path in outputs))
    return code


def _cli(arguments: Sequence[str]) -> int:
    """Run the extension's command line."""
    return run_module(ensure(), "cli", arguments)


def _judge(arguments: Sequence[str]) -> int:
    """Judge the cleaning on a folder of broken meshes."""
    return run_module(ensure(), "devtools.judge", arguments)


def _export(arguments: Sequence[str]) -> int:
    """Turn a published checkpoint into an ONNX file with its card."""
    return run_module(ensure_training(), "training.export_public", arguments)


def _test(arguments: Sequence[str]) -> int:
    """Run the tests."""
    return run_tests([argument for argument in arguments if argument != "--fast"], "--fast" in arguments)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": _run,
    "cli": _cli,
    "test": _test,
    "build": build_command,
    "bench": bench_command,
    "judge": _judge,
    "export": _export,
    "lock-gpu": lock_gpu_command,
}


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one command of `COMMANDS` and return its exit code."""
    try:
        return COMMANDS[name](arguments)
    except SetupError as problem:
        say(str(problem))
        return 1

"""What the commands share: errors in what was typed, progress, lines for the user, the outputs of a run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import MaquetteError, OutputError
from ..outputs import Staging

__all__ = [
    "ArgumentError",
    "Parser",
    "check_mesh_suffix",
    "check_names",
    "progress",
    "say",
    "stage",
    "warn",
    "write_report",
]


class ArgumentError(MaquetteError):
    """The command was typed wrong."""

    exit_code = 2


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all of ours."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentError(f"{message} (see: {self.prog} --help)")


def check_mesh_suffix(path: Path) -> None:
    """Raise ArgumentError for a mesh whose name says no format, and OutputError for one that cannot be written here."""
    from ..blender.export import check_suffix

    try:
        check_suffix(path)
    except OutputError:
        raise
    except MaquetteError as error:
        raise ArgumentError(str(error)) from error


def check_names(what: str, paths: Sequence[Path | None]) -> None:
    """Raise ArgumentError, with ``what`` they are, where two of the paths given are the same."""
    # Not Path.resolve, which raises for links in a circle.
    given = [os.path.realpath(path) for path in paths if path]
    if len(set(given)) < len(given):
        raise ArgumentError(f"{what} need a name each: two are the same.")


def stage(staging: Staging, main: Path, *others: Path | None) -> tuple[Path, *tuple[Path | None, ...]]:
    """Where to write the files for some paths, each under its name in a folder of its own; None for None."""
    first = staging.folder(main) / main.name
    return first, *(staging.folder(path) / path.name if path else None for path in others)


def progress(verbose: bool) -> Callable[[str, float], None]:
    """Tell each step on a terminal, or when asked to; nothing in a log."""
    wanted = verbose or sys.stderr.isatty()

    def show(step: str, fraction: float) -> None:
        if wanted:
            sys.stderr.write(f"{fraction:4.0%}  {step}\n")

    return show


def say(line: str) -> None:
    """Write a line to the standard output, whatever letters the console has."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write((line + "\n").encode(encoding, "backslashreplace").decode(encoding))


def warn(text: str) -> None:
    """Write a warning to the standard error, one line."""
    sys.stderr.write(f"maquette: {' '.join(text.split())}\n")


def write_report(
    staging: Staging, source: Path, file: Path | None, make: Callable[[tuple[str, ...]], Mapping[str, Any]]
) -> None:
    """Check that the outputs leave each other and the source alone, and write the report, which names them.

    Parameters
    ----------
    staging
        With all other outputs written.
    source
        What the outputs were made of, which none of them may replace.
    file
        Where to write it, in its own folder of the staging, or None.
    make
        Gives the report for the paths of the outputs.

    Raises
    ------
    OutputError
        When an output would replace the source, or another one.
    """
    if file:
        file.touch()
    outputs = staging.targets()
    if os.path.realpath(source) in {os.path.realpath(path) for path in outputs}:
        raise OutputError(f"{source} would be overwritten by the mesh's texture: choose another name for -o.")
    if len(set(outputs)) < len(outputs):
        raise OutputError("The preview or the report has the name of a file that belongs to the mesh: choose another.")
    if file:
        file.write_text(json.dumps(make(tuple(map(str, outputs))), indent=2) + "\n", encoding="utf-8")

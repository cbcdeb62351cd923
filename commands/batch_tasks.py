"""The pictures of a batch, each with its settings and the name of its outputs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ..batching.inputs import Found, find_pictures, name_below
from ..batching.jobfile import JOB_SUFFIXES, Line, Option, read_job_file
from ..batching.naming import output_names
from ..batching.task import Task
from ..contracts import Settings
from ..errors import MaquetteError
from .common import ArgumentError, Parser
from .settings_options import add_settings, read_settings

__all__ = ["read_tasks"]


def read_tasks(options: argparse.Namespace, settings: Settings, output: Path) -> list[Task]:
    """All pictures that the inputs name, whichever part of them is done here.

    Raises
    ------
    ArgumentError
        If an input does not exist or a line of a job file is wrong.
    """
    try:
        lines = [line for text in options.inputs if _is_job_file(text) for line in read_job_file(text)]
        rest = [text for text in options.inputs if not _is_job_file(text)]
        found = {line.found.path: line.found for line in lines}
        for one in find_pictures(rest, options.recursive, output) if rest or not lines else ():
            found.setdefault(one.path, one)
    except MaquetteError as error:
        raise ArgumentError(str(error)) from error
    own = {line.found.path: _line_settings(line, options) for line in lines}
    return _tasks(list(found.values()), own, settings)


def _tasks(found: list[Found], own: Mapping[Path, Settings], settings: Settings) -> list[Task]:
    named = name_below(found)
    outputs = output_names(named)
    return [
        Task(picture, one.source, one.path, outputs[picture], own.get(one.path, settings))
        for picture, one in named.items()
    ]


def _is_job_file(text: str) -> bool:
    return text.lower().endswith(JOB_SUFFIXES)


def _line_settings(line: Line, options: argparse.Namespace) -> Settings:
    """The settings of one line, which says what differs from those of the command."""
    parser = Parser(prog="maquette batch", add_help=False, allow_abbrev=False)
    add_settings(parser)
    try:
        namespace = argparse.Namespace(**vars(options))
        return read_settings(parser.parse_args(_arguments(line.options), namespace))
    except MaquetteError as error:
        raise ArgumentError(f"{line.place}: {error}") from error


def _arguments(options: Mapping[str, Option]) -> list[str]:
    """Options as they would be typed."""
    typed: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        typed += [flag, *map(str, value)] if isinstance(value, list) else [f"{flag}={value}"]
    return typed

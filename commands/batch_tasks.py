"""The pictures of a batch, each with its settings and the name of its outputs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
        If an input does not exist, a line of a job file is wrong, or results would lie beside a picture.
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
    tasks = _tasks(list(found.values()), own, settings)
    _check_places(tasks, output)
    return tasks


def _tasks(found: list[Found], own: Mapping[Path, Settings], settings: Settings) -> list[Task]:
    named = name_below(found)
    outputs = output_names(named)
    return [
        Task(picture, one.source, one.path, outputs[picture], _located(own.get(one.path, settings)))
        for picture, one in named.items()
    ]


def _located(settings: Settings) -> Settings:
    """The settings with absolute paths: the workers are in another folder."""
    cards = {name: getattr(settings, name) for name in ("depth_model", "shape_model", "matte_model")}
    paths = {name: os.path.abspath(card) for name, card in cards.items() if card.endswith(".toml")}
    return replace(settings, **paths, mask=os.path.abspath(settings.mask) if settings.mask else "")


def _check_places(tasks: Sequence[Task], output: Path) -> None:
    """Raise ArgumentError if results would lie beside a picture, where the next batch would take them for pictures."""
    folders = {(output / task.output).parent for task in tasks}
    beside = next((task for task in tasks if task.path.parent in folders), None)
    if beside is not None:
        raise ArgumentError(f"The results would lie beside the picture {beside.source}: choose another folder for -o.")


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

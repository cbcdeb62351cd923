"""Job files: JSON Lines that name pictures, each with settings of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from ..errors import MaquetteError
from .inputs import Found

__all__ = ["JOB_SUFFIXES", "Line", "Option", "read_job_file"]

JOB_SUFFIXES = (".jsonl", ".ndjson")

Option: TypeAlias = str | int | float | list[str | int | float]


@dataclass(frozen=True)
class Line:
    """One line: where it stands (``jobs.jsonl, line 3``), its picture, and its options by their names."""

    place: str
    found: Found
    options: Mapping[str, Option]


def read_job_file(text: str) -> list[Line]:
    """Read a job file.

    Each line is an object with the path of the ``picture``, told from the file's folder, and options of `generate` by
    their names: ``{"picture": "cups/red.jpg", "quality": "high", "faces": 50000, "fix": ["expose"]}``. Empty lines are
    skipped.

    Raises
    ------
    MaquetteError
        With the number of the first line that is wrong, or that names a picture once more.
    """
    path = Path(os.path.abspath(text))
    if not path.is_file():
        raise MaquetteError(f"The job file {text} is no file that can be read: check the path.")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MaquetteError(f"The job file {text} cannot be read ({error}): save it as UTF-8.") from error
    lines: list[Line] = []
    places: dict[Path, str] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            place = f"{path.name}, line {number}"
            one = _line(line, place, path.parent)
            earlier = places.setdefault(one.found.path, place)
            if earlier != place:
                raise MaquetteError(f"{place}: {one.found.source} stands in {earlier} already; take one of them out.")
            lines.append(one)
    return lines


def _line(line: str, place: str, folder: Path) -> Line:
    try:
        values: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MaquetteError(f"{place}: this is no JSON ({error}); write one object on each line.") from None
    if not isinstance(values, dict):
        raise MaquetteError(f'{place}: this is no object; write {{"picture": "cup.jpg"}}, say.')
    options = dict(cast("dict[str, object]", values))
    picture = options.pop("picture", None)
    if not isinstance(picture, str) or not picture or "\0" in picture:
        raise MaquetteError(f'{place}: there is no picture; write {{"picture": "cup.jpg"}}, say.')
    for name, value in options.items():
        if not _is_option(value):
            raise MaquetteError(f"{place}: {name} cannot be {json.dumps(value)[:60]}; give a text, a number or a list.")
    path = Path(os.path.abspath(folder / picture))
    root = folder if folder in path.parents else path.parent
    return Line(place, Found(picture, path, root), cast("dict[str, Option]", options))


def _is_option(value: object) -> bool:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in items)

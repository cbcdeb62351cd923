"""One line of a batch's manifest: what became of one picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from ..errors import OutputError

__all__ = ["Entry", "State", "now", "parse_entry"]

State = Literal["done", "refused", "failed"]
"""*refused*: there is no mesh of this picture, or none that meets the gates. *failed*: trying again may help."""

_TEXTS = ("picture", "source", "key", "time", "version")
_LISTS = ("models", "outputs", "unmet", "notes")
_MAPPINGS = ("settings", "seconds")


@dataclass(frozen=True)
class Entry:
    """What became of one picture; the fields are those of the JSON object.

    ``picture``: its path below the folder given as input, with ``/``; no two entries share it. ``source``: the file, as
    it was given. ``key``: a hash of the picture's content, the settings, the networks and Maquette's version.
    ``time``: when it was done, UTC, as ``2026-05-04T03:02:01.000Z``. ``settings``, ``models``, ``mesh``, ``notes``: as
    in the report of `generate`; ``mesh`` is None where there is none. ``seconds``: of each step, and as ``total`` from
    the picture's start to its end, all attempts together. ``outputs``: the files, the first mesh format first, the
    report last; with ``preview`` among them, or None. They are relative to the manifest's folder, with ``/``.
    ``error``: one sentence, or None. ``exit_code``: what `generate` would have returned. ``unmet``: the gates that the
    mesh does not meet, as typed.
    """

    picture: str
    source: str
    state: State
    key: str
    time: str
    version: str
    settings: Mapping[str, Any]
    models: Sequence[Mapping[str, str]]
    seconds: Mapping[str, float]
    mesh: Mapping[str, Any] | None
    outputs: Sequence[str]
    preview: str | None
    error: str | None
    exit_code: int
    attempts: int
    unmet: Sequence[str]
    notes: Sequence[str]

    def line(self) -> bytes:
        """The JSON object as one line, with its end. Plain ASCII, so that any name of a file survives."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


def now() -> str:
    """The time as an entry has it; later times sort later."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_entry(line: bytes) -> Entry:
    """Read one line; fields that are not known are left out.

    Raises
    ------
    OutputError
        If it is no whole entry.
    """
    try:
        values = json.loads(line)
        entry = Entry(**{field.name: values[field.name] for field in fields(Entry)})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise OutputError(
            f"A line of the manifest is damaged ({type(error).__name__}): run again with --resume."
        ) from None
    if not _is_sound(entry):
        raise OutputError("A line of the manifest has a field of the wrong type: run again with --resume.")
    return entry


def _is_sound(entry: Entry) -> bool:
    """Whether the fields have the types that they must have."""
    values = asdict(entry)
    return (
        all(isinstance(values[name], str) for name in _TEXTS)
        and all(isinstance(values[name], list) for name in _LISTS)
        and all(isinstance(values[name], dict) for name in _MAPPINGS)
        and all(isinstance(item, str) for name in ("outputs", "unmet", "notes") for item in values[name])
        and entry.state in get_args(State)
        and all(isinstance(values[name], int) for name in ("exit_code", "attempts"))
        and all(isinstance(values[name], str | None) for name in ("preview", "error"))
        and isinstance(values["mesh"], dict | None)
    )

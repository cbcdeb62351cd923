"""Cards as text: TOML of the kind that cards are written in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..errors import ModelError

__all__ = ["write_table"]


def write_table(table: Mapping[str, Any]) -> str:
    """Return TOML that reads as the same table: strings, numbers, truth values, lists of them, and tables.

    Raises
    ------
    ModelError
        For anything else, such as a date.
    """
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    own = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{'.'.join(map(_text, path))}]"] if path and (own or not table) else []
    lines += [f"{_text(key)} = {_value(value)}" for key, value in own.items()]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _lines(cast(Mapping[str, Any], value), (*path, key))
    return lines


def _text(text: str) -> str:
    # JSON's strings are TOML's, but for one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(one) for one in cast(Sequence[object], value))}]"
    raise ModelError(f"A card cannot hold what Python calls {type(value).__name__}; leave it out.")

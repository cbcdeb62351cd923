"""Gates: what a mesh must meet, such as ``watertight,faces<=20000``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from ..contracts import MeshReport
from ..errors import MaquetteError

__all__ = ["FIELDS", "Action", "Gate", "parse_gates", "unmet_gates"]

Action = Literal["refuse", "mark"]
"""What happens to a mesh that does not meet a gate: no mesh is written, or it is written and marked."""

_FLAGS = tuple(field.name for field in fields(MeshReport) if field.type == "bool")
_AXES = ("width", "depth", "height")
FIELDS = (*(field.name for field in fields(MeshReport)), *_AXES)
"""What gates can ask for: the fields of the mesh report, and its dimensions one by one: X, Y and Z in metres."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_GATE = re.compile(r"(!?)\s*([a-z_]+)\s*(?:(<=|>=|==|!=|=|<|>)\s*([-+.\w]+))?", re.ASCII)


@dataclass(frozen=True)
class Gate:
    """One requirement, ``text`` as typed: a yes-or-no field that must be ``wanted``, or a number compared to it."""

    text: str
    field: str
    compare: str
    wanted: float

    def meets(self, mesh: Mapping[str, Any]) -> bool:
        """Whether a mesh report meets it. ``dimensions`` means each of the three."""
        if self.field in _AXES:
            values = [mesh["dimensions"][_AXES.index(self.field)]]
        else:
            value = mesh[self.field]
            values = list(value) if self.field == "dimensions" else [value]
        return all(_COMPARE[self.compare](float(value), self.wanted) for value in values)


def parse_gates(text: str) -> tuple[Gate, ...]:
    """Read a list of gates with commas between them; an empty text has none.

    Raises
    ------
    MaquetteError
        One sentence on the first that cannot be understood.
    """
    parts = [part.strip() for part in text.split(",")]
    return tuple(_parse(part) for part in parts if part)


def _parse(text: str) -> Gate:
    found = _GATE.fullmatch(text)
    if found is None:
        raise MaquetteError(f"The gate {text!r} is not understood: write watertight, faces<=20000 or the like.")
    negated, name, compare, number = found.groups()
    if name not in FIELDS:
        raise MaquetteError(f"The gate {text!r} asks for no known figure: choose one of {', '.join(FIELDS)}.")
    if name in _FLAGS:
        if compare:
            raise MaquetteError(f"The gate {text!r} compares a yes or no: write {name} or !{name}.")
        return Gate(text, name, "==", 0.0 if negated else 1.0)
    if negated or not compare:
        raise MaquetteError(f"The gate {text!r} needs a number to compare with: write {name}<=100, say.")
    return Gate(text, name, compare, _number(text, number))


def _number(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MaquetteError(f"The gate {text!r} compares with {number!r}, which is no number: write 20000 or 0.5.")
    return value


def unmet_gates(gates: Sequence[Gate], mesh: Mapping[str, Any]) -> list[str]:
    """The gates that a mesh report does not meet, as typed."""
    return [gate.text for gate in gates if not gate.meets(mesh)]

"""One line of the picture check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...contracts import Fix

__all__ = ["Finding", "Level", "level_of"]

Level = Literal["good", "fair", "poor"]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    ``line`` names the check ("Sharpness"), ``value`` is what was measured in ``unit``, ``text`` says it in words for
    the user with advice where there is some, ``fix`` names what would mend it: a fix, or "choose" where one of several
    things is to be chosen (`Settings.subject`); or is empty.
    """

    line: str
    level: Level
    value: float
    unit: str
    text: str
    fix: Fix | Literal["choose", ""] = ""


def level_of(value: float, fair: float, poor: float) -> Level:
    """The level of a value that is good below ``fair`` and poor from ``poor`` on; the other way round where poor is
    the smaller."""
    sign = 1.0 if poor >= fair else -1.0
    return "poor" if sign * value >= sign * poor else "fair" if sign * value >= sign * fair else "good"

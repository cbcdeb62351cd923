"""Cleaning as the worker does it: an action's name and options in, checked, the cleaned mesh out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from .errors import CancelledError, MaquetteError
from .geometry.repair.chain import Cancelled, Progress, clean_up, make_solid
from .geometry.repair.cleaned import Cleaned, Step
from .geometry.repair.polygons import Polygons
from .geometry.repair.prepare import drop_invalid
from .geometry.repair.union import resolve_self_intersections

__all__ = ["ACTIONS", "check_options", "run"]

Action: TypeAlias = Callable[..., Cleaned]


def _resolve_intersections(mesh: Polygons, *, progress: Progress, cancelled: Cancelled) -> Cleaned:
    """Unite the closed parts that pass through each other."""
    progress("Uniting bodies", 0.0)
    if cancelled():
        raise CancelledError("Stopped; the mesh is as it was.")
    sound = drop_invalid(mesh)
    united = resolve_self_intersections(sound)
    if united is sound:
        return Cleaned(mesh)
    note = f"{sound.n_faces:,} faces became {united.n_faces:,}"
    return Cleaned(united, (Step("Resolve intersections", note),))


ACTIONS: MappingProxyType[str, Action] = MappingProxyType(
    {"clean_up": clean_up, "make_solid": make_solid, "resolve_intersections": _resolve_intersections}
)
"""What can be asked for, by name; the options are the function's other keyword arguments."""

_OURS = {"progress", "cancelled"}


def run(mesh: Polygons, action: str, options: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> Cleaned:
    """Do one action; it is told of by ``progress`` and stopped by ``cancelled``.

    Raises
    ------
    MaquetteError
        If the action or an option is not known, or of the steps taken (MeshError) if the mesh cannot be worked on.
    """
    check_options(action, options)
    return ACTIONS[action](mesh, progress=progress, cancelled=cancelled, **options)


def check_options(action: str, options: Mapping[str, Any]) -> None:
    """Refuse an action that there is not, and options it does not have or whose values are of another kind.

    Raises
    ------
    MaquetteError
        One sentence naming the first of them.
    """
    if action not in ACTIONS:
        raise MaquetteError(f"There is no cleaning called {action!r}; choose one of {', '.join(ACTIONS)}.")
    taken = inspect.signature(ACTIONS[action]).parameters
    for name, value in options.items():
        known = taken.get(name)
        if name in _OURS or known is None or known.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise MaquetteError(f"{action} has no option called {name!r}.")
        if not _fits(value, known.default):
            raise MaquetteError(f"{name} cannot be {value!r}; it is a {type(known.default).__name__} not below zero.")


def _fits(value: Any, default: Any) -> bool:
    """Whether a value may stand in for a default: switches and text of its type, numbers finite and not negative."""
    if isinstance(default, bool | str):
        return type(value) is type(default)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(default, int):
        return whole and value >= 0
    return (whole or isinstance(value, float)) and math.isfinite(value) and value >= 0

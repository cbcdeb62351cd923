"""What cleaning gives: the mesh, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

from .polygons import Polygons

__all__ = ["Cleaned", "Step"]


@dataclass(frozen=True)
class Step:
    """One step that was taken: its ``name``, and a ``note`` on what it changed, one phrase for the user."""

    name: str
    note: str


@dataclass(frozen=True)
class Cleaned:
    """A cleaned mesh, the steps that made it, and a sentence on each thing that is still not as it should be."""

    mesh: Polygons
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()

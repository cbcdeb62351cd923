"""What comes of a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from ...contracts import MeshArrays

__all__ = ["Drawn"]


@dataclass(frozen=True)
class Drawn:
    """A closed mesh in the object frame, and sentences for the user on what was left out or taken for what."""

    mesh: MeshArrays
    notes: tuple[str, ...] = ()

"""How fine a mesh has to be for the detail that a sculptor asks for."""

from __future__ import annotations

import math

__all__ = ["MOST_FACES", "edge_length", "levels_needed", "side_length"]

MOST_FACES = 8_000_000
"""More faces than this are not made by subdividing: Blender needs about 200 bytes for each while sculpting."""


def levels_needed(n_corners: int, target: int) -> tuple[int, int]:
    """The levels of subdivision after which a mesh has at least the faces wanted, within `MOST_FACES`.

    The first level makes a quad of each face corner, each further one four of a quad.

    Returns the levels, 0 where the first alone would be too many, and the faces then.
    """
    if n_corners > MOST_FACES:
        return 0, 0
    levels, faces = 1, n_corners
    while faces < target and faces * 4 <= MOST_FACES:
        levels, faces = levels + 1, faces * 4
    return levels, faces


def side_length(area: float, faces: int) -> float:
    """The side of the squares of which ``faces`` cover an area."""
    return math.sqrt(area / max(faces, 1))


def edge_length(area: float, faces: int) -> float:
    """The edge of the equilateral triangles of which ``faces`` cover an area."""
    return math.sqrt(4 / math.sqrt(3) * area / max(faces, 1))

"""Which openings of a surface are holes, to be closed without asking, and which are its rims."""

from __future__ import annotations

import numpy as np

from ..arrays import Points
from .holes import fill_loops, find_holes
from .loops import Loop
from .polygons import Polygons
from .prepare import diagonal

__all__ = ["close_holes"]

_LARGEST = 0.51
"""A hole is no larger than this share of the area of its part: half a ball is still a ball, a sheet is a sheet."""
_SMALL = 0.15
"""Up to this share of the area, an opening is a hole whatever its shape."""
_SHORT = 0.3
"""And so it is if its rim is no longer than this share of the box's diagonal."""
_FLAT = 0.1
"""Larger openings are holes if their rims lie in a plane: within this share of their width, on average."""


def close_holes(mesh: Polygons) -> Polygons:
    """Close what looks like damage or a missing side; leave open what looks like the rim of a sheet.

    Parameters
    ----------
    mesh : Polygons
        Wound consistently, with at most two faces at an edge.
    """
    loops = find_holes(mesh)
    if not loops:
        return mesh
    part = mesh.parts
    area = np.bincount(part, mesh.areas)
    short = _SHORT * diagonal(mesh)
    return fill_loops(
        mesh, [loop for loop in loops if _is_hole(loop, float(area[part[mesh.owner[loop.sides[0]]]]), short)]
    )


def _is_hole(loop: Loop, area: float, short: float) -> bool:
    offset = loop.points - loop.points.mean(axis=0)
    normal = 0.5 * np.cross(offset, np.roll(offset, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(normal))  # of the opening, seen along its axis
    if size > _LARGEST * area:
        return False
    return size <= _SMALL * area or loop.length <= short or _unevenness(offset, normal) <= _FLAT * np.sqrt(size)


def _unevenness(offset: Points, normal: Points) -> float:
    """How far points lie from a plane through their middle, on average."""
    height = offset @ normal / max(float(np.linalg.norm(normal)), 1e-300)
    return float(np.sqrt((height**2).mean()))

"""Which openings of a surface are holes, to be closed without asking, and which are its rims."""

from __future__ import annotations

import numpy as np

from ..arrays import Points
from .fill import span_loop
from .holes import fill_loops, find_holes
from .loops import Loop
from .polygons import Polygons

__all__ = ["close_holes"]

_SMALL = 0.1
"""An opening no larger than this share of the area of its part is a hole without further question."""
_ANY_SHAPE = 0.35
"""Up to this share of the area of its part, an opening is a hole whatever its shape."""
_PLANE = 0.51
"""And up to this one if its rim is plane: half a ball is still a ball, but a sheet is a sheet."""
_SMALL_PART = 0.2
"""Parts with at most this share of the whole area, as eyes and lids are, may be open as wide as any plane rim."""
_UNEVEN = 0.05
"""A rim is plane when its points lie within this share of its width from a plane, on average."""
_SHEET = 1e-3
"""A part that reaches less far from its rim's plane, as a share of the rim's width, is a sheet."""


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
    area = np.bincount(mesh.parts, mesh.areas)
    chosen: list[Loop] = []
    for loop in loops:
        part = int(mesh.parts[mesh.owner[loop.sides[0]]])
        whole = float(area[part])
        size = _size(loop)
        if size <= _SMALL * whole or (
            _is_hole(loop, size / whole, whole <= _SMALL_PART * float(area.sum())) and not _is_sheet(mesh, part, loop)
        ):
            chosen.append(loop)
    return fill_loops(mesh, chosen)


def _size(loop: Loop) -> float:
    """The area of what would close an opening."""
    a, b, c = loop.points[span_loop(loop.points)].transpose(1, 0, 2)
    return 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


def _is_hole(loop: Loop, share: float, small_part: bool) -> bool:
    """Whether an opening with that share of its part's area is a hole."""
    if share <= _ANY_SHAPE:
        return True
    offset, normal = _facing(loop)
    uneven = float(np.sqrt(((offset @ normal) ** 2).mean()))
    plane = uneven <= _UNEVEN * np.sqrt(_size(loop))
    return plane and share <= (1.0 if small_part else _PLANE)


def _is_sheet(mesh: Polygons, part: int, loop: Loop) -> bool:
    """Whether the part lies in the plane of its rim, so that closing it would enclose nothing."""
    offset, normal = _facing(loop)
    corners = mesh.corners[mesh.parts[mesh.owner] == part]
    height = (mesh.points[corners] - loop.points.mean(axis=0)) @ normal
    return float(np.ptp(height)) <= _SHEET * float(np.abs(offset).max())


def _facing(loop: Loop) -> tuple[Points, Points]:
    """The rim about its middle, and the unit normal of the plane it fits best."""
    offset = loop.points - loop.points.mean(axis=0)
    normal = np.cross(offset, np.roll(offset, -1, axis=0)).sum(axis=0)
    return offset, normal / max(float(np.linalg.norm(normal)), 1e-300)

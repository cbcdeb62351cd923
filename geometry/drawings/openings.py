"""Doors, windows and passages: the gaps between the ends of walls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...contracts import Float, Mask
from ..arrays import Points
from ..filters import sample
from .contours import Loops
from .straighten import turn

__all__ = ["Opening", "find_openings"]

_NARROWEST_M, _WIDEST_M = 0.3, 4.0
_WIDEST_DOOR_M = 1.9
"""Wider gaps without the lines of a window are passages up to the ceiling."""
_THICKEST_END_M = 0.55
_INKED = 0.3
"""The mean ink along a line of a window, which may be thinner than a pixel."""
_SNAP = 0.35
"""A corner across is meant when it is within this share of the wall's thickness."""


@dataclass(frozen=True)
class Opening:
    """A gap in a wall.

    ``near``: the side of the outlines that is the wall's end, from its first point a to its second b. ``far``: the side
    across. ``corners`` float64 [4, 2]: a, b, and the places across from b and from a, on the far side.
    """

    kind: Literal["door", "window", "passage"]
    near: int
    far: int
    corners: Points


def find_openings(loops: Loops, ink: Float, angle: float, metres_per_pixel: float) -> list[Opening]:
    """Find the gaps that walls end at.

    Parameters
    ----------
    loops : outlines of walls, straightened, turned by ``-angle`` from the drawing
    ink : float32 [H, W] in 0..1, of the drawing
    angle : in radians
    metres_per_pixel : scale

    Returns
    -------
    list of Opening
        A gap with two or more lines along it, or a broad one, is a window; another one a door or, when wider, a
        passage. Each gap comes once.
    """
    way = loops.points[loops.after] - loops.points
    length = np.linalg.norm(way, axis=1)
    ends = np.flatnonzero(_is_end(loops, way) & (length * metres_per_pixel < _THICKEST_END_M))
    found: list[Opening] = []
    taken: set[int] = set()
    for near in ends[np.argsort(length[ends])].tolist():
        if near in taken:
            continue
        hit = _across(loops, way, length, near, metres_per_pixel)
        if hit is None or hit[0] in taken:
            continue
        far, corners = hit
        kind = _kind(corners, ink, angle, metres_per_pixel)
        found.append(Opening(kind, near, far, corners))
        taken.add(near)
        if far in ends:
            taken.add(far)
    return found


def _is_end(loops: Loops, way: Points) -> Mask:
    """Sides that turn the same way, outwards, at both of their ends: bool [N]."""
    before = way[loops.before]
    convex = before[:, 0] * way[:, 1] - before[:, 1] * way[:, 0] > 0.5 * np.linalg.norm(
        before, axis=1
    ) * np.linalg.norm(way, axis=1)
    return convex & convex[loops.after]


def _across(loops: Loops, way: Points, length: Points, near: int, metres_per_pixel: float) -> tuple[int, Points] | None:
    """The side that a wall's end faces, and the corners of the gap."""
    along = way[near] / length[near]
    outward = np.array([along[1], -along[0]])
    a, b = loops.points[near], loops.points[loops.after[near]]
    hits = [_ray(loops, way, a + share * (b - a), outward) for share in (0.15, 0.5, 0.85)]
    distances = [hit[1] for hit in hits]
    gap = distances[1] * metres_per_pixel
    if not _NARROWEST_M <= gap <= _WIDEST_M or max(distances) - min(distances) > 0.1 * length[near] + 1.0:
        return None
    far = hits[1][0]
    # Sides across must face back.
    if far == near or float(way[far] @ along) > -0.98 * length[far]:
        return None
    corners = np.stack([a, b, *(_landing(loops, way, length[near], far, point) for point in (b, a))])
    if float((corners[2] - corners[3]) @ along) < 0.5 * length[near]:
        return None
    return far, corners


def _ray(loops: Loops, way: Points, origin: Points, direction: Points) -> tuple[int, float]:
    """The first side that a ray meets, and how far away."""
    to = loops.points - origin
    sine = direction[0] * way[:, 1] - direction[1] * way[:, 0]
    safe = np.where(np.abs(sine) > 1e-9, sine, 1.0)
    distance = (to[:, 0] * way[:, 1] - to[:, 1] * way[:, 0]) / safe
    share = (to[:, 0] * direction[1] - to[:, 1] * direction[0]) / safe
    met = (np.abs(sine) > 1e-9) & (distance > 0.5) & (share >= 0) & (share <= 1)
    distance = np.where(met, distance, np.inf)
    nearest = int(distance.argmin())
    return nearest, float(distance[nearest])


def _landing(loops: Loops, way: Points, thickness: float, far: int, point: Points) -> Points:
    """Where a corner of the end lands on the far side: at one of its ends when near."""
    c, d = loops.points[far], loops.points[loops.after[far]]
    share = float((point - c) @ way[far] / (way[far] @ way[far]))
    at = c + min(max(share, 0.0), 1.0) * way[far]
    for corner in (c, d):
        if np.linalg.norm(at - corner) < _SNAP * thickness:
            return corner
    return at


def _kind(corners: Points, ink: Float, angle: float, metres_per_pixel: float) -> Literal["door", "window", "passage"]:
    """Tell by the ink within a gap what it is."""
    a, b, c, d = corners
    thickness, gap = float(np.linalg.norm(b - a)), float(np.linalg.norm(d - a))
    across = np.arange(-0.15 * thickness - 1.0, 1.15 * thickness + 1.0, 0.5) / thickness
    through = np.linspace(0.12, 0.88, max(int(0.76 * gap), 8))
    start = a + across[:, None] * (b - a)
    stop = d + across[:, None] * (c - d)
    places = turn(start[:, None] + through[:, None] * (stop - start)[:, None], angle).reshape(-1, 2)
    x, y = places.astype(np.float32).T
    dark = sample(ink, x, len(ink) - y).reshape(len(across), len(through))
    line = dark.mean(axis=1) > _INKED
    n_lines = int(np.count_nonzero(np.diff(line.astype(np.int8), prepend=0) == 1))
    if n_lines >= 2 or line.mean() > 0.4:
        return "window"
    return "door" if gap * metres_per_pixel <= _WIDEST_DOOR_M else "passage"

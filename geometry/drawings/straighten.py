"""Walls made straight: outlines along two axes where they nearly are, other directions kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points
from .contours import Loops, signed_areas
from .crossings import touching_links
from .simplify import UNIT, to_units

__all__ = ["main_direction", "straighten", "turn"]

_SKEW = math.radians(6)
"""Sides this near to an axis are meant to be along it."""
_SHORT_SKEW = math.radians(20)
"""And those shorter than one and a half times a wall's thickness, such as its ends, this near."""
_TINY = 0.25
"""Sides along no axis that are shorter than this share of it mean nothing."""
_STUB = 0.35
"""What sticks out on a base narrower than this share of it, by up to twice as much, is the rest of a thin line."""
_SAME = 0.1
"""Walls in line with each other differ by less than this share of their thickness."""


def main_direction(loops: Loops) -> float:
    """The angle in radians, -pi / 4 to pi / 4, by which most walls are turned from the axes."""
    way = loops.points[loops.after] - loops.points
    weight = (way * way).sum(axis=1)
    angle = 4.0 * np.arctan2(way[:, 1], way[:, 0])
    rough = math.atan2(float(weight @ np.sin(angle)), float(weight @ np.cos(angle)))
    near = np.abs(np.angle(np.exp(1j * (angle - rough)))) < 4 * _SKEW
    weight = weight * near
    return math.atan2(float(weight @ np.sin(angle)), float(weight @ np.cos(angle))) / 4.0


def turn(points: Points, angle: float) -> Points:
    """Turn points [..., 2] about the origin, counter-clockwise."""
    c, s = math.cos(angle), math.sin(angle)
    return points @ np.array([[c, s], [-s, c]])


@dataclass(frozen=True)
class _Sides:
    """Of every side: ``axis`` 0 along X, 1 along Y, 2 in another direction; ``level`` on the other axis.

    ``tiny``: short and along no axis, as what is left of lines that meet a wall.
    """

    axis: Indices
    level: Points
    tiny: Mask


def straighten(loops: Loops, thickness: float) -> Loops:
    """Lay sides along the axes that are nearly so, those in line with each other at one level.

    Parameters
    ----------
    loops : turned so that most walls are along the axes
    thickness : of typical walls, in pixels

    Returns
    -------
    Loops
        On whole units; loops that would touch another stay as they are.
    """
    plain = _parts(loops)
    trimmed = _without_stubs(loops, thickness)
    sides = _classified(trimmed, thickness)
    bounds = zip(trimmed.first[:-1].tolist(), trimmed.first[1:].tolist(), strict=True)
    parts = [_loop(trimmed, sides, begin, end) for begin, end in bounds]
    parts = [part if len(part) >= 3 else before for part, before in zip(parts, plain, strict=True)]
    while True:
        result = _joined(parts)
        touching = touching_links(to_units(result.points), result.links)
        turned = signed_areas(result) * signed_areas(loops) <= 0
        bad = np.concatenate([result.owner[touching], np.flatnonzero(turned)]).tolist()
        bad = {k for k in bad if parts[k] is not plain[k]}
        if not bad:
            return result
        parts = [plain[k] if k in bad else part for k, part in enumerate(parts)]


def _parts(loops: Loops) -> list[Points]:
    """The points of each loop."""
    return [loops.points[begin:end] for begin, end in zip(loops.first[:-1], loops.first[1:], strict=True)]


def _without_stubs(loops: Loops, thickness: float) -> Loops:
    """Drop the tips of thin lines that end at a wall: points out on a base much narrower than walls are."""
    for _ in range(2):
        before, after = loops.points[loops.before], loops.points[loops.after]
        base = np.linalg.norm(after - before, axis=1)
        out = np.linalg.norm(loops.points - (before + after) / 2, axis=1)
        stub = (base < _STUB * thickness) & (out < 2 * _STUB * thickness)
        stub &= ~stub[loops.before]
        kept = loops.sizes - np.bincount(loops.owner[stub], minlength=len(loops.sizes))
        stub &= (kept >= 4)[loops.owner]
        sizes = loops.sizes - np.bincount(loops.owner[stub], minlength=len(loops.sizes))
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
        loops = Loops(loops.points[~stub], first)
    return loops


def _classified(loops: Loops, thickness: float) -> _Sides:
    way = loops.points[loops.after] - loops.points
    length = np.linalg.norm(way, axis=1)
    angle = np.arctan2(way[:, 1], way[:, 0])
    quarter = np.rint(angle / (math.pi / 2))
    off = np.abs(angle - quarter * (math.pi / 2))
    straight = off < np.where(length < 1.5 * thickness, _SHORT_SKEW, _SKEW)
    axis = np.where(straight, quarter.astype(np.int64) % 2, 2)
    middle = (loops.points + loops.points[loops.after]) / 2
    level = np.where(axis == 0, middle[:, 1], middle[:, 0])
    for one in (0, 1):
        some = np.flatnonzero(axis == one)
        order = some[np.argsort(level[some])]
        if len(order):
            apart = np.diff(level[order], prepend=level[order[0]]) > max(_SAME * thickness, 0.5)
            group = np.cumsum(apart)
            weight = np.bincount(group, length[order])
            level[order] = (np.bincount(group, length[order] * level[order]) / weight)[group]
    return _Sides(axis, level, (axis == 2) & (length < _TINY * thickness))


def _loop(loops: Loops, sides: _Sides, begin: int, end: int) -> Points:
    """The corners of one loop with its sides laid straight."""
    used = [k for k in range(begin, end) if not sides.tiny[k]]
    corners: list[tuple[float, float]] = []
    for place, k in enumerate(used):
        corners += _corner(loops, sides, used[place - 1], k)
    kept = [c for k, c in enumerate(corners) if c != corners[k - 1]]
    # Corners without a turn are no corners.
    found = np.array(kept, np.float64).reshape(-1, 2)
    if len(found) < 3:
        return found
    one, other = found - np.roll(found, 1, axis=0), np.roll(found, -1, axis=0) - found
    return found[np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) > 1.0 / UNIT]


def _corner(loops: Loops, sides: _Sides, before: int, here: int) -> list[tuple[float, float]]:
    """Where two following sides meet; two corners where both run along one axis at different levels."""
    a, b = int(sides.axis[before]), int(sides.axis[here])
    x, y = loops.points[here].tolist()
    if a == b and a < 2:
        one, other = float(sides.level[before]), float(sides.level[here])
        pair = [(x, one), (x, other)] if a == 0 else [(one, y), (other, y)]
        return [] if one == other else [_whole(*corner) for corner in pair]
    if {a, b} == {0, 1}:
        levels = {a: float(sides.level[before]), b: float(sides.level[here])}
        return [_whole(levels[1], levels[0])]
    if a == b == 2:
        return [_whole(x, y)]
    slanted, straight = (before, here) if a == 2 else (here, before)
    p, q = loops.points[slanted], loops.points[loops.after[slanted]]
    across = 1 - int(sides.axis[straight])
    rise = float(q[across] - p[across])
    share = (float(sides.level[straight]) - float(p[across])) / rise if abs(rise) > 1e-9 else 0.0
    at = (p + share * (q - p)).tolist()
    if math.hypot(at[0] - x, at[1] - y) > 0.5 * math.hypot(*(q - p)):
        at = [x, y]
    at[across] = float(sides.level[straight])
    return [_whole(*at)]


def _whole(x: float, y: float) -> tuple[float, float]:
    """A place on whole units."""
    return round(x * UNIT) / UNIT, round(y * UNIT) / UNIT


def _joined(parts: list[Points]) -> Loops:
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(part) for part in parts], dtype=np.int64)])
    return Loops(np.concatenate(parts), first)

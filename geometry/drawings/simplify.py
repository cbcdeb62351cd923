"""Outlines with few points: straight where the drawing is, sharp at its corners, smooth around its curves."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points
from .contours import Loops
from .crossings import touching_links

__all__ = ["CUT_OFF", "UNIT", "simplify_loops", "to_units"]

UNIT = 1024
"""Whole units in a pixel, for exact tests."""
_PARALLEL = 0.08
"""Sine of the angle below which two sides have no corner to speak of between them."""
_FARTHEST = 3.0
"""Corners sharper than a pixel are found at most so many pixels beyond the traced outline."""
CUT_OFF = 1.6
"""What the pixels cut off a corner is no longer than this, in pixels."""
_ATTEMPTS = 4


def to_units(points: Points) -> Indices:
    """Points in whole units: int64, of the same shape."""
    return np.rint(points * UNIT).astype(np.int64)


def simplify_loops(loops: Loops, tolerance: float, cut_off: float = CUT_OFF) -> Loops:
    """Replace traced outlines by polygons through few points.

    Points are chosen by D. H. Douglas and T. K. Peucker's method (1973); then each side becomes the line that fits the
    traced points along it best, and neighbours are cut where they meet, so corners that the pixels had rounded are
    sharp again and curves keep their area. Loops that would touch are simplified less, down to the traced points.

    Parameters
    ----------
    loops : as traced, neither crossing nor touching
    tolerance : how far, in pixels, a traced point may lie from its side
    cut_off : one or two sides up to this length, between sides twice as long, are a corner cut off and made sharp

    Returns
    -------
    Loops
        As many loops, on whole units, without any contact.
    """
    limit = np.full(len(loops.first) - 1, tolerance)
    simple = _simplified(loops, limit, limit > 0, cut_off)
    for attempt in range(_ATTEMPTS):
        touching = _touching_loops(simple)
        if not touching.any():
            break
        limit[touching] = 0.0 if attempt >= 2 else limit[touching] / 4
        simple = _simplified(loops, limit, limit >= tolerance / 4, cut_off)
    return simple


def _touching_loops(loops: Loops) -> Mask:
    """Loops that touch themselves or each other, or have turned over, bool [L]."""
    units = to_units(loops.points)
    found = np.zeros(len(loops.first) - 1, np.bool_)
    found[loops.owner[touching_links(units, loops.links)]] = True
    return found


def _simplified(loops: Loops, limit: Points, fitted: Mask, cut_off: float) -> Loops:
    """One attempt: ``limit`` [L] in pixels, and whether sides are fitted."""
    turned = _turned(loops)
    # Each loop with its first point again at its end.
    stop = turned.first[1:] + np.arange(len(limit), dtype=np.int64)
    closed = np.insert(turned.points, turned.first[1:], turned.points[turned.first[:-1]], axis=0)
    keep = _knots(closed, stop, np.repeat(limit, turned.sizes + 1))
    knot = np.flatnonzero(keep)
    sizes = np.add.reduceat(keep.astype(np.int64), np.concatenate([np.zeros(1, np.int64), stop[:-1] + 1])) - 1
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    owner = np.repeat(np.arange(len(limit), dtype=np.int64), sizes + 1)
    begin = knot[:-1][owner[1:] == owner[:-1]]
    end = knot[1:][owner[1:] == owner[:-1]]
    plain = Loops(closed[begin], first)
    middle, direction = _lines(closed, begin, end)
    chosen = np.repeat(fitted, sizes)
    stays = ~(_rounded_off(plain, middle, direction, cut_off) & chosen)
    sizes = np.add.reduceat(stays.astype(np.int64), first[:-1])
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    plain, chosen = Loops(plain.points[stays], first), chosen[stays]
    moved = _cut(plain, middle[stays], direction[stays])
    points = np.where(chosen[:, None], moved, plain.points)
    return Loops(np.rint(points * UNIT) / UNIT, first)


def _rounded_off(plain: Loops, middle: Points, direction: Points, cut_off: float) -> Mask:
    """Sides that are only what the pixels cut off a corner: one or two short ones between long ones, [N]."""
    after, before = plain.after, plain.before
    length = np.linalg.norm(plain.points[after] - plain.points, axis=1)
    short, long = length < cut_off, length > 2 * cut_off
    single = short & long[before] & long[after]
    double = short & long[before] & short[after] & long[after[after]]
    found = np.zeros(len(length), np.bool_)
    for some, beyond in ((np.flatnonzero(single), after), (np.flatnonzero(double), after[after])):
        corner, sine = _meeting(middle, direction, before[some], beyond[some])
        near = np.linalg.norm(corner - plain.points[after[some]], axis=1) < max(_FARTHEST, cut_off)
        some = some[near & (np.abs(sine) > _PARALLEL)]
        found[some] = True
        if beyond is not after:
            found[after[some]] = True
    # A loop keeps at least three sides.
    kept = np.add.reduceat((~found).astype(np.int64), plain.first[:-1])
    return found & (kept >= 3)[plain.owner]


def _meeting(middle: Points, direction: Points, one: Indices, other: Indices) -> tuple[Points, Points]:
    """Where pairs of lines meet, [P, 2], and the sine of the angle between them."""
    m0, d0, m1, d1 = middle[one], direction[one], middle[other], direction[other]
    sine = d0[:, 0] * d1[:, 1] - d0[:, 1] * d1[:, 0]
    gap = m1 - m0
    reach = (gap[:, 0] * d1[:, 1] - gap[:, 1] * d1[:, 0]) / np.where(np.abs(sine) > 1e-9, sine, 1.0)
    return m0 + reach[:, None] * d0, sine


def _turned(loops: Loops) -> Loops:
    """Loops that start at their point farthest from the middle: a corner, where they have any."""
    middle = np.add.reduceat(loops.points, loops.first[:-1], axis=0) / loops.sizes[:, None]
    far = ((loops.points - middle[loops.owner]) ** 2).sum(axis=1)
    begin = _first_largest(far, loops.first[:-1])
    place = np.arange(len(far), dtype=np.int64) - loops.first[loops.owner]
    shift = (begin - loops.first[:-1])[loops.owner]
    at = loops.first[loops.owner] + (place + shift) % loops.sizes[loops.owner]
    return Loops(loops.points[at], loops.first)


def _first_largest(values: Points, first: Indices) -> Indices:
    """The place of the largest value in each run that starts at ``first``."""
    largest = np.maximum.reduceat(values, first)
    sizes = np.diff(np.append(first, len(values)))
    places = np.flatnonzero(values == np.repeat(largest, sizes))
    run = np.searchsorted(first, places, side="right") - 1
    return places[np.flatnonzero(np.diff(run, prepend=-1))]


def _knots(closed: Points, stop: Indices, limit: Points) -> Mask:
    """The points to keep, each loop's first and last among them; all loops are halved at a time."""
    keep = np.zeros(len(closed), np.bool_)
    keep[stop] = True
    keep[np.append(0, stop[:-1] + 1)] = True
    active = np.flatnonzero(~keep)
    least = 3  # splits that are made in any case, so that every loop keeps an area
    while len(active):
        knot = np.flatnonzero(keep)
        run = np.searchsorted(knot, active)
        distance = _distance(closed[active], closed[knot[run - 1]], closed[knot[run]])
        begin = np.flatnonzero(np.diff(run, prepend=-1))
        far = _first_largest(distance, begin)
        split = (distance[far] > limit[active[far]]) | (least > 1)
        keep[active[far[split]]] = True
        sizes = np.diff(np.append(begin, len(active)))
        stays = np.repeat(split, sizes)
        stays[far[split]] = False
        active = active[stays]
        least -= 1
    return keep


def _distance(points: Points, a: Points, b: Points) -> Points:
    """Distances of points from straight pieces."""
    way = b - a
    length = (way * way).sum(axis=1)
    offset = points - a
    share = np.clip((offset * way).sum(axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    return np.linalg.norm(offset - share[:, None] * way, axis=1)


def _lines(closed: Points, begin: Indices, end: Indices) -> tuple[Points, Points]:
    """The line that fits the points along each side best: a point of it and its unit direction, [N, 2] each."""
    count = end - begin + 1
    # Near corners the pixels round the outline off.
    trim = np.where(count >= 10, 2, np.where(count >= 6, 1, 0))
    low, high = begin + trim, end - trim + 1
    number = (high - low).astype(np.float64)[:, None]
    offset = closed - closed.mean(axis=0)
    x, y = offset.T
    sums = np.cumsum(np.stack([x, y, x * x, x * y, y * y], axis=1), axis=0)
    sums = np.concatenate([np.zeros((1, 5)), sums])
    mean = (sums[high] - sums[low]) / number
    middle = mean[:, :2]
    xx = mean[:, 2] - middle[:, 0] ** 2
    xy = mean[:, 3] - middle[:, 0] * middle[:, 1]
    yy = mean[:, 4] - middle[:, 1] ** 2
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    chord = closed[end] - closed[begin]
    short = high - low < 4
    length = np.linalg.norm(chord, axis=1, keepdims=True)
    direction = np.where(short[:, None], chord / np.maximum(length, 1e-9), direction)
    middle = np.where(short[:, None], (closed[begin] + closed[end]) / 2, middle + closed.mean(axis=0))
    return middle, direction


def _cut(plain: Loops, middle: Points, direction: Points) -> Points:
    """Where each side's line meets that of the side before, or next to the knot where they hardly differ."""
    before = plain.before
    corner, sine = _meeting(middle, direction, before, np.arange(len(before), dtype=np.int64))
    knot = plain.points
    nearest = (_foot(knot, middle[before], direction[before]) + _foot(knot, middle, direction)) / 2
    moved = np.linalg.norm(corner - knot, axis=1)
    chord = np.linalg.norm(plain.points[plain.after] - knot, axis=1)
    sharp = (np.abs(sine) > _PARALLEL) & (moved < np.minimum(_FARTHEST, np.minimum(chord, chord[before])))
    return np.where(sharp[:, None], corner, nearest)


def _foot(points: Points, middle: Points, direction: Points) -> Points:
    """The points of lines nearest to given points."""
    return middle + ((points - middle) * direction).sum(axis=1, keepdims=True) * direction

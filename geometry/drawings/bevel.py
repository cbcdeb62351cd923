"""Outlines moved inwards for a bevel, as far as the shape's width allows at each place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points, expand
from .contours import Loops
from .crossings import touching_links
from .simplify import UNIT, to_units

__all__ = ["inset_loops"]

_SHARE = 0.6
"""Of the radius of the largest disc that touches the outline at a point and fits in."""
_SLOPE = 0.5
"""How fast the width of the bevel may change along the outline."""
_LONGEST = 3.0
"""At sharp corners the inner outline lies at most so many times the width away."""
_NARROWER = 0.6
_ATTEMPTS = 24
_AT_ONCE = 1 << 20


def inset_loops(loops: Loops, width: float) -> tuple[Loops, Points] | None:
    """Move every point of the outlines inwards.

    Sides move in parallel by ``width`` where the shape is wide enough, and less elsewhere: no more than a share of the
    disc that fits in at each point, and less again where any of the quadrilaterals between both outlines would fold
    or meet another. So they and what is left inside cover the shape exactly once.

    Parameters
    ----------
    loops : as `simplify_loops` gives them
    width : in pixels

    Returns
    -------
    loops : Loops
        The outlines, with a point more on long sides where a narrow end must not narrow the bevel all along.
    inner : float64 [N, 2]
        Where their points move to. None in place of both where the outlines are too fine for any bevel.
    """
    wide = _widths(loops, width)
    if wide is not None:
        split = _split_sides(loops, wide, width)
        if len(split.points) > len(loops.points):
            loops, wide = split, _widths(split, width)
    return None if wide is None else (loops, loops.points + wide[:, None] * _mitres(loops))


def _split_sides(loops: Loops, wide: Points, width: float) -> Loops:
    """Put points on long sides, a little away from ends where the bevel is narrow."""
    way = loops.points[loops.after] - loops.points
    length = np.linalg.norm(way, axis=1)
    reach = width / _SLOPE
    narrow = wide < 0.8 * width
    long = length > 2.5 * reach
    near = np.flatnonzero(long & narrow)
    far = np.flatnonzero(long & narrow[loops.after])
    side = np.concatenate([near, far])
    share = np.concatenate([reach / length[near], 1.0 - reach / length[far]])
    order = np.lexsort((share, side))
    side, share = side[order], share[order]
    new = to_units(loops.points[side] + share[:, None] * way[side]) / UNIT
    sizes = loops.sizes + np.bincount(loops.owner[side], minlength=len(loops.sizes))
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    return Loops(np.insert(loops.points, side + 1, new, axis=0), first)


def _widths(loops: Loops, width: float) -> Points | None:
    """How wide the bevel may be at each point, float64 [N]."""
    mitre = _mitres(loops)
    length = np.linalg.norm(loops.points[loops.after] - loops.points, axis=1)
    room = _SHARE * _clearance(loops, mitre, width) / np.linalg.norm(mitre, axis=1)
    wide = _even(loops, np.minimum(room, width), length)
    links = loops.links
    spokes = np.stack([links[:, 0], links[:, 0] + len(links)], axis=1)
    graph = np.concatenate([links, links + len(links), spokes])
    for _ in range(_ATTEMPTS):
        units = to_units(np.concatenate([loops.points, loops.points + wide[:, None] * mitre]))
        bad = _folded(loops, units)
        bad |= bad[loops.before]
        if not bad.any():
            touching = touching_links(units, graph).reshape(3, -1)
            bad = touching.any(axis=0)
            bad |= bad[loops.before]
        if not bad.any():
            return wide
        wide[bad] *= _NARROWER
        wide = _even(loops, wide, length)
    return None


def _mitres(loops: Loops) -> Points:
    """How each point moves when both its sides move inwards by one, float64 [N, 2]."""
    way = loops.points[loops.after] - loops.points
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    normal = np.stack([-way[:, 1], way[:, 0]], axis=1)
    before = normal[loops.before]
    total = normal + before
    along = 1.0 + (normal * before).sum(axis=1, keepdims=True)
    mitre = total / np.maximum(along, 1e-6)
    length = np.linalg.norm(mitre, axis=1, keepdims=True)
    return mitre * np.minimum(1.0, _LONGEST / np.maximum(length, 1e-12))


def _clearance(loops: Loops, mitre: Points, width: float) -> Points:
    """Radius of the largest disc inside that touches the outline at each point, as far as it matters for a width."""
    # Sharp corners ask for more, but they are few: what is missed there shows as sides that fold or touch.
    reach = 2.5 * width / _SHARE
    samples, side = _samples(loops, max(width / 2, 0.5))
    inward = mitre / np.maximum(np.linalg.norm(mitre, axis=1, keepdims=True), 1e-12)
    radius = np.full(len(loops.points), np.inf)
    for point, sample in _near(loops.points, samples, reach):
        foreign = (side[sample] != point) & (side[sample] != loops.before[point])
        point, sample = point[foreign], sample[foreign]
        offset = samples[sample] - loops.points[point]
        ahead = (offset * inward[point]).sum(axis=1)
        square = (offset * offset).sum(axis=1)
        # Level neighbours along a curve that bends away bound no disc.
        facing = ahead > 1e-3 * np.sqrt(square)
        np.minimum.at(radius, point[facing], square[facing] / (2.0 * ahead[facing]))
    return radius


def _samples(loops: Loops, step: float) -> tuple[Points, Indices]:
    """Points along all sides, and the side each lies on."""
    way = loops.points[loops.after] - loops.points
    count = 1 + (np.linalg.norm(way, axis=1) / step).astype(np.int64)
    side, nth = expand(count)
    return loops.points[side] + way[side] * ((nth + 0.5) / count[side])[:, None], side


def _near(points: Points, samples: Points, reach: float) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of a point and a sample in the same or neighbouring cells of a grid ``reach`` wide, some at a time."""
    low = np.minimum(points.min(axis=0), samples.min(axis=0))
    cell, home = (((at - low) // reach + 1).astype(np.int64) for at in (samples, points))
    width = int(max(cell[:, 0].max(), home[:, 0].max())) + 2
    key: Indices = cell[:, 1] * width + cell[:, 0]
    order = np.argsort(key, kind="stable")
    key = key[order]
    for down in (-1, 0, 1):
        row: Indices = (home[:, 1] + down) * width + home[:, 0]
        begin = np.searchsorted(key, row - 1)
        count: Indices = np.searchsorted(key, row + 1, side="right") - begin
        parts = np.cumsum(count) // _AT_ONCE
        for part in np.split(np.arange(len(points), dtype=np.int64), np.flatnonzero(np.diff(parts)) + 1):
            owner, nth = expand(count[part])
            yield part[owner], order[begin[part][owner] + nth]


def _even(loops: Loops, wide: Points, length: Points) -> Points:
    """Widths that change no faster along the outline than `_SLOPE`."""
    after, before = loops.after, loops.before
    for _ in range(64):
        limit = np.minimum(wide[after] + _SLOPE * length, wide[before] + _SLOPE * length[before])
        if (limit >= wide).all():
            break
        wide = np.minimum(wide, limit)
    return wide


def _folded(loops: Loops, units: Indices) -> Mask:
    """Sides whose quadrilateral between both outlines is not convex, bool [N]."""
    n, after = len(loops.points), loops.after
    here = np.arange(n, dtype=np.int64)
    a, b, c, d = (units[corner] for corner in (here, after, after + n, here + n))
    found = np.zeros(n, np.bool_)
    for p, q, r in ((a, b, c), (b, c, d), (c, d, a), (d, a, b)):
        found |= (q - p)[:, 0] * (r - p)[:, 1] <= (q - p)[:, 1] * (r - p)[:, 0]
    return found

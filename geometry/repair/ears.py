"""Cutting polygons of the plane into triangles by ear clipping, many polygons at a time.

An ear is a convex corner whose triangle with its two neighbours holds no other corner; every simple polygon has at
least two (G. H. Meisters, "Polygons have ears", 1975). Once one is cut off, only its two neighbours can become ears.
"""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points

__all__ = ["clip_ears"]

_CHUNK = 1 << 20


def clip_ears(polygons: Points) -> Indices:
    """Cut polygons with the same number of corners into triangles.

    Of the ears there are, the roundest is cut off first. A polygon that crosses or touches itself may run out of ears;
    then the corner that spans the least area goes.

    Parameters
    ----------
    polygons : float64 [P, n, 2]
        Counter-clockwise, n at least three.

    Returns
    -------
    int64 [P, n - 2, 3]
        Corners 0..n - 1 of each triangle, running as the polygon does.
    """
    n = polygons.shape[1]
    parts = np.array_split(polygons, 1 + polygons.shape[0] * n // _CHUNK)
    return np.concatenate([_clip(part) for part in parts])


def _clip(polygons: Points) -> Indices:
    n_polygons, n, _ = polygons.shape
    row = np.arange(n_polygons, dtype=np.int64)[:, None]
    before = np.tile(np.roll(np.arange(n, dtype=np.int64), 1), (n_polygons, 1))
    after = np.tile(np.roll(np.arange(n, dtype=np.int64), -1), (n_polygons, 1))
    bent = _turn(polygons[row, before], polygons, polygons[row, after]) <= 0
    score = np.empty((n_polygons, n))
    for some in np.array_split(np.arange(n, dtype=np.int64), 1 + n_polygons * n * n // _CHUNK):
        tips = np.broadcast_to(some, (n_polygons, len(some)))
        score[:, some] = _scores(polygons, bent, before[:, some], tips, after[:, some])
    triangles = np.empty((n_polygons, n - 2, 3), np.int64)
    for step in range(n - 2):
        tip = score.argmax(axis=1)[:, None]
        left, right = before[row, tip], after[row, tip]
        triangles[:, step] = np.concatenate([left, tip, right], axis=1)
        after[row, left], before[row, right] = right, left
        score[row, tip], bent[row, tip] = -np.inf, False
        ends = np.concatenate([left, right], axis=1)
        near = before[row, ends], ends, after[row, ends]
        bent[row, ends] = _turn(*(polygons[row, end] for end in near)) <= 0
        score[row, ends] = _scores(polygons, bent, *near)
    return triangles


def _scores(polygons: Points, bent: Mask, before: Indices, tip: Indices, after: Indices) -> Points:
    """Rate corners [P, k]: how round the triangle is for an ear, at most 1; negative for others.

    ``bent`` [P, n] marks the corners that are left and not convex: only those can lie in another one's triangle.
    """
    row = np.arange(len(polygons), dtype=np.int64)[:, None]
    a, b, c = polygons[row, before], polygons[row, tip], polygons[row, after]
    area = _turn(a, b, c)
    longest = np.max([((q - p) ** 2).sum(axis=2) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    roundness = area / np.where(longest > 0, longest, 1.0)
    columns = np.flatnonzero(bent.any(axis=0))
    others = polygons[:, None, columns]
    held: Mask = bent[:, None, columns].repeat(tip.shape[1], axis=1)
    for p, q in ((a, b), (b, c), (c, a)):
        held &= _turn(p[:, :, None], q[:, :, None], others) >= 0
        held &= (others != p[:, :, None]).any(axis=3)
    whole = np.ptp(polygons, axis=1).prod(axis=1)[:, None]
    share = np.abs(area) / np.where(whole > 0, whole, 1.0)
    return np.where((area > 0) & ~held.any(axis=2), roundness, -1.0 - share)


def _turn(a: Points, b: Points, c: Points) -> Points:
    """Twice the signed area of triangles of the plane [..., 2]: positive where they run counter-clockwise."""
    ab, ac = b - a, c - a
    return ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]

"""Which closed parts of a mesh lie inside another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Mask
from .arrays import Indices, Points, expand

__all__ = ["inner_shells"]

_SAMPLES = 3
_CHUNK = 2_000_000

# Rays run along Z. An odd turn of the mesh keeps them from hitting the edges of grids and of axis-aligned boxes.
_TURN = np.linalg.qr(np.array([[0.831, 0.217, -0.512], [-0.349, 0.877, -0.331], [0.428, 0.429, 0.795]]))[0]


def inner_shells(
    vertices: npt.NDArray[np.floating[Any]],
    triangles: npt.NDArray[np.integer[Any]],
    labels: npt.NDArray[np.integer[Any]],
    closed: Mask,
) -> Mask:
    """Find the closed parts that lie inside another closed part.

    A part lies inside another when the other winds around each of its vertices: a ray is sent from the vertex, and its
    crossings with the other part, counted by the side they are met from, do not cancel.

    Parameters
    ----------
    vertices : float [V, 3]
    triangles : int [T, 3]
    labels : int [T]
        The part of each triangle, 0..P - 1.
    closed : bool [P]
        Whether each part bounds a volume; the others neither hold nor are inner shells.

    Returns
    -------
    bool [P]
    """
    inner = np.zeros(len(closed), np.bool_)
    if np.count_nonzero(closed) < 2:
        return inner
    use = closed[labels]
    points = (vertices.astype(np.float64) - vertices.mean(axis=0)) @ _TURN
    corners, parts = triangles[use].astype(np.int64), labels[use].astype(np.int64)
    part_of = np.zeros(len(vertices), np.int64)
    part_of[corners] = parts[:, None]
    # A few vertices tell most parts apart; only those that seem to lie inside are looked at in full.
    maybe = _held(points, corners, parts, part_of, _samples(corners, parts))
    suspects = np.isin(parts, maybe)
    inner[_held(points, corners, parts, part_of, np.unique(corners[suspects]))] = True
    return inner


def _samples(corners: Indices, labels: Indices) -> Indices:
    """Some vertices of each part, well apart in its order."""
    order = np.argsort(labels, kind="stable")
    _, first, count = np.unique(labels[order], return_index=True, return_counts=True)
    picks = [order[first + (count - 1) * i // (_SAMPLES - 1)] for i in range(_SAMPLES)]
    return np.unique(np.concatenate([corners[pick, i] for i, pick in enumerate(picks)]))


def _held(points: Points, corners: Indices, labels: Indices, part_of: Indices, origins: Indices) -> Indices:
    """The parts of which all origins (vertices) lie inside one and the same other part."""
    if not len(origins):
        return origins
    asked = np.bincount(part_of[origins])
    origin, holder = _windings(points[corners], labels, points[origins])
    part = part_of[origins[origin]]
    other = holder != part
    pairs, times = np.unique(np.stack([part[other], holder[other]]), axis=1, return_counts=True)
    return pairs[0, times == asked[pairs[0]]]


def _windings(corners: Points, labels: Indices, origins: Points) -> tuple[Indices, Indices]:
    """The pairs of an origin and a part that winds around it."""
    pairs: list[Indices] = []
    turns: list[Indices] = []
    for triangle, origin in _candidates(corners, origins):
        turn = _crossings(corners[triangle], origins[origin])
        hit = turn != 0
        pairs.append(np.stack([origin[hit], labels[triangle[hit]]]))
        turns.append(turn[hit])
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    met, inverse = np.unique(np.concatenate(pairs, axis=1), axis=1, return_inverse=True)
    winding = np.bincount(inverse.ravel(), np.concatenate(turns), minlength=met.shape[1])
    origin, part = met[:, winding != 0]
    return origin, part


def _candidates(corners: Points, origins: Points) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of a triangle and an origin within its bounding box seen along Z, in chunks.

    The origins lie in strips of equal width along X, sorted along Y within each: a triangle looks up a range of Y in
    the few strips it spans.
    """
    low: Points = corners[:, :, :2].min(axis=1)
    high: Points = corners[:, :, :2].max(axis=1)
    base: Points = np.minimum(origins[:, :2].min(axis=0), low.min(axis=0))
    low, high, flat = low - base, high - base, origins[:, :2] - base
    n_strips = max(1, math.isqrt(len(origins)))
    width = float(high[:, 0].max()) / n_strips * (1 + 1e-9) or 1.0
    height = 2.0 * float(high[:, 1].max()) or 1.0
    place: Points = np.floor(flat[:, 0] / width) * height + flat[:, 1]
    by_place = np.argsort(place)
    place = place[by_place]
    first: Points = np.floor(low[:, 0] / width)
    owner, nth = expand(np.floor(high[:, 0] / width).astype(np.int64) - first.astype(np.int64) + 1)
    strip: Points = (first[owner] + nth) * height
    bottom: Points = strip + low[owner, 1]
    top: Points = strip + high[owner, 1]
    begin = np.searchsorted(place, bottom, "left")
    count = np.searchsorted(place, top, "right") - begin
    some = np.flatnonzero(count)
    for part in np.array_split(some, 1 + int(count.sum()) // _CHUNK):
        entry, nth = expand(count[part])
        origin = by_place[begin[part][entry] + nth]
        triangle = owner[part][entry]
        x = flat[origin, 0]
        near = (low[triangle, 0] <= x) & (x <= high[triangle, 0])
        yield triangle[near], origin[near]


def _crossings(corners: Points, origins: Points) -> Indices:
    """How a ray up Z from each origin crosses its triangle: 1 leaving, -1 entering, 0 not at all."""
    offset = corners - origins[:, None]
    area = np.empty((len(corners), 3))
    for i in range(3):
        a, b = offset[:, (i + 1) % 3], offset[:, (i + 2) % 3]
        area[:, i] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    up, down = (area > 0).all(axis=1), (area < 0).all(axis=1)
    total = area.sum(axis=1)
    above = (area * offset[:, :, 2]).sum(axis=1) * np.sign(total) > 0
    return (up.astype(np.int64) - down) * above

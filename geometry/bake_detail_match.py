"""For each point of a simple mesh the point of a detailed one that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int, Mask
from .arrays import Indices, Points, dot
from .bake_detail_data import DetailMesh
from .bake_detail_rays import LineTarget
from .nearest import NearestSurface
from .repair.merge import same_places
from .triangles import sum_at, unit

__all__ = ["Matches", "Progress", "at_corners", "find_matches", "in_parts"]

Progress: TypeAlias = Callable[[float], None]
"""Told a share of the work, 0 to 1, now and then; may raise to stop it."""

_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Matches:
    """Points of the detailed mesh.

    ``points`` and unit ``normals`` float32 [N, 3]; ``distance`` float32 [N]: along the simple mesh's smooth normal.
    ``met`` bool [N]: found along that normal; ``near`` bool [N]: as the nearest point. Where neither, the points and
    normals are those of the simple mesh.
    """

    points: Float
    normals: Float
    distance: Float
    met: Mask
    near: Mask


def find_matches(
    low: DetailMesh, high: DetailMesh, triangle: Int, weights: Float, reach: float, progress: Progress
) -> Matches:
    """Find what points of ``low``, given by triangles [N] and weights float32 [N, 3], stand for in ``high``.

    That is where the line along the smooth normal, averaged over hard edges and seams, meets the outer side of the high
    mesh nearest to the low one; where it meets nothing within ``reach``, the nearest point that faces the same way.
    """
    n = len(triangle)
    points, normals = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32)
    found = Matches(points, normals, np.zeros(n, np.float32), np.zeros(n, np.bool_), np.zeros(n, np.bool_))
    directions = _directions(low)
    target, surface = LineTarget(high.points, high.triangles), None
    for part in in_parts(n):
        progress(part.start / n)
        at = low.triangles[triangle[part]]
        start = at_corners(low.points[at], weights[part])
        along = unit(at_corners(directions[triangle[part]], weights[part]))
        distance, hit, share = target.find(start, along, reach)
        met = hit >= 0
        found.met[part] = met
        missed = np.flatnonzero(~met)
        if len(missed):
            surface = surface or NearestSurface(high.points, high.triangles.astype(np.int64))
            _, hit[missed], share[missed] = surface.find(start[missed], reach)
        normal = unit(at_corners(high.normals[hit], share))
        place = at_corners(high.points[high.triangles[hit]], share)
        use = met | ((hit >= 0) & (dot(normal, along) > 0))
        found.near[part] = use & ~met
        distance = np.where(met, distance, dot(place - start, along))
        own = unit(at_corners(low.normals[triangle[part]], weights[part]))
        found.points[part] = np.where(use[:, None], place, start)
        found.normals[part] = np.where(use[:, None], normal, own)
        found.distance[part] = np.where(use, distance, 0.0)
    return found


def at_corners(values: npt.NDArray[np.floating[Any]], weights: npt.NDArray[np.floating[Any]]) -> Points:
    """Values of corners [N, 3, C] at points inside their triangles: float64 [N, C], not brought to length one."""
    wide = weights.astype(np.float64)
    return values[:, 0] * wide[:, :1] + values[:, 1] * wide[:, 1:2] + values[:, 2] * wide[:, 2:]


def in_parts(n: int) -> Iterator[slice]:
    """Slices of 0..n that bound the memory."""
    for begin in range(0, n, _AT_ONCE):
        yield slice(begin, min(begin + _AT_ONCE, n))


def _directions(mesh: DetailMesh) -> Points:
    """Unit normals float64 [T, 3, 3] of the corners, the same for all corners at one place."""
    place = same_places(mesh.points)[mesh.triangles].astype(np.int64)
    flat: Indices = place.ravel()
    normals = mesh.normals.reshape(-1, 3)
    total = np.stack([sum_at(flat, normals[:, axis], len(mesh.points)) for axis in range(3)], 1)
    return unit(total)[place]

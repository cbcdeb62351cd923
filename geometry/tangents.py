"""Tangents at the corners of triangles, in the way normal maps are read: MikkTSpace.

Morten Mikkelsen, *Simulation of Wrinkled Surfaces Revisited*, 2008, and the tangent space named after him, which
Blender, glTF viewers and game engines share. A normal map only looks right where the tangents it was baked with are
those it is shown with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Mask
from .arrays import Indices, Points, dot
from .components import components
from .triangles import sum_at, unit

__all__ = ["corner_tangents"]

_Numbers = npt.NDArray[np.floating[Any]]


def corner_tangents(
    points: _Numbers, triangles: npt.NDArray[np.integer[Any]], normals: _Numbers, uv: _Numbers
) -> tuple[Points, Points]:
    """Find the tangents of a textured mesh.

    Parameters
    ----------
    points : float [V, 3]
    triangles : int [T, 3]
    normals : float [T, 3, 3]
        Unit normals of the corners.
    uv : float [T, 3, 2]
        Texture coordinates of the corners, v up.

    Returns
    -------
    tangents : float64 [T, 3, 3]
        Unit, at right angles to the normals: where u grows. The tangents of triangles without area, on the texture
        or in space, are arbitrary.
    signs : float64 [T]
        1 or, where the texture is mirrored, -1: v grows along ``sign * cross(normal, tangent)``.
    """
    places, coordinates = points[triangles].astype(np.float64), uv.astype(np.float64)
    along, mirrored, sound = _directions(places, coordinates)
    corner = _welded(places, normals, coordinates)
    group = _groups(corner, mirrored, sound)
    weighted = np.where(sound[:, None, None], _weighted(places, normals.astype(np.float64), along), 0.0).reshape(-1, 3)
    total = np.stack([sum_at(group, weighted[:, axis], len(group)) for axis in range(3)], 1)
    tangents = unit(total[group].reshape(-1, 3, 3))
    missing = ~tangents.any(axis=2)
    tangents[missing] = _any_across(normals[missing].astype(np.float64))
    return tangents, np.where(mirrored, -1.0, 1.0)


def _directions(places: Points, uv: Points) -> tuple[Points, Mask, Mask]:
    """Where u grows on each triangle, unit [T, 3]; whether it is mirrored, and whether it has an area: bool [T]."""
    first, second = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    side, other = places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    along: Points = second[:, 1:] * side - first[:, 1:] * other
    mirrored = area < 0
    along = unit(along * np.where(mirrored, -1.0, 1.0)[:, None])
    return along, mirrored, (area != 0) & along.any(axis=1)


def _welded(places: Points, normals: _Numbers, uv: Points) -> Indices:
    """Number the corners [T, 3] so that those alike in place, normal and texture have the same number."""
    rows = np.concatenate([places, normals, uv], axis=2).astype(np.float32).reshape(-1, 8) + np.float32(0.0)
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * 4))).ravel()
    _, number = np.unique(whole, return_inverse=True)
    return number.reshape(len(places), 3).astype(np.int64)


def _groups(corner: Indices, mirrored: Mask, sound: Mask) -> Indices:
    """Group the corners [3 T] that share one tangent.

    They lie around one vertex of the texture, on triangles joined by edges there that run the texture the same way.
    """
    start, end = corner.ravel(), np.roll(corner, -1, axis=1).ravel()
    face = np.arange(len(corner), dtype=np.int64).repeat(3)
    side = np.flatnonzero(sound[face] & (start != end))
    low, high = np.minimum(start, end)[side], np.maximum(start, end)[side]
    key = ((low * (int(corner.max()) + 1) + high) * 2 + mirrored[face[side]]).astype(np.int64)
    order = np.argsort(key, kind="stable")
    side, key = side[order], key[order]
    alike = np.flatnonzero(key[1:] == key[:-1])
    one, other = side[alike], side[alike + 1]
    opposite = start[one] == end[other]
    one, other = one[opposite], other[opposite]
    # The corner at the end of a side is the next one of its triangle.
    after = np.roll(np.arange(corner.size, dtype=np.int64).reshape(-1, 3), -1, axis=1).ravel()
    ends = np.concatenate([one, after[one]])
    return components(corner.size, ends, np.concatenate([after[other], other]))


def _weighted(places: Points, normals: Points, along: Points) -> Points:
    """The triangles' directions laid flat at each corner, unit times the angle there: float64 [T, 3, 3]."""
    flat = unit(along[:, None] - normals * dot(normals, along[:, None])[:, :, None])
    before, after = (np.roll(places, shift, axis=1) - places for shift in (1, -1))
    before, after = (unit(edge - normals * dot(normals, edge)[:, :, None]) for edge in (before, after))
    return flat * np.arccos(np.clip(dot(before, after), -1.0, 1.0))[:, :, None]


def _any_across(normals: Points) -> Points:
    """A unit vector at right angles to each normal [N, 3]."""
    least = np.eye(3)[np.abs(normals).argmin(axis=1)]
    return unit(np.cross(normals, least))

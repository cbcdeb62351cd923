"""Where the elements of a cleaned mesh take their values from: UVs, colours, materials, attributes, shape keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contracts import Mask
from ..arrays import Indices, Points
from .lookup import Lookup
from .polygons import NONE, Polygons

__all__ = ["Blend", "Origin", "blend"]

_NUDGE = 0.02
"""Corners are looked up this share of the way towards the middle of their face, on their side of a seam."""
_EXACT = 1e-9
"""Shares no larger than this are left out: a mix without them is a copy."""


@dataclass(frozen=True)
class Blend:
    """For each of N elements the source element it copies, and for a few of them a mix of three that fits better.

    ``nearest`` int64 [N]: the element of the source to copy; for a mixed one that of the largest weight, for values
    that cannot be mixed (names, flags, materials). ``mixed`` int64 [M]: the elements that are mixes, ascending; often
    none. ``parts`` int64 [M, 3] and ``weights`` float64 [M, 3]: the source elements each mixes and their shares, which
    add up to 1. A share may be a little below 0 where an element lies just beyond its source triangle.
    """

    nearest: Indices
    mixed: Indices
    parts: Indices
    weights: Points

    def copy(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Carry over values [S, ...] of the source that cannot be mixed: [N, ...] of the same type."""
        return values[self.nearest]

    def mix(self, values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        """Carry over numbers [S, ...] of the source, mixed where they should be: [N, ...] of the same type."""
        result = values[self.nearest]
        if len(self.mixed):
            weights = self.weights.reshape(len(self.mixed), 3, *[1] * (values.ndim - 1))
            result[self.mixed] = (values[self.parts] * weights).sum(axis=1)
        return result


@dataclass(frozen=True)
class Origin:
    """Where every element of a result takes its values from.

    ``points``: in the source's vertices, for vertex attributes and for what shape keys add to their basis.
    ``corners``: in the source's corners, for UVs and corner colours. ``faces`` int64 [F]: the source face each face
    copies its material and attributes from.
    """

    points: Blend
    corners: Blend
    faces: Indices


def blend(result: Polygons, source: Polygons, islands: Indices | None = None) -> Origin:
    """Find out where each element of a cleaned mesh takes its values from.

    Elements that remember what they are copies of stay copies. Of the others, a face takes after the source face
    nearest to its middle, a vertex after the nearest point of the source, and a corner after the nearest point of the
    source face that its face remembers; where there is none, after the nearest point on its own side of a seam.

    Parameters
    ----------
    result : Polygons
        Its ``*_from`` are elements of the source.
    source : Polygons
        Faces with coordinates that are not numbers are looked past.
    islands : int64 [F]
        A number for each face of the source, the same for faces across whose edges the UVs run on: a new corner then
        never takes after another island than its face does.

    Raises
    ------
    MeshError
        If something has to be looked up, and no face of the source is sound.
    """
    new_faces, new_points, new_corners = (
        result.face_from == NONE,
        result.point_from == NONE,
        result.corner_from == NONE,
    )
    if not (new_faces.any() or new_points.any() or new_corners.any()):
        return Origin(_copies(result.point_from), _copies(result.corner_from), result.face_from)
    lookup = Lookup(source)
    # A face that is remembered may be one of those looked past.
    lost = new_faces | ~lookup.holds(result.face_from)
    face_triangle = np.full(result.n_faces, NONE, np.int64)
    face_triangle[lost], _ = lookup.nearest(_middles(result)[lost])
    faces = np.where(new_faces, lookup.face[face_triangle], result.face_from)
    triangle, weights = lookup.nearest(result.points[new_points])
    points = _blend(result.point_from, new_points, lookup.points[triangle], weights)
    corners = np.flatnonzero(new_corners)
    free = lost[result.owner[corners]]
    triangle, weights = np.zeros(len(corners), np.int64), np.zeros((len(corners), 3))
    bound = corners[~free]
    places, owners = result.points[result.corners[bound]], result.face_from[result.owner[bound]]
    triangle[~free], weights[~free] = lookup.on_faces(places, owners)
    triangle[free], weights[free] = _free_corners(result, lookup, corners[free], face_triangle, islands)
    return Origin(points, _blend(result.corner_from, new_corners, lookup.corners[triangle], weights), faces)


def _free_corners(
    result: Polygons, lookup: Lookup, corners: Indices, face_triangle: Indices, islands: Indices | None
) -> tuple[Indices, Points]:
    """Find source triangles, and the weights of their corners, for corners whose face is not a copy."""
    face, place = result.owner[corners], result.points[result.corners[corners]]
    triangle, _ = lookup.nearest(place + _NUDGE * (_middles(result)[face] - place))
    if islands is None:
        return triangle, lookup.weights(place, triangle)
    island = islands[lookup.face]
    own = island[face_triangle[face]]
    triangle = np.where(island[triangle] == own, triangle, face_triangle[face])
    weights = lookup.weights(place, triangle)
    # The nudge is only needed beside a seam; elsewhere the place itself is more exact.
    vertex, at = np.unique(result.corners[corners], return_inverse=True)
    exact, exact_weights = lookup.nearest(result.points[vertex])
    same = island[exact[at]] == own
    return np.where(same, exact[at], triangle), np.where(same[:, None], exact_weights[at], weights)


def _middles(mesh: Polygons) -> Points:
    """The mean of each face's corners, float64 [F, 3]."""
    return np.add.reduceat(mesh.points[mesh.corners], mesh.first[:-1]) / mesh.sizes[:, None]


def _copies(nearest: Indices) -> Blend:
    none = np.zeros((0, 3), np.int64)
    return Blend(nearest, none[:, 0], none, none.astype(np.float64))


def _blend(nearest: Indices, new: Mask, parts: Indices, weights: Points) -> Blend:
    """Copies, but for the new elements: those mix ``parts`` by ``weights`` [N, 3], or copy the only one of weight."""
    index, rows = np.flatnonzero(new), np.arange(len(parts), dtype=np.int64)
    nearest = nearest.copy()
    nearest[index] = parts[rows, weights.argmax(axis=1)]
    mixed = np.count_nonzero(np.abs(weights) > _EXACT, axis=1) > 1
    return Blend(nearest, index[mixed], parts[mixed], weights[mixed])

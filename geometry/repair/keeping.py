"""Whether a repaired mesh still has the shape of its source."""

from __future__ import annotations

import numpy as np

from ..arrays import Points
from ..nearest import NearestSurface, surface_samples
from .enclosed import enclosed
from .polygons import Polygons
from .prepare import diagonal
from .triangulate import triangulate_polygons

__all__ = ["Keeping"]

_SAMPLES = 4000
_LOOKED_AT = 50
_MEAN = 0.01
_LARGEST = 0.05


class Keeping:
    """The shape of a source, to hold results against.

    Two distances tell: from the result's surface to the source's (what was added), and from the source's to the
    result's (what was lost), at points spread evenly over each, as shares of the diagonal of the source's box.
    """

    def __init__(self, mesh: Polygons) -> None:
        self._mesh = mesh
        self._size = diagonal(mesh)

    def kept(self, result: Polygons) -> bool:
        """Whether the new surface lies at most 5 % from the old, and each from the other at most 1 % on average.

        So what lies deep inside may go, but no part of the whole.
        """
        added, lost = self._apart(result, self._mesh)[0], self._apart(self._mesh, result)[0]
        return float(added.mean()) <= _MEAN and float(added.max()) <= _LARGEST and float(lost.mean()) <= _MEAN

    def notes(self, result: Polygons) -> list[str]:
        """Sentences for the user where the result departs from the source."""
        if result is self._mesh:
            return []
        texts: list[str] = []
        added = float(self._apart(result, self._mesh)[0].max())
        if added > _LARGEST:
            texts.append(f"New surface was made up to {added:.0%} of the size away from the old: look at it.")
        lost = self._left_out(result)
        if lost > _LARGEST:
            texts.append(f"Surface up to {lost:.0%} of the size away from the new was left out: look at it.")
        return texts

    def _left_out(self, result: Polygons) -> float:
        """How far old surface lies from the new at most, apart from what the new encloses."""
        distance, points = self._apart(self._mesh, result)
        far = np.flatnonzero(distance > _LARGEST)
        far = far[np.argsort(-distance[far], kind="stable")][:: max(1, len(far) // _LOOKED_AT)]
        outside = far[~enclosed(points[far], result)]
        return float(distance[outside].max(initial=0.0))

    def _apart(self, one: Polygons, other: Polygons) -> tuple[Points, Points]:
        """Distances of points of one surface from the other, as shares of the size, and those points."""
        points = _samples(one)
        triangles = other.corners[triangulate_polygons(other)[0]]
        return NearestSurface(other.points, triangles).find(points)[0] / self._size, points


def _samples(mesh: Polygons) -> Points:
    triangles = mesh.corners[triangulate_polygons(mesh)[0]]
    return surface_samples(mesh.points, triangles, _SAMPLES, np.random.default_rng(0))[0]

"""Looking up places on the surface of a polygon mesh."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points, expand
from ..nearest import NearestSurface
from ..point_triangle import nearest_on_triangles, triangle_rows, weights_in_planes
from .polygons import Polygons, source
from .prepare import drop_invalid
from .triangulate import triangulate_polygons

__all__ = ["Lookup"]

_BEYOND = 1.0
"""How far past a triangle its values are carried on, by its size."""


class Lookup:
    """The triangles of a mesh's sound faces.

    ``corners`` and ``points`` int64 [T, 3] are the mesh's corners and vertices at theirs, ``face`` int64 [T] the face
    each is a part of.
    """

    def __init__(self, mesh: Polygons) -> None:
        """Cut the faces up and sort them; MeshError if none has coordinates that are numbers."""
        sound = drop_invalid(source(mesh.points, mesh.corners, mesh.first))
        triangles, owner = triangulate_polygons(sound)
        vertices = sound.corners[triangles]
        self.corners = sound.corner_from[triangles]
        self.points = sound.point_from[vertices]
        self.face = sound.face_from[owner]
        self._rows = triangle_rows(sound.points[vertices])
        self._surface = NearestSurface(sound.points, vertices)
        number = np.arange(mesh.n_faces + 1, dtype=np.int64)
        self._first = np.searchsorted(self.face, number)

    def holds(self, faces: Indices) -> Mask:
        """Tell which of some faces (int64 [N]) of the mesh are sound."""
        return self._first[faces + 1] > self._first[faces]

    def nearest(self, places: Points) -> tuple[Indices, Points]:
        """The triangle nearest to each place [N, 3], and the weights [N, 3] of its corners at the nearest point."""
        _, triangle, weights = self._surface.find(places)
        return triangle, weights

    def on_faces(self, places: Points, faces: Indices) -> tuple[Indices, Points]:
        """The same, but each place on a given sound face (int64 [N])."""
        count = self._first[faces + 1] - self._first[faces]
        entry, nth = expand(count)
        triangle = self._first[faces][entry] + nth
        square, v, w = nearest_on_triangles(places[entry], self._rows[triangle])
        order = np.lexsort((square, entry))
        best = order[np.flatnonzero(np.diff(entry[order], prepend=-1))]
        return triangle[best], np.stack([1.0 - v - w, v, w], axis=1)[best]

    def weights(self, places: Points, triangle: Indices) -> Points:
        """Weights [N, 3] of triangles' corners that give the places, or at least points not far past the triangles."""
        rows = self._rows[triangle]
        _, v, w = nearest_on_triangles(places, rows)
        inside = np.stack([1.0 - v - w, v, w], axis=1)
        past = weights_in_planes(places, rows) - inside
        largest: Points = np.abs(past).max(axis=1)
        return inside + past * np.minimum(1.0, _BEYOND / np.maximum(largest, _BEYOND))[:, None]

"""A mesh with faces of any number of corners that remembers which elements of its source it is made of.

So a step of the cleaning only changes geometry, and whoever owns the source carries over UVs, colours, materials and
attributes once, at the end, for whatever steps were taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...contracts import Mask
from ...errors import MeshError
from ..arrays import Indices, Points
from ..components import components
from ..edges import Edges

__all__ = [
    "NONE",
    "Polygons",
    "add_faces",
    "compact",
    "fans_of",
    "from_faces",
    "join",
    "keep_faces",
    "numbered",
    "parts_of",
    "source",
    "starts",
    "turn_faces",
]

NONE = -1
"""Stands for an element that does not come from the source."""


@dataclass(frozen=True)
class Polygons:
    """A mesh of polygons, and where its elements come from.

    ``points`` float64 [V, 3]. ``corners`` int64 [S]: the vertex of each corner, face after face. ``first`` int64
    [F + 1]: face f has the corners ``first[f]:first[f + 1]``. ``point_from`` int64 [V], ``corner_from`` int64 [S] and
    ``face_from`` int64 [F]: the source's vertex, corner and face each element is or was copied from, or `NONE`.
    """

    points: Points
    corners: Indices
    first: Indices
    point_from: Indices
    corner_from: Indices
    face_from: Indices

    @property
    def sizes(self) -> Indices:
        """How many corners each face has, int64 [F]."""
        return np.diff(self.first)

    @property
    def n_faces(self) -> int:
        """How many faces there are."""
        return len(self.first) - 1

    @cached_property
    def owner(self) -> Indices:
        """The face of each corner, int64 [S]."""
        return np.repeat(_count(self.n_faces), self.sizes)

    @cached_property
    def after(self) -> Indices:
        """The next corner around the face of each corner, int64 [S]."""
        after = np.arange(1, len(self.corners) + 1, dtype=np.int64)
        after[self.first[1:] - 1] = self.first[:-1]
        return after

    @cached_property
    def edges(self) -> Edges:
        """The sides and edges; side s runs from corner s to the next one around its face."""
        start, end = self.corners, self.corners[self.after]
        order, first = _sorted_pairs(np.minimum(start, end), np.maximum(start, end), len(self.points))
        count = np.diff(np.append(first, len(order)))
        return Edges(start, end, self.owner, self.after, order, first, count, start < end)

    @cached_property
    def mates(self) -> Indices:
        """The other side of each side's edge where exactly two faces meet, int64 [S]; `NONE` elsewhere."""
        mates = np.full(len(self.corners), NONE, np.int64)
        pair = self.edges.first[self.edges.count == 2]
        one, other = self.edges.order[pair], self.edges.order[pair + 1]
        mates[one], mates[other] = other, one
        return mates

    @cached_property
    def parts(self) -> Indices:
        """The number of the part each face belongs to, int64 [F]: what hangs together by edges with two faces."""
        return parts_of(self, self.mates)

    @cached_property
    def vectors(self) -> Points:
        """Normals of the faces, as long as their areas, float64 [F, 3] (M. E. Newell's sums over the sides)."""
        triangles = self.n_faces * 3 == len(self.corners)
        offset: list[Points] = []
        following: list[Points] = []
        for axis in range(3):  # one axis at a time is several times faster
            along = self.points[:, axis].take(self.corners)
            if triangles:
                offset.append(along[1::3] - along[::3])
                following.append(along[2::3] - along[::3])
            else:
                offset.append(along - np.repeat(along[self.first[:-1]], self.sizes))
                following.append(np.roll(offset[-1], -1))  # the last corner's is the next face's first: zero as well
        vectors = np.empty((self.n_faces, 3))
        for axis in range(3):
            right, up = (axis + 1) % 3, (axis + 2) % 3
            turn = 0.5 * (offset[right] * following[up] - offset[up] * following[right])
            vectors[:, axis] = turn if triangles else np.add.reduceat(turn, self.first[:-1])
        return vectors

    @cached_property
    def lengths(self) -> Points:
        """The lengths of the sides, float64 [S]."""
        total = np.zeros(len(self.corners))
        for axis in range(3):
            along = self.points[:, axis][self.corners]
            total += (along[self.after] - along) ** 2
        return np.sqrt(total)

    @cached_property
    def fans(self) -> Indices:
        """The number of the fan each corner belongs to, int64 [S]: what hangs together around a vertex."""
        return fans_of(self, self.mates)

    @cached_property
    def areas(self) -> Points:
        """The areas of the faces, float64 [F]."""
        return np.linalg.norm(self.vectors, axis=1)


def parts_of(mesh: Polygons, mates: Indices) -> Indices:
    """Number what hangs together by joined sides, 0..P - 1 in the order of the first faces: int64 [F].

    Parameters
    ----------
    mesh : Polygons
    mates : int64 [S]
        The side each side is joined to, or `NONE`.
    """
    side = np.flatnonzero(mates > _count(len(mates)))
    return numbered(components(mesh.n_faces, mesh.owner[side], mesh.owner[mates[side]]))


def fans_of(mesh: Polygons, mates: Indices) -> Indices:
    """Number the corners at one vertex that hang together by joined sides (as for `parts_of`): int64 [S]."""
    edges = mesh.edges
    one = np.flatnonzero(mates > _count(len(mates)))
    other = mates[one]
    same = edges.forward[one] == edges.forward[other]
    at_start = np.where(same, other, edges.after[other])
    at_end = np.where(same, edges.after[other], other)
    links = np.concatenate([one, edges.after[one]]), np.concatenate([at_start, at_end])
    return numbered(components(len(mates), *links))


def numbered(label: Indices) -> Indices:
    """Turn labels that name the first member of each group into 0..N - 1."""
    number = np.cumsum(label == _count(len(label)), dtype=np.int64) - 1
    return number[label]


def source(points: npt.ArrayLike, corners: npt.ArrayLike, first: npt.ArrayLike) -> Polygons:
    """Start from a mesh: everything comes from itself.

    Parameters
    ----------
    points : float [V, 3]
    corners : int [S]
        The vertex of each corner, face after face.
    first : int [F + 1]
        Where each face begins in ``corners``, and the end of the last.

    Raises
    ------
    MeshError
        If the arrays do not describe a mesh: no faces, a face with fewer than three corners, or one that names a
        vertex that does not exist. Coordinates that are not numbers are allowed here; see `prepare.drop_invalid`.
    """
    points = np.asarray(points, np.float64)
    corners = np.asarray(corners, np.int64)
    first = np.asarray(first, np.int64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise MeshError("The mesh must have three coordinates per vertex.")
    if len(first) < 2 or not len(points):
        raise MeshError("The mesh has no faces; choose an object that has some.")
    if first[0] != 0 or first[-1] != len(corners) or np.diff(first).min() < 3:
        raise MeshError("A face of the mesh has fewer than three corners; the file is damaged.")
    if corners.min() < 0 or corners.max() >= len(points):
        raise MeshError("A face of the mesh names a vertex that does not exist; the file is damaged.")
    return Polygons(points, corners, first, _count(len(points)), _count(len(corners)), _count(len(first) - 1))


def from_faces(vertices: npt.ArrayLike, faces: npt.ArrayLike) -> Polygons:
    """Start from faces as int [F, 3], or [F, 4] where a triangle has -1 in its last column; errors as `source`."""
    rows = np.asarray(faces, np.int64)
    if rows.ndim != 2 or rows.shape[1] not in (3, 4):
        raise MeshError("The mesh must have three or four corners per face.")
    real = np.ones(rows.shape, np.bool_)
    real[:, 3:] = rows[:, 3:] >= 0
    return source(vertices, rows[real], starts(real.sum(axis=1, dtype=np.int64)))


def keep_faces(mesh: Polygons, keep: Mask) -> Polygons:
    """Keep some faces (bool [F]), in their order, and the vertices they use."""
    corners = np.repeat(keep, mesh.sizes)
    return compact(
        replace(
            mesh,
            corners=mesh.corners[corners],
            first=starts(mesh.sizes[keep]),
            corner_from=mesh.corner_from[corners],
            face_from=mesh.face_from[keep],
        )
    )


def compact(mesh: Polygons) -> Polygons:
    """Drop the vertices that no face uses, keeping the order of the others."""
    used = np.zeros(len(mesh.points), np.bool_)
    used[mesh.corners] = True
    if used.all():
        return mesh
    number = np.cumsum(used, dtype=np.int64) - 1
    return replace(mesh, points=mesh.points[used], corners=number[mesh.corners], point_from=mesh.point_from[used])


def turn_faces(mesh: Polygons, turned: Mask) -> Polygons:
    """Turn some faces (bool [F]) over: their corners run the other way round, from the same first one."""
    if not turned.any():
        return mesh
    face = mesh.owner
    begin = mesh.first[:-1][face]
    place = np.arange(len(face), dtype=np.int64) - begin
    mirrored = begin + (mesh.sizes[face] - place) % mesh.sizes[face]
    order = np.where(turned[face], mirrored, begin + place)
    return replace(mesh, corners=mesh.corners[order], corner_from=mesh.corner_from[order])


def add_faces(mesh: Polygons, corners: Indices, sizes: Indices, corner_from: Indices, face_from: Indices) -> Polygons:
    """Add faces over points that are there, after all others.

    Parameters
    ----------
    mesh : Polygons
    corners, corner_from : int64 [C]
        The vertices of the new faces' corners, and the source corners they are copies of, or `NONE`.
    sizes, face_from : int64 [N]
        The new faces' numbers of corners, and the source faces they are copies of, or `NONE`.
    """
    return replace(
        mesh,
        corners=np.concatenate([mesh.corners, corners]),
        first=starts(np.concatenate([mesh.sizes, sizes])),
        corner_from=np.concatenate([mesh.corner_from, corner_from]),
        face_from=np.concatenate([mesh.face_from, face_from]),
    )


def join(one: Polygons, other: Polygons) -> Polygons:
    """Put two meshes of the same source side by side."""
    return Polygons(
        np.concatenate([one.points, other.points]),
        np.concatenate([one.corners, other.corners + len(one.points)]),
        starts(np.concatenate([one.sizes, other.sizes])),
        np.concatenate([one.point_from, other.point_from]),
        np.concatenate([one.corner_from, other.corner_from]),
        np.concatenate([one.face_from, other.face_from]),
    )


def starts(sizes: Indices) -> Indices:
    """Where each of ranges laid end to end begins, and where the last ends: int64 [N] sizes give [N + 1]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def _sorted_pairs(low: Indices, high: Indices, limit: int) -> tuple[Indices, Indices]:
    """Sort pairs of numbers below a limit: their order, and where in it each different pair begins."""
    count = len(low)
    key = low * limit + high
    if limit * limit < 2**62 // max(count, 1):
        # Sorting numbers that carry their place is several times faster than finding an order.
        key *= count
        key += _count(count)
        key.sort()
        key, order = np.divmod(key, count)
    else:
        order = np.argsort(key, kind="stable")
        key = key[order]
    return order, np.flatnonzero(np.concatenate([np.ones(1, np.bool_), key[1:] != key[:-1]]))


def _count(size: int) -> Indices:
    return np.arange(size, dtype=np.int64)

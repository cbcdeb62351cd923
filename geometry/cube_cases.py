"""The case table of marching cubes, derived rather than typed in.

A cube has eight corners, each inside or outside the solid, so 256 cases. On each of its faces the surface is drawn as
segments between the crossed edges; where a face has two inside corners on a diagonal, they are joined (the outside
corners are cut off). The rule looks at the face alone, so the two cubes that share the face agree. Following the
segments around the cube gives closed loops over the crossed edges, and each loop is cut into triangles without a
diagonal that would lie in a face of the cube.

Why the surface is a closed 2-manifold whatever the field: a crossed edge is shared by four cubes, and lies in exactly
one loop of each, so the triangles around its vertex form a single ring. A segment in a face belongs to one loop on
either side of the face. A diagonal lies in the interior of one cube and is used by two triangles of one loop.

The idea of the cases is from W. Lorensen and H. Cline, "Marching cubes" (1987); faces are resolved by a fixed rule as
proposed by G. Nielson and B. Hamann, "The asymptotic decider" (1991), for the original table's holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["CORNERS", "EDGES", "case_table"]

Triangle = tuple[int, int, int]

_BITS = (4, 2, 1)  # the bit of a corner's number that steps along axis 0, 1, 2

CORNERS: tuple[tuple[int, int, int], ...] = tuple((c >> 2 & 1, c >> 1 & 1, c & 1) for c in range(8))
"""Offset of each corner from the cube's first, along axes 0, 1, 2."""

EDGES: tuple[tuple[int, int], ...] = tuple(
    (axis, corner) for axis in range(3) for corner in range(8) if not corner & _BITS[axis]
)
"""Axis and lower corner of each of the twelve edges."""

_EDGE_OF = {(corner, corner | _BITS[axis]): edge for edge, (axis, corner) in enumerate(EDGES)}
_MIDDLES = np.array([CORNERS[corner] for _, corner in EDGES], float)
_MIDDLES[np.arange(12), [axis for axis, _ in EDGES]] = 0.5


def _cube_faces() -> list[list[int]]:
    """The corners of each face of the cube, counter-clockwise seen from outside."""
    faces: list[list[int]] = []
    for axis in range(3):
        u, v = _BITS[(axis + 1) % 3], _BITS[(axis + 2) % 3]
        low = [0, u, u | v, v]
        faces += [low[::-1], [corner | _BITS[axis] for corner in low]]
    return faces


def _ring(face: list[int]) -> list[int]:
    """The edges of a face of the cube: edge i runs from corner i to corner i + 1."""
    return [_EDGE_OF[min(a, b), max(a, b)] for a, b in pairwise([*face, face[0]])]


_FACES = _cube_faces()
_RINGS = [frozenset(_ring(face)) for face in _FACES]


def _segments(case: int) -> dict[int, int]:
    """The directed segments of all faces, from crossed edge to crossed edge, the solid on their left."""
    following: dict[int, int] = {}
    for face in _FACES:
        ring = _ring(face)
        inside = [bool(case >> corner & 1) for corner in face]
        for i in range(4):
            if inside[i] or not inside[(i + 1) % 4]:
                continue
            # Edge i enters the solid. Going back over the outside corners finds where they began: that run is cut off.
            j = (i - 1) % 4
            while not inside[j]:
                j = (j - 1) % 4
            following[ring[i]] = ring[j]
    return following


def _loops(case: int) -> list[list[int]]:
    """The closed loops over crossed edges that bound the solid in this case."""
    following = _segments(case)
    loops: list[list[int]] = []
    while following:
        loop = [min(following)]
        edge = following.pop(loop[0])
        while edge != loop[0]:
            loop.append(edge)
            edge = following.pop(edge)
        loops.append(loop)
    return loops


def _in_one_face(a: int, b: int) -> bool:
    return any(a in ring and b in ring for ring in _RINGS)


def _triangulations(loop: list[int]) -> Iterator[tuple[Triangle, ...]]:
    """Every way to cut a loop into triangles without a diagonal in a face of the cube."""
    if len(loop) < 3:
        yield ()
        return
    first, last = loop[0], loop[-1]
    for k in range(1, len(loop) - 1):
        left_is_bad = k > 1 and _in_one_face(first, loop[k])
        right_is_bad = k < len(loop) - 2 and _in_one_face(loop[k], last)
        if left_is_bad or right_is_bad:
            continue
        for left in _triangulations(loop[: k + 1]):
            for right in _triangulations(loop[k:]):
                yield (*left, (first, loop[k], last), *right)


def _area(triangles: tuple[Triangle, ...]) -> float:
    """Area with every crossing in the middle of its edge."""
    a, b, c = (_MIDDLES[[triangle[i] for triangle in triangles]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


@cache
def case_table() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Build the table once.

    Bit c of a case's number says that corner c is inside.

    Returns
    -------
    counts : int64 [256]
        Triangles of each case, 0 to 5.
    edges : int64 [256, 5, 3]
        The edges whose crossings are the corners of those triangles, counter-clockwise seen from outside the solid;
        0 beyond the count.
    """
    counts = np.zeros(256, np.int64)
    edges = np.zeros((256, 5, 3), np.int64)
    for case in range(256):
        # The smallest area is the flattest of the choices, and none of these folds over itself.
        cuts = [min(_triangulations(loop), key=_area) for loop in _loops(case)]
        triangles = [triangle for cut in cuts for triangle in cut]
        counts[case] = len(triangles)
        if triangles:
            edges[case, : len(triangles)] = triangles
    return counts, edges

"""Closing of holes."""

from __future__ import annotations

import numpy as np

from ..arrays import Indices
from ..edges import Edges
from .fill import span_loop
from .loops import Loop, find_loops
from .polygons import Polygons, add_faces
from .prepare import diagonal
from .smooth_fill import smooth_patch
from .winding import one_sided_faces

__all__ = ["fill_holes", "fill_loops", "find_holes"]


def fill_holes(mesh: Polygons, *, max_sides: int = 0, max_length: float = 0.0, smooth: bool = False) -> Polygons:
    """Close holes with faces that join their rims.

    Holes of parts with one side only, such as a Moebius strip, stay open: closing them encloses nothing.

    Parameters
    ----------
    mesh : Polygons
        Wound consistently, with at most two faces at an edge.
    max_sides : int
        Only holes with at most this many sides; 0 for any number.
    max_length : float
        Only holes whose rims are at most this long, as a share of the box's diagonal; 0 for any length.
    smooth : bool
        Whether the patches carry on the curve of what surrounds them, with new points, instead of spanning the rims
        tightly.
    """
    loops = find_holes(mesh)
    length = max_length * diagonal(mesh) if max_length > 0 else np.inf
    most = max_sides if max_sides > 0 else len(mesh.corners)
    return fill_loops(mesh, [loop for loop in loops if loop.length <= length and len(loop.sides) <= most], smooth)


def fill_loops(mesh: Polygons, loops: list[Loop], smooth: bool = False) -> Polygons:
    """Close some of the holes that `find_holes` found; see `fill_holes`."""
    if not loops:
        return mesh
    edges = mesh.edges
    chords = _chords(edges)
    corners: list[Indices] = []
    sizes: list[int] = []
    sources: list[Indices] = []
    faces: list[int] = []
    patches: list[tuple[Loop, Indices]] = []
    for loop in loops:
        side = loop.sides[::-1]  # the patch runs along the rim the other way
        start = edges.start[side]
        if len(side) == 4 and not smooth and _flat(loop):
            rows = np.arange(4, dtype=np.int64)[None]
        else:
            rows = span_loop(mesh.points[start], _joined(start.tolist(), chords))
        if smooth and len(side) > 3:
            patches.append((loop, rows))
            continue
        corners.append(start[rows].ravel())
        sources.append(mesh.corner_from[side][rows].ravel())
        sizes.extend([rows.shape[1]] * len(rows))
        faces.extend([int(mesh.face_from[edges.face[side[0]]])] * len(rows))
    if corners:
        mesh = add_faces(
            mesh,
            np.concatenate(corners),
            np.array(sizes, np.int64),
            np.concatenate(sources),
            np.array(faces, np.int64),
        )
    for loop, rows in patches:
        mesh = smooth_patch(mesh, edges.start[loop.sides[::-1]], rows)
    return mesh


def find_holes(mesh: Polygons) -> list[Loop]:
    """The holes of all parts that have two sides."""
    loops = find_loops(mesh)
    if not loops:
        return loops
    one_sided = one_sided_faces(mesh)
    return [loop for loop in loops if not one_sided[mesh.owner[loop.sides[0]]]]


def _chords(edges: Edges) -> dict[int, list[int]]:
    """The edges inside the mesh that join two vertices at holes: the higher ends by the lower."""
    at_hole = np.zeros(int(edges.start.max()) + 1, np.bool_)
    free = edges.order[edges.first[edges.count == 1]]
    at_hole[edges.start[free]] = at_hole[edges.end[free]] = True
    side = edges.order[edges.first[edges.count > 1]]
    side = side[at_hole[edges.start[side]] & at_hole[edges.end[side]]]
    ends = np.sort(np.stack([edges.start[side], edges.end[side]], axis=1), axis=1)
    chords: dict[int, list[int]] = {}
    for low, high in ends.tolist():
        chords.setdefault(low, []).append(high)
    return chords


def _joined(rim: list[int], chords: dict[int, list[int]]) -> list[tuple[int, int]]:
    """The chords between the vertices of a rim, as pairs of places in it, lower first."""
    place = {vertex: i for i, vertex in enumerate(rim)}
    pairs = [(place[v], place[w]) for v in rim for w in chords.get(v, ()) if w in place]
    return [(min(pair), max(pair)) for pair in pairs]


def _flat(loop: Loop) -> bool:
    """Whether four points lie in one plane as well as one quad should, and make a convex one."""
    offset = loop.points - loop.points.mean(axis=0)
    turns = np.cross(np.roll(offset, -1, axis=0) - offset, np.roll(offset, -2, axis=0) - np.roll(offset, -1, axis=0))
    length = np.linalg.norm(turns, axis=1)
    total = turns.sum(axis=0)
    return bool((turns @ total > 0.99 * length * np.linalg.norm(total)).all())

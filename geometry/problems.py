"""Where the faults of a mesh lie."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..contracts import Mask
from ..errors import MeshError
from .arrays import Indices, Points
from .edges import Edges, count_fans, ringed_vertices
from .parts import closed_parts, part_labels
from .repair.faces import degenerate_faces, duplicate_faces
from .repair.polygons import Polygons
from .repair.triangulate import triangulate_polygons
from .repair.winding import turned_faces
from .self_intersections import crossing_faces
from .shells import inner_shells

__all__ = ["Problems", "find_problems"]


@dataclass(frozen=True)
class Problems:
    """The elements of a mesh that have a fault, each an ascending int64 array of indices unless said otherwise.

    An edge is named by one of its sides: side s runs from corner s of the mesh to the next one around its face, from
    vertex ``mesh.edges.start[s]`` to ``mesh.edges.end[s]``.

    - ``boundary_edges``: edges with one face. ``non_manifold_edges``: edges with more than two.
    - ``inconsistent_edges``: edges whose two faces run along them in the same direction.
    - ``non_manifold_vertices``: vertices around which the faces do not form a single fan or ring, which includes the
      ends of non-manifold edges. ``unused_vertices``: those that no face uses.
    - ``duplicate_faces``: faces whose corners an earlier face has already.
    - ``degenerate_faces``: faces with a repeated corner or next to no area.
    - ``part``: int64 [F], the part each face belongs to, 0..P - 1: what hangs together by shared vertices.
      ``loose_faces``: the faces of all parts but the one with the largest area.
    - ``inner_shells``: the numbers of the closed parts inside another closed part. ``inner_faces``: their faces.
      ``cavity_faces``: those of them in consistently wound parts that look inwards, which bound a hollow.
    - ``turned_faces``: the fewest faces to turn over so that all agree with their neighbours, where that can be.
    - ``crossing_faces``: faces that pass through another one, see `self_intersections.crossing_faces`.
    """

    boundary_edges: Indices
    non_manifold_edges: Indices
    inconsistent_edges: Indices
    non_manifold_vertices: Indices
    unused_vertices: Indices
    duplicate_faces: Indices
    degenerate_faces: Indices
    part: Indices
    loose_faces: Indices
    inner_shells: Indices
    inner_faces: Indices
    cavity_faces: Indices
    turned_faces: Indices
    crossing_faces: Indices


def find_problems(mesh: Polygons) -> Problems:
    """Find all faults of a mesh.

    Parameters
    ----------
    mesh : Polygons
        Corners that belong together must be one vertex: a mesh split at its seams is open there.

    Raises
    ------
    MeshError
        If the mesh has no faces, or coordinates that are not numbers.
    """
    if not mesh.n_faces:
        raise MeshError("The mesh has no faces; choose an object that has some.")
    if not np.isfinite(mesh.points).all():
        raise MeshError("The mesh has coordinates that are not numbers; delete those vertices first.")
    edges, n_vertices = mesh.edges, len(mesh.points)
    with ThreadPoolExecutor(1) as beside:
        # Most of the time goes there, and little of that is spent in Python itself.
        crossing = beside.submit(_crossing_faces, mesh)
        lone, crowded = (edges.order[edges.first[odd]] for odd in (edges.count == 1, edges.count > 2))
        one_way = _one_way(edges)
        pinched = count_fans(edges, n_vertices) > 1
        pinched[edges.start[crowded]] = pinched[edges.end[crowded]] = True
        labels = part_labels(edges, n_vertices)
        part = labels[mesh.corners[mesh.first[:-1]]]
        inner = _inner_shells(mesh, part, closed_parts(edges, labels))
        return Problems(
            boundary_edges=np.sort(lone),
            non_manifold_edges=np.sort(crowded),
            inconsistent_edges=np.sort(one_way),
            non_manifold_vertices=np.flatnonzero(pinched),
            unused_vertices=np.flatnonzero(labels < 0),
            duplicate_faces=np.flatnonzero(duplicate_faces(mesh)[0]),
            degenerate_faces=np.flatnonzero(degenerate_faces(mesh) | _repeated(mesh)),
            part=part,
            loose_faces=_loose(mesh, part),
            inner_shells=np.flatnonzero(inner),
            inner_faces=np.flatnonzero(inner[part]),
            cavity_faces=np.flatnonzero((inner & _inward(mesh, part, one_way))[part]),
            turned_faces=np.flatnonzero(turned_faces(mesh)) if len(one_way) else np.zeros(0, np.int64),
            crossing_faces=crossing.result(),
        )


def _crossing_faces(mesh: Polygons) -> Indices:
    """The faces that pass through another one."""
    triangles, owner = triangulate_polygons(mesh)
    crossing = crossing_faces(mesh.points, mesh.corners[triangles], ringed_vertices(mesh.edges, len(mesh.points)))
    return np.unique(owner[crossing])


def _inner_shells(mesh: Polygons, part: Indices, closed: Mask) -> Mask:
    """The closed parts inside another closed part."""
    if np.count_nonzero(closed) < 2:
        return np.zeros(len(closed), np.bool_)
    triangles, owner = triangulate_polygons(mesh)
    return inner_shells(mesh.points, mesh.corners[triangles], part[owner], closed)


def _one_way(edges: Edges) -> Indices:
    """The first side of each edge with two faces that run along it in the same direction."""
    pair = edges.first[edges.count == 2]
    one = edges.order[pair]
    return one[edges.forward[one] == edges.forward[edges.order[pair + 1]]]


def _repeated(mesh: Polygons) -> Mask:
    """Tell which faces have the same corner twice; of triangles only those without area do."""
    repeated = np.zeros(mesh.n_faces, np.bool_)
    corners = np.flatnonzero(np.repeat(mesh.sizes > 3, mesh.sizes))
    face, vertex = mesh.owner[corners], mesh.corners[corners]
    order = np.lexsort((vertex, face))
    again = (np.diff(face[order]) == 0) & (np.diff(vertex[order]) == 0)
    repeated[face[order[1:][again]]] = True
    return repeated


def _loose(mesh: Polygons, part: Indices) -> Indices:
    """The faces of all parts but the one with the largest area."""
    if not part.any():
        return np.zeros(0, np.int64)
    return np.flatnonzero(part != np.bincount(part, mesh.areas).argmax())


def _inward(mesh: Polygons, part: Indices, one_way: Indices) -> Mask:
    """Tell which parts are consistently wound but enclose a negative volume."""
    begin: Points = mesh.points[mesh.corners[mesh.first[:-1]]]
    begin = begin - 0.5 * (mesh.points.max(axis=0) + mesh.points.min(axis=0))
    volume = np.bincount(part, (begin * mesh.vectors).sum(axis=1))
    inward: Mask = volume < 0
    inward[part[mesh.owner[one_way]]] = False
    return inward

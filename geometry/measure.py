"""The mesh report: every count that makes a mesh unfit, and its size."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, MeshReport
from .edges import Edges, check_mesh, corner_fans, find_edges
from .parts import closed_parts, part_labels, part_volumes
from .self_intersections import crossing_faces
from .shells import inner_shells
from .triangles import area_vectors, triangulate

__all__ = ["measure"]

# A face with less area than this share of its longest side squared is a line or a point.
_LEAST_AREA = 1e-9


def measure(vertices: Float, faces: Int) -> MeshReport:
    """Measure a mesh as it is: vertices at the same place are not taken for one.

    *Boundary edges* have one face, *non-manifold edges* more than two. *Non-manifold vertices* hold together fans of
    faces that share no edge there. *Duplicate faces* repeat the corners of an earlier face in any order. *Degenerate
    faces* name a vertex twice or have no area. *Loose parts* hang together by shared vertices: a whole mesh has one.
    *Inner shells* are closed parts inside another. *Inconsistent edges* join two faces that run through them the same
    way. *Self-intersections* are the faces that pass through another (`self_intersections.crossing_faces`).

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column

    Returns
    -------
    MeshReport
        ``vertices`` counts those that faces use. ``volume`` is signed, in the cube of the mesh's unit, and means
        something for a watertight mesh only: closed, manifold and wound one way.

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or its indices are out of range.
    """
    check_mesh(vertices, faces)
    edges = find_edges(faces)
    triangles, owner, _ = triangulate(faces)
    labels = part_labels(faces, len(vertices))[triangles[:, 0]]
    n_parts = int(labels.max()) + 1
    used = np.unique(edges.start)
    boundary, crowded = int((edges.count == 1).sum()), int((edges.count > 2).sum())
    inconsistent, split = _inconsistent(edges), _split_vertices(edges)
    closed = closed_parts(triangles, labels, n_parts)
    crossing = crossing_faces(vertices, triangles)
    size = np.ptp(vertices[used], axis=0)
    return MeshReport(
        vertices=len(used),
        faces=len(faces),
        boundary_edges=boundary,
        non_manifold_edges=crowded,
        non_manifold_vertices=split,
        duplicate_faces=_duplicates(faces),
        degenerate_faces=_degenerate(vertices, faces),
        loose_parts=n_parts,
        inner_shells=int(inner_shells(vertices, triangles, labels, closed).sum()),
        inconsistent_edges=inconsistent,
        self_intersections=len(np.unique(owner[crossing])),
        watertight=not (boundary or crowded or inconsistent),
        volume=float(part_volumes(vertices, triangles, labels, n_parts).sum()),
        dimensions=(float(size[0]), float(size[1]), float(size[2])),
    )


def _inconsistent(edges: Edges) -> int:
    """Edges whose two faces run through them the same way."""
    first = edges.first[edges.count == 2]
    one, other = edges.order[first], edges.order[first + 1]
    return int((edges.forward[one] == edges.forward[other]).sum())


def _split_vertices(edges: Edges) -> int:
    """Vertices around which the faces fall into several fans."""
    fans = corner_fans(edges)
    heads = edges.start[fans == np.arange(len(fans))]
    return int((np.bincount(heads) > 1).sum())


def _duplicates(faces: Int) -> int:
    """Faces with the same corners as an earlier one."""
    return len(faces) - len(np.unique(np.sort(faces, axis=1), axis=0))


def _degenerate(vertices: Float, faces: Int) -> int:
    """Faces that name a vertex twice or have no area."""
    ordered = np.sort(faces, axis=1)
    repeated = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    triangles, owner, _ = triangulate(faces)
    area = np.bincount(owner, np.linalg.norm(area_vectors(vertices, triangles), axis=1), len(faces))
    points = vertices.astype(np.float64)[triangles]
    longest = ((np.roll(points, -1, axis=1) - points) ** 2).sum(2).max(1)
    reach = np.zeros(len(faces))
    np.maximum.at(reach, owner, longest)
    return int((repeated | (area <= _LEAST_AREA * reach)).sum())

"""The mesh report: counts of everything that makes a mesh unfit, and its size."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask, MeshReport
from .arrays import Indices
from .edges import Edges, check_mesh, count_fans, find_edges
from .parts import closed_parts, part_labels, part_volumes
from .self_intersections import crossing_faces
from .shells import inner_shells
from .triangles import area_vectors, triangulate

__all__ = ["measure"]

_FLAT = 1e-6
"""A triangle is degenerate when its height is less than this share of its longest side."""


def measure(vertices: Float, faces: Int) -> MeshReport:
    """Measure a mesh.

    What the counts of the report mean:

    - ``boundary_edges``: edges with one face. ``non_manifold_edges``: edges with more than two.
    - ``non_manifold_vertices``: vertices around which the faces do not form a single fan or ring, which includes the
      ends of non-manifold edges.
    - ``duplicate_faces``: faces whose corners an earlier face has already.
    - ``degenerate_faces``: faces with a repeated corner or next to no area.
    - ``loose_parts``: what hangs together by shared vertices, counted; vertices without a face are no part.
    - ``inner_shells``: closed parts inside another closed part.
    - ``inconsistent_edges``: edges whose two faces run along them in the same direction, so that one is turned over.
    - ``self_intersections``: faces that pass through another one, see `crossing_faces`.
    - ``watertight``: every edge has exactly two faces.
    - ``volume``: signed, in the cube of the mesh's unit; means a volume when the mesh is watertight and consistent.
    - ``dimensions``: of the box around all faces, along X, Y and Z.

    Parameters
    ----------
    vertices : float32 [V, 3]
        Corners that belong together must be one vertex: a mesh split at its seams is open there.
    faces : int32 [F, 3] or [F, 4]
        -1 in the last column of a triangle among quads.

    Returns
    -------
    MeshReport

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or its indices are out of range.
    """
    check_mesh(vertices, faces)
    edges = find_edges(faces)
    triangles, owner, _ = triangulate(faces)
    labels = part_labels(faces, len(vertices))
    part = labels[triangles[:, 0]]
    n_parts = int(labels.max()) + 1
    paired = edges.first[edges.count == 2]
    one_way = edges.forward[edges.order[paired]] == edges.forward[edges.order[paired + 1]]
    crossing = np.unique(owner[crossing_faces(vertices, triangles)])
    used = vertices[labels >= 0]
    width, depth, height = (used.max(axis=0).astype(np.float64) - used.min(axis=0)).tolist()
    return MeshReport(
        vertices=len(vertices),
        faces=len(faces),
        boundary_edges=int(np.count_nonzero(edges.count == 1)),
        non_manifold_edges=int(np.count_nonzero(edges.count > 2)),
        non_manifold_vertices=_non_manifold_vertices(edges, len(vertices)),
        duplicate_faces=_duplicates(faces),
        degenerate_faces=int(np.count_nonzero(_degenerate(vertices, faces, triangles, owner))),
        loose_parts=n_parts,
        inner_shells=int(np.count_nonzero(inner_shells(vertices, triangles, part, closed_parts(edges, labels)))),
        inconsistent_edges=int(np.count_nonzero(one_way)),
        self_intersections=len(crossing),
        watertight=bool((edges.count == 2).all()),
        volume=float(part_volumes(vertices, triangles, part, n_parts).sum()),
        dimensions=(width, depth, height),
    )


def _non_manifold_vertices(edges: Edges, n_vertices: int) -> int:
    """Count vertices with several fans, or at an edge with more than two faces."""
    bad = count_fans(edges, n_vertices) > 1
    crowded = edges.order[edges.first[edges.count > 2]]
    bad[edges.start[crowded]] = bad[edges.end[crowded]] = True
    return int(np.count_nonzero(bad))


def _duplicates(faces: Int) -> int:
    """Count faces with the same corners as an earlier face, in any order."""
    corners = np.sort(faces, axis=1)
    corners = corners[np.lexsort(corners.T)]
    return int(np.count_nonzero((corners[1:] == corners[:-1]).all(axis=1)))


def _degenerate(vertices: Float, faces: Int, triangles: Int, owner: Int) -> Mask:
    """Tell which faces repeat a corner or have next to no area."""
    ring = faces.astype(np.int64)
    if ring.shape[1] == 4:
        ring[:, 3] = np.where(ring[:, 3] < 0, -1 - np.arange(len(ring), dtype=np.int64), ring[:, 3])
    corners: Indices = np.sort(ring, axis=1)
    repeated = (corners[:, 1:] == corners[:, :-1]).any(axis=1)
    points = vertices[triangles].astype(np.float64)
    sides = np.roll(points, -1, axis=1) - points
    longest = (sides**2).sum(axis=2).max(axis=1)
    vectors = area_vectors(vertices, triangles)
    total = np.stack([np.bincount(owner, column, len(faces)) for column in vectors.T], axis=1)
    largest = np.zeros(len(faces))
    np.maximum.at(largest, owner, longest)
    # Twice the area over the squared longest side is the height over the longest side.
    return repeated | (2.0 * np.sqrt((total**2).sum(axis=1)) <= _FLAT * largest)

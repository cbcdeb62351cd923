"""The mesh report: counts of everything that makes a mesh unfit, and its size."""

from __future__ import annotations

import numpy as np

from ..contracts import MeshReport
from .problems import find_problems
from .repair.polygons import Polygons

__all__ = ["measure"]


def measure(mesh: Polygons) -> MeshReport:
    """Measure a mesh.

    What the counts mean is said at `Problems`, which tells where each fault lies; and of the others:

    - ``loose_parts``: what hangs together by shared vertices, counted; vertices without a face are no part.
    - ``self_intersections``: the faces that pass through another one, counted.
    - ``watertight``: every edge has exactly two faces.
    - ``volume``: signed, in the cube of the mesh's unit; means a volume when the mesh is watertight and consistent.
    - ``dimensions``: of the box around all faces, along X, Y and Z.

    Parameters
    ----------
    mesh : Polygons
        Corners that belong together must be one vertex: a mesh split at its seams is open there.

    Returns
    -------
    MeshReport

    Raises
    ------
    MeshError
        If the mesh has no faces, or coordinates that are not numbers.
    """
    problems = find_problems(mesh)
    begin = mesh.points[mesh.corners[mesh.first[:-1]]]
    used = np.delete(mesh.points, problems.unused_vertices, axis=0)
    low, high = used.min(axis=0), used.max(axis=0)
    width, depth, height = (high - low).tolist()
    return MeshReport(
        vertices=len(mesh.points),
        faces=mesh.n_faces,
        boundary_edges=len(problems.boundary_edges),
        non_manifold_edges=len(problems.non_manifold_edges),
        non_manifold_vertices=len(problems.non_manifold_vertices),
        duplicate_faces=len(problems.duplicate_faces),
        degenerate_faces=len(problems.degenerate_faces),
        loose_parts=int(problems.part.max()) + 1,
        inner_shells=len(problems.inner_shells),
        inconsistent_edges=len(problems.inconsistent_edges),
        self_intersections=len(problems.crossing_faces),
        watertight=not len(problems.boundary_edges) and not len(problems.non_manifold_edges),
        volume=float(((begin - 0.5 * (low + high)) * mesh.vectors).sum() / 3.0),
        dimensions=(width, depth, height),
    )

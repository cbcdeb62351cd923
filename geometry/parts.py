"""The connected parts of a mesh, and which of them are worth keeping."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask, Use
from .arrays import Indices, Points, dot
from .components import components
from .edges import Edges, check_mesh, compact, find_edges
from .shells import inner_shells

__all__ = ["closed_parts", "keep_parts", "part_labels", "part_volumes"]

_SMALLEST_SHARE: dict[Use, float] = {"solid": 0.1, "visual": 0.001}
"""The least share of the total volume a part must have."""


def part_labels(edges: Edges, n_vertices: int) -> Indices:
    """Number the parts of a mesh: what hangs together by shared vertices.

    Parameters
    ----------
    edges : Edges
    n_vertices : int

    Returns
    -------
    int64 [n_vertices]
        The part of each vertex, 0..P - 1 in the order of their first vertices; -1 where no face uses the vertex.
    """
    side = edges.order[edges.first]
    root = components(n_vertices, edges.start[side], edges.end[side])
    used = np.zeros(n_vertices, np.bool_)
    used[edges.start] = True
    number = np.cumsum(used & (root == np.arange(n_vertices, dtype=np.int64)), dtype=np.int64) - 1
    return np.where(used, number[root], -1)


def part_volumes(vertices: Float, triangles: Int, labels: Indices, n_parts: int) -> Points:
    """Measure the signed volume of each part.

    Parameters
    ----------
    vertices : float32 [V, 3]
    triangles : int32 [T, 3]
    labels : int64 [T]
        The part of each triangle.
    n_parts : int

    Returns
    -------
    float64 [n_parts]
        Positive where the faces look outwards, negative for a cavity. Means a volume for closed parts only.
    """
    points = vertices.astype(np.float64)
    points -= (points.min(axis=0) + points.max(axis=0)) / 2.0
    a, b, c = (points[triangles[:, i]] for i in range(3))
    six_volumes = dot(a, np.cross(b, c))
    return np.bincount(labels, six_volumes, minlength=n_parts) / 6.0


def closed_parts(edges: Edges, labels: Indices) -> Mask:
    """Tell of each part whether every edge of it has exactly two faces.

    Parameters
    ----------
    edges : Edges
    labels : int64 [n_vertices]
        As `part_labels` gives them.

    Returns
    -------
    bool [P]
    """
    lone = edges.order[edges.first[edges.count != 2]]
    closed = np.ones(int(labels.max()) + 1, np.bool_)
    closed[labels[edges.start[lone]]] = False
    return closed


def keep_parts(vertices: Float, faces: Int, use: Use) -> tuple[Float, Int]:
    """Drop what the use has no place for.

    ``solid`` keeps parts with at least a tenth of the whole volume, ``visual`` those with a thousandth; the largest
    part always stays. Both drop inner shells: cavities, and what floats in them. ``raw`` keeps everything.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    use : "solid", "visual" or "raw"

    Returns
    -------
    vertices : float32 [W, 3]
    faces : int32 [G, 3]
        In their old order, without unused vertices.

    Raises
    ------
    MeshError
        If the mesh is empty, not finite, or its indices are out of range.
    """
    check_mesh(vertices, faces)
    if use == "raw":
        return vertices, faces
    edges = find_edges(faces)
    labels = part_labels(edges, len(vertices))
    part = labels[faces[:, 0]]
    n_parts = int(labels.max()) + 1
    if n_parts == 1:
        return compact(vertices, faces)
    inner = inner_shells(vertices, faces, part, closed_parts(edges, labels))
    size = np.where(inner, 0.0, np.abs(part_volumes(vertices, faces, part, n_parts)))
    keep = ~inner & (size >= _SMALLEST_SHARE[use] * size.sum())
    keep[np.argmax(size)] = True
    return compact(vertices, faces[keep[part]])

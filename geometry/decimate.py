"""Fewer faces for the same shape."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from ..errors import MeshError
from .arrays import Indices, Points
from .collapse import Collapses, choose_collapses
from .edges import check_mesh, corner_fans, find_edges
from .quadrics import best_points, vertex_quadrics

__all__ = ["decimate"]

_SHARE = 0.25
"""The share of the edges that is looked at in a round: fewer is nearer to always taking the cheapest, but slower."""
_SLOW = 0.02
"""A round that collapses fewer edges than this by the number of faces was held up: the next looks at more."""
_BLUR = 1.0
"""Costs are blurred by up to this power of two before they are compared (see `_blur`)."""
_PASSES = 8
_LAST_PASSES = 1000


def decimate(vertices: Float, faces: Int, target: int) -> tuple[Float, Int]:
    """Reduce a triangle mesh to a number of faces by collapsing edges, those that change the shape least first.

    Every collapse keeps the surface what it is: a closed manifold stays one, with the same parts and handles, and no
    face turns over. Borders, and whatever is not manifold, stay as they are.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    target : int
        The number of faces to reach. A mesh with no more than that is returned as it is.

    Returns
    -------
    vertices : float32 [W, 3]
    faces : int32 [G, 3]
        The target, or one less: a closed surface has an even number of triangles.

    Raises
    ------
    MeshError
        If the arrays are no mesh, or no more than 2 % above the target can be reached without harm to the surface.
    """
    check_mesh(vertices, faces)
    if len(faces) <= target:
        return vertices, faces
    low, high = vertices.min(axis=0).astype(np.float64), vertices.max(axis=0).astype(np.float64)
    size = float((high - low).max()) or 1.0
    points = (vertices - low) / size
    points, reduced = _reduce(points, faces.astype(np.int64), _fixed_vertices(faces, len(vertices)), target)
    if len(reduced) > 1.02 * target:
        raise MeshError(
            f"The mesh cannot be reduced to {target} faces without breaking its surface; "
            f"ask for {len(reduced)} or more."
        )
    return (points * size + low).astype(np.float32), reduced.astype(np.int32)


def _fixed_vertices(faces: Int, n_vertices: int) -> Mask:
    """The vertices around which the faces do not form one consistent, closed ring."""
    edges = find_edges(faces)
    paired = edges.count == 2
    one, other = edges.order[edges.first[paired]], edges.order[edges.first[paired] + 1]
    odd = np.concatenate([edges.order[edges.first[~paired]], one[edges.forward[one] == edges.forward[other]]])
    fixed = np.zeros(n_vertices, np.bool_)
    fixed[edges.start[odd]] = fixed[edges.end[odd]] = True
    fixed[faces[(faces == np.roll(faces, 1, axis=1)).any(axis=1)]] = True
    fans = corner_fans(edges)
    n_fans = np.bincount(edges.start[fans == np.arange(len(fans))], minlength=n_vertices)
    return fixed | (n_fans != 1)


def _reduce(points: Points, faces: Indices, fixed: Mask, target: int) -> tuple[Points, Indices]:
    """Collapse edges round by round until the target is reached or nothing more can collapse."""
    quadrics = vertex_quadrics(points, faces)
    share = _SHARE
    while len(faces) > target:
        need = (len(faces) - target + 1) // 2
        edges = _cheapest_edges(points, quadrics, faces, fixed, share)
        chosen = choose_collapses(points, faces, edges, need, _PASSES if share < 1.0 else _LAST_PASSES)
        if not len(chosen) and share == 1.0:
            break
        share = min(2.0 * share, 1.0) if len(chosen) < min(need, _SLOW * len(faces)) else _SHARE
        points[chosen.a] = chosen.target
        quadrics[chosen.a] += quadrics[chosen.b]
        name = np.arange(len(points))
        name[chosen.b] = chosen.a
        faces = name[faces]
        gone = (faces == np.roll(faces, 1, axis=1)).any(axis=1)
        faces = faces[~gone]
        used = np.zeros(len(points), np.bool_)
        used[faces] = True
        points, quadrics, fixed = points[used], quadrics[used], fixed[used]
        faces = (np.cumsum(used) - 1)[faces]
    return points, faces


def _cheapest_edges(points: Points, quadrics: Points, faces: Indices, fixed: Mask, share: float) -> Collapses:
    """A share of the edges that are free to collapse, the cheapest first."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    # Around a vertex that is not fixed, every edge runs forward in exactly one of its two faces.
    free = (start < end) & ~fixed[start] & ~fixed[end]
    a, b = start[free], end[free]
    target, cost = best_points(points, quadrics, a, b)
    last = int(share * len(cost)) if share < 1.0 else len(cost)
    few = np.argpartition(cost, last)[:last] if last < len(cost) else np.arange(last)
    few = few[np.argsort(cost[few] * _blur(len(few)), kind="stable")]
    return Collapses(a[few], b[few], target[few])


def _blur(n: int) -> Points:
    """Factors that mix up edges of similar cost: where costs rise steadily, all but one would wait for another."""
    return np.exp2(_BLUR * np.random.default_rng(0).random(n))

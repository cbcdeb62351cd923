"""Fewer faces for the same shape."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from ..errors import MeshError
from .arrays import Indices, Points
from .collapse import Collapses, Limits, choose_collapses
from .edges import check_mesh, count_fans, find_edges, ringed_vertices
from .quadrics import best_points, vertex_quadrics
from .self_intersections import crossing_faces
from .smooth import relax_crossings

__all__ = ["decimate"]

_SHARE = 0.25
"""The share of the edges that is looked at in a round: fewer is nearer to always taking the cheapest, but slower."""
_SLOW = 0.02
"""A round that collapses fewer edges than this by the number of faces was held up: the next looks at more."""
_CRAWL = 0.005
"""A round of all edges that collapses fewer than this is at its end: the next may do more harm."""
_BLUR = 1.0
"""Costs are blurred by up to this power of two before they are compared (see `_blur`)."""
_LIMITS = (Limits(turn=0.6, thin=0.03), Limits(turn=0.2, thin=0.01), Limits(turn=-2.0, thin=0.0))
"""Where nothing more can collapse within the first, the next hold: 53 degrees, 78, and in the end anything."""
_ATTEMPTS = 4
_HOPELESS = 0.01
"""With more crossing faces than this by the target, leaving their places as they were would use up the target."""
_PASSES = 8
_LAST_PASSES = 1000


def decimate(vertices: Float, faces: Int, target: int, attempts: int = _ATTEMPTS) -> tuple[Float, Int]:
    """Reduce a triangle mesh to a number of faces by collapsing edges, those that change the shape least first.

    Every collapse keeps the surface what it is: a closed manifold stays one, with the same parts and handles. No face
    turns over or becomes a sliver, unless the target cannot be reached otherwise. Borders, and whatever is not
    manifold, stay as they are.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3]
    target : int
        The number of faces to reach. A mesh with no more than that is returned as it is.
    attempts : int
        How often to reduce again where faces came to cross, each time as long as the first.

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
    fixed = _fixed_vertices(faces, len(vertices))
    points, reduced = _reduce_apart(points, faces.astype(np.int64), fixed, target, attempts)
    if len(reduced) > 1.02 * target:
        raise MeshError(
            f"The mesh cannot be reduced to {target} faces without breaking its surface; "
            f"ask for {len(reduced)} or more."
        )
    return (points * size + low).astype(np.float32), reduced.astype(np.int32)


def _fixed_vertices(faces: Int, n_vertices: int) -> Mask:
    """The vertices around which the faces do not form one consistent, closed ring."""
    edges = find_edges(faces)
    fixed = ~ringed_vertices(edges, n_vertices)
    fixed[faces[(faces == np.roll(faces, 1, axis=1)).any(axis=1)]] = True
    return fixed | (count_fans(edges, n_vertices) != 1)


def _reduce_apart(points: Points, faces: Indices, fixed: Mask, target: int, attempts: int) -> tuple[Points, Indices]:
    """Reduce, and where faces came to cross, reduce again with that place left as it was.

    Surfaces that run close to each other may come to cross as they get coarser. Of the attempts that reach the target
    the one with the fewest crossings is taken, and what still crosses there is relaxed.
    """
    best: tuple[Points, Indices, Indices] | None = None
    fewest, kept = len(faces), fixed
    for _ in range(attempts):
        new_points, new_faces, home = _reduce(points, faces, fixed, target)
        if best is not None and len(new_faces) > target:
            break
        crossing = crossing_faces(new_points.astype(np.float32), new_faces.astype(np.int32))
        n_crossing = np.count_nonzero(crossing)
        if best is None or n_crossing < fewest:
            best, fewest = (new_points, new_faces, home), n_crossing
        if not n_crossing or n_crossing > _HOPELESS * target:
            break
        spoilt = np.zeros(len(new_points), np.bool_)
        spoilt[new_faces[crossing]] = True
        fixed = fixed | spoilt[home]
    assert best is not None
    points, faces, home = best
    staying = np.zeros(len(points), np.bool_)
    staying[home[kept]] = True
    return relax_crossings(points, faces, staying), faces


def _reduce(points: Points, faces: Indices, fixed: Mask, target: int) -> tuple[Points, Indices, Indices]:
    """Collapse edges round by round until the target is reached or nothing more can collapse.

    Besides points and faces, tell for each old vertex the new one it became a part of.
    """
    points = points.copy()
    quadrics = vertex_quadrics(points, faces)
    home = np.arange(len(points), dtype=np.int64)
    share, strictness = _SHARE, 0
    while len(faces) > target and strictness < len(_LIMITS):
        need = (len(faces) - target + 1) // 2
        edges = _cheapest_edges(points, quadrics, faces, fixed, share)
        passes = _PASSES if share < 1.0 else _LAST_PASSES
        chosen = choose_collapses(points, faces, edges, _LIMITS[strictness], need, passes)
        crawl = _CRAWL * len(faces) if strictness + 1 < len(_LIMITS) else 0
        if len(chosen) <= crawl and share == 1.0:
            strictness += 1
        share = min(2.0 * share, 1.0) if len(chosen) < min(need, _SLOW * len(faces)) else _SHARE
        points[chosen.a] = chosen.target
        quadrics[chosen.a] += quadrics[chosen.b]
        name = np.arange(len(points), dtype=np.int64)
        name[chosen.b] = chosen.a
        faces = name[faces]
        gone = (faces == np.roll(faces, 1, axis=1)).any(axis=1)
        faces = faces[~gone]
        used = np.zeros(len(points), np.bool_)
        used[faces] = True
        points, quadrics, fixed = points[used], quadrics[used], fixed[used]
        number = np.cumsum(used, dtype=np.int64) - 1
        faces, home = number[faces], number[name[home]]
    return points, faces, home


def _cheapest_edges(points: Points, quadrics: Points, faces: Indices, fixed: Mask, share: float) -> Collapses:
    """A share of the edges that are free to collapse, the cheapest first."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    # Around a vertex that is not fixed, every edge runs forward in exactly one of its two faces.
    free = (start < end) & ~fixed[start] & ~fixed[end]
    a, b = start[free], end[free]
    target, cost = best_points(points, quadrics, a, b)
    last = int(share * len(cost)) if share < 1.0 else len(cost)
    few = np.argpartition(cost, last)[:last] if last < len(cost) else np.arange(last, dtype=np.int64)
    few = few[np.argsort(cost[few] * _blur(len(few)), kind="stable")]
    return Collapses(a[few], b[few], target[few])


def _blur(n: int) -> Points:
    """Factors that mix up edges of similar cost: where costs rise steadily, all but one would wait for another."""
    return np.exp2(_BLUR * np.random.default_rng(0).random(n))

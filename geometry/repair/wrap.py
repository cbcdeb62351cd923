"""A closed surface around any mesh: the last resort where nothing gentler makes it a body."""

from __future__ import annotations

import numpy as np

from ...contracts import Float
from ...errors import MeshError
from ..arrays import Indices, Points
from ..decimate import decimate
from ..extract import extract_surface
from ..nearest import NearestSurface
from .enclose import find_outside, grown
from .polygons import NONE, Polygons, compact, starts
from .settle import settle
from .triangulate import triangulate_polygons
from .voxels import count_cells, grid_distance

__all__ = ["wrap"]

_GAP = 0.75
"""The surface is first drawn at least so far around the mesh, in cells: nearer by, the grid would not hold sheets."""
_HOLE = 0.03
"""Hollows behind holes up to about this wide, as a share of the diagonal, come out solid."""
_LEAST = 0.05
"""No cell is taken to be nearer to the closed surface than this, in cells."""
_COARSER = 4
"""Cells of this many cells' width show how much surface there is."""
_MOST = 3
"""A surface may pass this many times as many cells as a side of the box has; a box passes six times as many."""
_TOO_LITTLE = 0.65
"""By how much the distance on the grid may be too little, in cells."""
_FACTORS = (4.0, 2.0, 1.4)
"""Each round of simplification divides the number of faces by the first of these with which the shape is kept."""
_FEWEST = 200
_SAMPLES = 20_000
_MEAN, _LARGEST = 0.06, 1.5
"""How far a simpler surface may be from the full one, in cells."""


def wrap(mesh: Polygons, *, cells: int = 192, thickness: float = 0.003) -> Polygons:
    """Draw one closed surface around everything, and pull it down onto the mesh.

    What the mesh encloses comes out solid, also where holes of up to 3 % of its diagonal lead in. Sheets that enclose
    nothing become plates. Gaps narrower than about two cells are closed.

    Parameters
    ----------
    mesh : Polygons
        Any faces with finite coordinates; they may be open, wound either way, and pass through each other.
    cells : int
        Along the longest side of the mesh's box; fewer where the mesh has more surface than most.
    thickness : float
        Of plates, as a share of the diagonal, and the least of everything else.

    Returns
    -------
    Polygons
        Triangles: a closed manifold, wound outwards, which remembers no source.

    Raises
    ------
    MeshError
        If the mesh has no extent.
    """
    mesh = compact(mesh)
    triangles = mesh.corners[triangulate_polygons(mesh)[0]]
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    cell = float((high - low).max()) / cells
    if cell <= 0:
        raise MeshError("All vertices of the mesh lie in one point; there is no surface to work on.")
    passed = count_cells(mesh.points - low, triangles, _COARSER * cell) * _COARSER**2
    cell *= max(1.0, (passed / (_MOST * cells * cells)) ** 0.5)
    diagonal = float(np.linalg.norm(high - low)) / cell
    least = thickness * diagonal
    gap = max(_GAP, 0.5 * least)
    steps = max(0, int(np.ceil(0.5 * _HOLE * diagonal - gap)))
    border = steps + int(np.ceil(gap)) + 3
    origin = low - border * cell
    places = (mesh.points - origin) / cell
    x, y, z = (np.ceil((high - low) / cell).astype(np.int64) + 2 * border + 1).tolist()
    surface = NearestSurface(places, triangles)
    field = _field(places, triangles, surface, (x, y, z), gap, steps)
    vertices, faces = extract_surface(field)
    points = settle(vertices.astype(np.float64), faces.astype(np.int64), surface, field, gap, least)
    points, faces = _simplified(points, faces.astype(np.int64))
    return _forgetful(points * cell + origin, faces)


def _field(
    points: Points, triangles: Indices, surface: NearestSurface, shape: tuple[int, int, int], gap: float, steps: int
) -> Float:
    """Positive where the mesh is within the gap and where it encloses; about the distance from where that ends."""
    reach = gap + 1.0
    distance = grid_distance(points, triangles, shape, reach)
    outside = find_outside(distance <= gap, steps)
    rim = grown(grown(outside)) & (distance > gap - _TOO_LITTLE) & (distance < reach)
    distance[rim] = np.minimum(surface.find(np.argwhere(rim).astype(np.float64), reach)[0], reach)
    rim &= distance > gap
    outside |= grown(outside) & rim
    outside |= grown(outside) & rim
    beyond = distance - np.float32(gap)
    field = np.where(beyond > 0, np.float32(0.5), np.maximum(-beyond, np.float32(_LEAST)))
    field[outside] = -np.maximum(beyond[outside], np.float32(_LEAST))
    return field


def _simplified(points: Points, faces: Indices) -> tuple[Points, Indices]:
    """About as few faces as the surface needs to keep its shape."""
    sample = points[:: -(-len(points) // _SAMPLES)]
    for factor in _FACTORS:
        while len(faces) > factor * _FEWEST:
            try:
                aim = int(len(faces) / factor)
                simple, fewer = decimate(points.astype(np.float32), faces.astype(np.int32), aim, attempts=1)
            except MeshError:
                break
            apart, _, _ = NearestSurface(simple.astype(np.float64), fewer.astype(np.int64)).find(sample)
            if apart.mean() > _MEAN or apart.max() > _LARGEST:
                break
            points, faces = simple.astype(np.float64), fewer.astype(np.int64)
    return points, faces


def _forgetful(points: Points, faces: Indices) -> Polygons:
    """Triangles as polygons that come from nowhere."""
    none = [np.full(size, NONE, np.int64) for size in (len(points), faces.size, len(faces))]
    return Polygons(points, faces.ravel(), starts(np.full(len(faces), 3, np.int64)), *none)

"""UV coordinates: charts projected along one direction each, turned to lie snugly, and packed."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Indices, Points, dot
from .charts import AXES, STEEPEST, Links, find_links, label_axes, number_charts
from .edges import check_mesh
from .pack import bounds, lay_out, pack_charts
from .raster import covered_pixels, face_map
from .triangles import area_vectors, sum_at, triangulate, unit

__all__ = ["unwrap"]

# Pixels along the square root of the mesh's area where charts are searched for folds: near a 2048 texture's texels.
_FOLD_RESOLUTION = 1100
_FOLD_ROUNDS = 10
_ANGLES = 24
# Charts seen at a slant are blown up to the texel density of the others, up to this factor.
_LARGEST_SCALE = 3.0


def unwrap(vertices: Float, faces: Int) -> Float:
    """Give a mesh UV coordinates without overlaps, at one texel density.

    Parameters
    ----------
    vertices : float32 [V, 3], any unit and frame
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column

    Returns
    -------
    float32 [F, 3 or 4, 2]
        In 0..1, origin at the bottom left; (0, 0) at the missing corner of a triangle among quads.

    Raises
    ------
    MeshError
        The mesh is empty or not finite, or a face names a vertex that is not there.
    """
    check_mesh(vertices, faces)
    links = find_links(vertices, faces)
    label = label_axes(vertices, faces, links)
    triangles, owner, corner = triangulate(faces)
    points = _normalized(vertices, triangles)
    chart, corners = _unfold(points, triangles, owner, label, links)
    corners = _turned_snugly(corners, chart[owner])
    uv = np.zeros((*faces.shape, 2), np.float32)
    uv[owner[:, None], corner] = pack_charts(corners, chart[owner])
    return uv


def _normalized(vertices: Float, triangles: Int) -> Points:
    """Vertices about their middle, in units of the square root of the mesh's area."""
    used = vertices[triangles.ravel()].astype(np.float64)
    middle = (used.min(0) + used.max(0)) / 2
    points = vertices.astype(np.float64) - middle
    area = np.linalg.norm(area_vectors(points, triangles), axis=1).sum()
    return points / np.sqrt(max(float(area), 1e-30))


def _unfold(points: Points, triangles: Int, owner: Int, label: Indices, links: Links) -> tuple[Indices, Points]:
    """Number the charts and flatten them, cutting those that would cover themselves, until none does.

    Returns the charts of the faces, int64 [F], and their triangles' flat corners, float64 [T, 3, 2].
    """
    chart = number_charts(label, links)
    for turn in range(_FOLD_ROUNDS):
        corners, height = _flatten(points, triangles, chart[owner], label[owner])
        hidden = np.zeros(len(label), np.bool_)
        hidden[owner[_losers(corners, height, chart[owner])]] = True
        if not hidden.any():
            return chart, corners
        # What still folds in the end is crumpled: there each face becomes a chart.
        last = turn == _FOLD_ROUNDS - 2
        chart = number_charts(chart * 2 + hidden, links) if not last else _split_off(chart, hidden)
    return chart, _flatten(points, triangles, chart[owner], label[owner])[0]


def _split_off(chart: Indices, faces: Mask) -> Indices:
    """Make charts of their own of the marked faces [F]."""
    alone = np.where(faces, int(chart.max()) + 1 + np.arange(len(chart)), chart)
    return np.unique(alone, return_inverse=True)[1]


def _flatten(points: Points, triangles: Int, chart: Indices, label: Indices) -> tuple[Points, Points]:
    """Project each chart along its mean normal, or its axis where a face would be too steep, at its true area.

    Returns flat corners [T, 3, 2] and their height above the plane [T, 3].
    """
    n_charts = int(chart.max()) + 1
    vectors = area_vectors(points, triangles)
    area = np.linalg.norm(vectors, axis=1)
    normal = unit(np.stack([sum_at(chart, vectors[:, k], n_charts) for k in range(3)], 1))
    steep = dot(vectors, normal[chart]) < STEEPEST * area
    along_axis = sum_at(chart, steep, n_charts) > 0
    axis = np.zeros(n_charts, np.int64)
    axis[chart] = label
    normal[along_axis] = AXES[axis[along_axis]]
    helper = np.where(np.abs(normal[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]])
    right = unit(np.cross(helper, normal))
    basis = np.stack([right, np.cross(normal, right), normal], 1)
    flat_area = sum_at(chart, dot(vectors, normal[chart]), n_charts)
    true_area = sum_at(chart, area, n_charts)
    scale = np.sqrt(true_area / np.maximum(flat_area, 1e-30))
    basis[:, :2] *= np.clip(scale, 1.0, _LARGEST_SCALE)[:, None, None]
    local = points[triangles] @ basis[chart].transpose(0, 2, 1)
    return local[:, :, :2], local[:, :, 2]


def _losers(corners: Points, height: Points, chart: Indices) -> Indices:
    """Triangles that lie below another one of the same chart: indices [L]."""
    low, high = bounds(corners, chart)
    sizes = np.ceil((high - low) * _FOLD_RESOLUTION).astype(np.int64) + 1
    origin, size = lay_out(sizes)
    pixels = (corners - low[chart][:, None]) * _FOLD_RESOLUTION + origin[chart][:, None].astype(np.float64)
    shown = face_map(pixels, size, -height).ravel()
    kept = np.bincount(shown[shown >= 0], minlength=len(corners))
    return np.flatnonzero(kept < covered_pixels(pixels, size))


def _turned_snugly(corners: Points, chart: Indices) -> Points:
    """Turn each chart so that its bounding box is smallest."""
    order = np.argsort(chart, kind="stable")
    first = np.searchsorted(chart[order], np.arange(int(chart.max()) + 1))
    points = corners[order]
    best = np.full(len(first), np.inf)
    angle = np.zeros(len(first))
    for tried in np.arange(_ANGLES) * (np.pi / 2 / _ANGLES):
        x = points[:, :, 0] * np.cos(tried) - points[:, :, 1] * np.sin(tried)
        y = points[:, :, 0] * np.sin(tried) + points[:, :, 1] * np.cos(tried)
        box = (np.maximum.reduceat(x.max(1), first) - np.minimum.reduceat(x.min(1), first)) * (
            np.maximum.reduceat(y.max(1), first) - np.minimum.reduceat(y.min(1), first)
        )
        better = box < best * 0.999
        best[better], angle[better] = box[better], tried
    cosine, sine = np.cos(angle)[chart][:, None], np.sin(angle)[chart][:, None]
    x, y = corners[:, :, 0], corners[:, :, 1]
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], 2)

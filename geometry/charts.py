"""Cutting a mesh into charts, pieces that lie flat when looked at along one axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int
from .arrays import Indices, Points
from .components import components
from .edges import find_edges
from .triangles import area_vectors, triangulate

__all__ = ["AXES", "STEEPEST", "Links", "find_links", "label_axes", "number_charts"]

AXES = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float64)
"""The six directions a chart may be looked at from."""

STEEPEST = 0.18
"""The least cosine between a face's normal and the axis of its chart: about 80 degrees."""

# What a seam costs against stretch, as a part of the mesh's own size (the square root of its area).
_SEAM_COST = 0.03
_FORBIDDEN = 1e6
_SMOOTHING_ROUNDS = 12
_MERGING_ROUNDS = 12


@dataclass(frozen=True)
class Links:
    """Which faces share an edge: ``a``, ``b`` int64 [E], and the edges' ``length`` float64 [E]."""

    a: Indices
    b: Indices
    length: Points


def find_links(vertices: Float, faces: Int) -> Links:
    """Link each face to its neighbours over edges; ``faces`` int32 [F, 3 or 4]."""
    edges = find_edges(faces)
    tied = np.ones(len(edges.order), np.bool_)
    tied[edges.first] = False
    one, other = edges.order[np.flatnonzero(tied) - 1], edges.order[tied]
    along = vertices[edges.start[one]].astype(np.float64) - vertices[edges.end[one]]
    return Links(edges.face[one], edges.face[other], np.linalg.norm(along, axis=1))


def label_axes(vertices: Float, faces: Int, links: Links) -> Indices:
    """Choose for each face the axis to project it along, so that charts are few and faces not much foreshortened.

    The labels minimise the area stretched away plus the length of the seams: local moves straighten the seams, then
    whole charts join a neighbour where that is cheaper.

    Returns
    -------
    int64 [F], indices into `AXES`. No face is turned more than about 80 degrees from its axis, except halves of a quad
    folded so sharply that no axis shows both.
    """
    cost = _stretch_costs(vertices, faces)
    seam = links.length * _SEAM_COST * np.sqrt(max(float(np.abs(cost.area).sum()), 1e-30))
    label = cost.stretch.argmin(1)
    label = _smooth_seams(label, cost.stretch, links, seam)
    for _ in range(_MERGING_ROUNDS):
        merged = _merge_charts(label, cost.stretch, links, seam)
        if np.array_equal(merged, label):
            break
        label = _smooth_seams(merged, cost.stretch, links, seam, rounds=2)
    return label


def number_charts(label: Indices, links: Links) -> Indices:
    """Number the connected pieces of equal label 0, 1, ...: int64 [F]."""
    same = label[links.a] == label[links.b]
    root = components(len(label), links.a[same], links.b[same])
    return np.unique(root, return_inverse=True)[1]


@dataclass(frozen=True)
class _Costs:
    area: Points
    stretch: Points


def _stretch_costs(vertices: Float, faces: Int) -> _Costs:
    """Area of each face [F], and that area times how much each axis foreshortens it [F, 6]."""
    triangles, owner, _ = triangulate(faces)
    vectors = area_vectors(vertices, triangles)
    area = np.linalg.norm(vectors, axis=1)
    cosine = (vectors @ AXES.T) / np.maximum(area, 1e-30)[:, None]
    cosine[area == 0] = 1.0
    stretch = (1 / np.maximum(cosine, STEEPEST) - 1) * area[:, None] + _FORBIDDEN * (cosine < STEEPEST)
    total = stretch[: len(faces)].copy()
    total[owner[len(faces) :]] += stretch[len(faces) :]
    total_area = area[: len(faces)].copy()
    total_area[owner[len(faces) :]] += area[len(faces) :]
    return _Costs(total_area, total)


def _smooth_seams(
    label: Indices,
    stretch: Points,
    links: Links,
    seam: Points,
    rounds: int = _SMOOTHING_ROUNDS,
) -> Indices:
    """Let each face take the label that costs least given its neighbours' (iterated conditional modes).

    Only faces of one of two random halves move in a round, so that neighbours do not swap labels for ever.
    """
    n_faces = len(label)
    half = np.random.default_rng(0).random(n_faces) < 0.5
    here, there = np.concatenate([links.a, links.b]) * 6, np.concatenate([links.b, links.a])
    saved = np.concatenate([seam, seam])
    rows = np.arange(n_faces)
    label = label.copy()
    for turn in range(2 * rounds):
        votes = np.bincount(here + label[there], saved, 6 * n_faces).reshape(n_faces, 6)
        total = stretch - votes
        best = total.argmin(1)
        move = (total[rows, best] < total[rows, label] - 1e-12) & (half == bool(turn % 2))
        if turn > 1 and not move.any():
            break
        label[move] = best[move]
    return label


def _merge_charts(label: Indices, stretch: Points, links: Links, seam: Points) -> Indices:
    """Give whole charts another axis where the seams that vanish are worth more than the stretch that comes."""
    chart = number_charts(label, links)
    n_charts = int(chart.max()) + 1
    axis = np.zeros(n_charts, np.int64)
    axis[chart] = label
    total = np.stack([np.bincount(chart, stretch[:, a], n_charts) for a in range(6)], 1)
    border = label[links.a] != label[links.b]
    a, b, length = chart[links.a[border]], chart[links.b[border]], seam[border]
    saved = np.bincount(a * 6 + axis[b], length, 6 * n_charts) + np.bincount(b * 6 + axis[a], length, 6 * n_charts)
    gain = saved.reshape(n_charts, 6) - (total - total[np.arange(n_charts), axis][:, None])
    gain[np.arange(n_charts), axis] = 0
    best = gain.argmax(1)
    gain = gain.max(1)
    wants = gain > 1e-12
    # Two neighbours must not both change: only the one that gains most among its neighbours moves.
    rank = np.empty(n_charts, np.int64)
    rank[np.lexsort((np.arange(n_charts), gain))] = np.arange(n_charts)
    highest = np.full(n_charts, -1)
    np.maximum.at(highest, a, np.where(wants[b], rank[b], -1))
    np.maximum.at(highest, b, np.where(wants[a], rank[a], -1))
    axis = np.where(wants & (rank > highest), best, axis)
    return axis[chart]

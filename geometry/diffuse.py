"""Spreading values known at some vertices smoothly over a mesh, on a hierarchy of coarser and coarser graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int
from .arrays import Indices, Points, dot
from .triangles import sum_at

__all__ = ["diffuse"]

_SWEEPS = 14
_CYCLES = 3
_COARSEST = 300
_CONDUCTANCES = (1e-3, 10.0)
# Joining nodes makes the coarse graph too stiff: about as many links run side by side as a group is wide.
_RELIEF = 0.5
# What ties a part without any known value to the mean of the others, against 1 for a link.
_TIE = 1e-7


@dataclass(frozen=True)
class _Graph:
    """Directed links sorted by where they start: node i's are ``first[i]`` to ``first[i + 1]``."""

    first: Indices
    neighbour: Indices
    weight: Points

    @property
    def size(self) -> int:
        return len(self.first) - 1


def diffuse(values: Points, strength: Points, vertices: Float, triangles: Int) -> Points:
    """Find the smoothest values over a mesh that keep near the known ones.

    Minimises the sum of ``strength * (result - values)**2`` over vertices and of the squared gradient over the surface,
    whatever the sizes of the triangles. Solved by multigrid on groups of vertices: on the coarsest
    graph first, relaxed level by level, and again for what is left.

    Parameters
    ----------
    values : float64 [V, C]; read only where ``strength`` is positive.
    strength : float64 [V], at least 0: how firmly a value is held, against about 1 for the pull of one edge.
    vertices : float32 [V, 3]
    triangles : int32 [T, 3]

    Returns
    -------
    float64 [V, C]. Parts of the mesh where nothing is known take the mean of all known values.
    """
    known = strength > 0
    mean = np.average(values[known], axis=0, weights=strength[known]) if known.any() else values.mean(0) * 0
    held = np.where(known[:, None], values, mean) - mean
    ends = triangles[:, [1, 2, 2, 0, 0, 1]].reshape(-1, 2).astype(np.int64)
    graph = _build(len(values), ends[:, 0], ends[:, 1], _conductances(vertices, triangles).ravel())
    load, strength = (held * strength[:, None]).T, strength + _TIE
    result = _solve(graph, load, strength)
    for _ in range(_CYCLES):
        result += _solve(graph, load - _apply(graph, result, strength), strength)
    return result.T + mean


def _conductances(vertices: Float, triangles: Int) -> Points:
    """Weights of the sides opposite to each corner [T, 3], whose sum of squared differences measures the gradient.

    Each side stands for a third of its triangle and for one of two directions. Unlike cotangents these are never
    negative, and equal to them on equilateral triangles; slivers do not conduct too much.
    """
    points = vertices[triangles].astype(np.float64)
    sides = np.roll(points, -2, axis=1) - np.roll(points, -1, axis=1)
    area = 0.5 * np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1, keepdims=True)
    return np.clip(2 / 3 * area / np.maximum(dot(sides, sides), 1e-30), *_CONDUCTANCES)


def _apply(graph: _Graph, values: Points, strength: Points) -> Points:
    """(strength + Laplacian) times values."""
    start = np.repeat(np.arange(graph.size), np.diff(graph.first))
    flow = [sum_at(start, graph.weight * (v[start] - v[graph.neighbour]), graph.size) for v in values]
    return strength * values + np.stack(flow)


def _build(size: int, a: Indices, b: Indices, weight: Points) -> _Graph:
    """A graph of undirected links, parallel ones joined; links from a node to itself are left out."""
    apart = a != b
    low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
    key, place = np.unique(low * size + high, return_inverse=True)
    joined = sum_at(place, weight[apart], len(key))
    low, high = np.divmod(key, size)
    start, end = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.argsort(start, kind="stable")
    first = np.searchsorted(start[order], np.arange(size + 1))
    return _Graph(first, end[order], np.concatenate([joined, joined])[order])


def _solve(graph: _Graph, load: Points, strength: Points) -> Points:
    """Solve (strength + Laplacian) x = load, approximately; ``load`` float64 [C, N]."""
    if graph.size <= _COARSEST:
        return _solve_densely(graph, load, strength)
    group = _groups(graph)
    n_groups = int(group.max()) + 1
    start = np.repeat(np.arange(graph.size), np.diff(graph.first))
    if n_groups > 0.9 * graph.size:
        return _relax(graph, load / strength, load, strength)
    coarse = _build(n_groups, group[start], group[graph.neighbour], graph.weight * (_RELIEF / 2))
    coarse_load = np.stack([sum_at(group, channel, n_groups) for channel in load])
    coarse_strength = sum_at(group, strength, n_groups)
    return _relax(graph, _solve(coarse, coarse_load, coarse_strength)[:, group], load, strength)


def _solve_densely(graph: _Graph, load: Points, strength: Points) -> Points:
    matrix = np.diag(strength)
    start = np.repeat(np.arange(graph.size), np.diff(graph.first))
    matrix[start, graph.neighbour] -= graph.weight
    matrix[np.diag_indices(graph.size)] += sum_at(start, graph.weight, graph.size)
    return np.linalg.solve(matrix, load.T).T


def _relax(graph: _Graph, values: Points, load: Points, strength: Points) -> Points:
    """Damped Jacobi sweeps."""
    linked = np.flatnonzero(np.diff(graph.first) > 0)
    first = graph.first[linked]
    # Nearly always all nodes have links; a slice is several times faster than their indices.
    at = slice(None) if len(linked) == graph.size else linked
    diagonal = strength.copy()
    if len(linked):
        diagonal[at] += np.add.reduceat(graph.weight, first)
    share = 0.9 / diagonal
    for channel in range(len(values)):
        value, pull = values[channel], load[channel].copy()
        for _ in range(_SWEEPS):
            if len(linked):
                pull[at] = load[channel][at] + np.add.reduceat(graph.weight * value.take(graph.neighbour), first)
            value += share * pull - 0.9 * value
    return values


def _groups(graph: _Graph) -> Indices:
    """Group nodes around centres no two of which are neighbours: int64 [N], numbered 0, 1, ..."""
    linked = np.flatnonzero(np.diff(graph.first) > 0)
    first = graph.first[linked]
    # A fixed random order: whoever comes first among its free neighbours becomes a centre.
    rank = np.random.default_rng(0).permutation(graph.size)
    centre = np.full(graph.size, -1)
    highest = np.full(graph.size, -1)
    for _ in range(3):
        free = centre < 0
        if not free.any() or not len(linked):
            break
        bid = np.where(free, rank, -1)
        highest[linked] = np.maximum.reduceat(bid[graph.neighbour], first)
        chosen = np.flatnonzero(free & (rank > highest))
        centre[chosen] = chosen
        # Their free neighbours join them; one beside several joins that with the highest rank.
        is_new = np.full(graph.size, -1)
        is_new[chosen] = rank[chosen]
        highest[linked] = np.maximum.reduceat(is_new[graph.neighbour], first)
        joins = np.flatnonzero((centre < 0) & (highest >= 0))
        by_rank = np.empty(graph.size, np.int64)
        by_rank[rank] = np.arange(graph.size)
        centre[joins] = by_rank[highest[joins]]
        highest[:] = -1
    centre = np.where(centre < 0, np.arange(graph.size), centre)
    return np.unique(centre, return_inverse=True)[1]

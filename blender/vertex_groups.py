"""The weights of a mesh's vertex groups as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..geometry.arrays import Indices, Points, expand
from ..geometry.repair.transfer import Blend

__all__ = ["Weights", "carry_weights", "read_weights", "write_weights"]


@dataclass(frozen=True)
class Weights:
    """Who is in which vertex group: ``vertex`` int64 [N], ascending, ``group`` int64 [N], ``weight`` float64 [N]."""

    vertex: Indices
    group: Indices
    weight: Points


def read_weights(mesh: bpy.types.Mesh) -> Weights:
    """Read all memberships, those of weight 0 too. Blender offers them vertex by vertex only."""
    rows = [
        (number, entry.group, entry.weight) for number, vertex in enumerate(mesh.vertices) for entry in vertex.groups
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Weights(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2])


def carry_weights(weights: Weights, blend: Blend, n_source: int) -> Weights:
    """The weights for the vertices of a result: mixed, a vertex that is not in the group counting as 0."""
    single = np.ones(len(blend.nearest), np.bool_)
    single[blend.mixed] = False
    vertex = np.concatenate([np.flatnonzero(single), np.repeat(blend.mixed, 3)])
    origin = np.concatenate([blend.nearest[single], blend.parts.ravel()])
    share = np.concatenate([np.ones(int(single.sum())), blend.weights.ravel()])
    count = np.bincount(weights.vertex, minlength=n_source)
    begin = np.cumsum(count) - count
    owner, nth = expand(count[origin])
    entry = begin[origin[owner]] + nth
    n_groups = int(weights.group.max(initial=0)) + 1
    key, inverse = np.unique(vertex[owner] * n_groups + weights.group[entry], return_inverse=True)
    total: Points = np.bincount(inverse, share[owner] * weights.weight[entry], len(key)).astype(np.float64)
    return Weights(key // n_groups, key % n_groups, np.clip(total, 0.0, 1.0))


def write_weights(item: bpy.types.Object, weights: Weights) -> None:
    """Put the vertices of an object, which are in no group yet, into its groups."""
    for number in np.unique(weights.group).tolist():
        add = item.vertex_groups[number].add
        chosen = weights.group == number
        vertices, values = weights.vertex[chosen], weights.weight[chosen]
        order = np.argsort(values, kind="stable")
        vertices, values = vertices[order], values[order]
        first = np.flatnonzero(np.concatenate([np.ones(1, np.bool_), values[1:] != values[:-1]]))
        for part, value in zip(np.split(vertices, first[1:]), values[first].tolist(), strict=True):
            add(part.tolist(), value, "REPLACE")

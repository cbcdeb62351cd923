"""Solids of upright prisms over one triangulation of the plane, stacked in layers."""

from __future__ import annotations

import numpy as np

from ...contracts import Float, Int, Mask
from ..arrays import Indices, Points

__all__ = ["stack_prisms"]


def stack_prisms(places: Points, triangles: Indices, levels: Points, solid: Mask) -> tuple[Float, Int]:
    """Make the surface of what is solid.

    Parameters
    ----------
    places : float64 [N, 2]
    triangles : int64 [T, 3], counter-clockwise, each side shared by at most two
    levels : float64 [L + 1], ascending: the heights between layers
    solid : bool [T, L]

    Returns
    -------
    vertices : float32 [V, 3]
    faces : int32 [F, 3], outwards
    """
    n, n_layers = len(places), solid.shape[1]
    padded = np.pad(solid, ((0, 0), (1, 1)))
    faces: list[Indices] = []
    for level in range(n_layers + 1):
        below, above = padded[:, level], padded[:, level + 1]
        faces += [triangles[below & ~above] + level * n, triangles[~below & above][:, ::-1] + level * n]
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    owner = np.repeat(np.arange(len(triangles), dtype=np.int64), 3)
    key, back = start * n + end, end * n + start
    order = np.argsort(key)
    place = np.minimum(np.searchsorted(key[order], back), len(key) - 1)
    twin = order[place]
    paired = key[twin] == back
    beside = solid[owner[twin]] & paired[:, None]
    for layer in range(n_layers):
        side = np.flatnonzero(solid[owner, layer] & ~beside[:, layer])
        a, b = start[side] + layer * n, end[side] + layer * n
        faces += [np.stack([a, b, b + n], axis=1), np.stack([a, b + n, a + n], axis=1)]
    found = np.concatenate(faces)
    used, number = np.unique(found, return_inverse=True)
    vertices = np.concatenate([places[used % n], levels[used // n][:, None]], axis=1)
    return vertices.astype(np.float32), number.reshape(-1, 3).astype(np.int32)

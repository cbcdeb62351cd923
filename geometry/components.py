"""Connected components of a graph."""

from __future__ import annotations

import numpy as np

from ..contracts import Int
from .arrays import Indices

__all__ = ["components"]


def components(n_nodes: int, a: Int | Indices, b: Int | Indices) -> Indices:
    """Label the connected components of an undirected graph.

    Each round hooks every root to its smallest neighbouring root and flattens the trees, so the number of roots that
    can still merge at least halves every two rounds.

    Parameters
    ----------
    n_nodes : int
    a, b : int [E]
        The two ends of each link, in 0..n_nodes - 1.

    Returns
    -------
    int64 [n_nodes]
        For each node the smallest node of its component.
    """
    label = np.arange(n_nodes, dtype=np.int64)
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    while low.size:
        np.minimum.at(label, high, low)
        label = _flatten(label)
        first, second = label[low], label[high]
        apart = first != second
        low = np.minimum(first[apart], second[apart])
        high = np.maximum(first[apart], second[apart])
    return label


def _flatten(label: Indices) -> Indices:
    """Point every node straight at its root."""
    while True:
        above = label[label]
        if np.array_equal(above, label):
            return label
        label = above

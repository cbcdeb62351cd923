"""Disjoint pairs in a graph: the cheapest first, then as many as possible."""

from __future__ import annotations

import numpy as np

from .arrays import Indices, Points

__all__ = ["match_cheapest", "rematch"]

_ROUNDS = 20


def match_cheapest(a: Indices, b: Indices, cost: Points, n_nodes: int) -> Indices:
    """Choose disjoint links, the cheapest first.

    A link that is the cheapest for both its ends is one that going through all links by cost would choose; so all of
    these are chosen at once, and what is left is looked at again.

    Parameters
    ----------
    a, b : int64 [E]
        The ends of the links.
    cost : float64 [E]
    n_nodes : int

    Returns
    -------
    int64 [M]
        The links chosen.
    """
    taken = np.zeros(n_nodes, np.bool_)
    chosen = np.zeros(0, np.int64)
    left = np.argsort(cost, kind="stable")
    while len(left):
        place = np.arange(len(left), dtype=np.int64)
        best = np.full(n_nodes, len(left), dtype=np.int64)
        # Written from the last link to the first, so that the first stays.
        best[np.stack([a[left], b[left]], axis=1).ravel()[::-1]] = np.repeat(place, 2)[::-1]
        wins = left[(best[a[left]] == place) & (best[b[left]] == place)]
        chosen = np.concatenate([chosen, wins])
        taken[a[wins]] = taken[b[wins]] = True
        left = left[~taken[a[left]] & ~taken[b[left]]]
    return chosen


def rematch(a: Indices, b: Indices, chosen: Indices, n_nodes: int) -> Indices:
    """Add to the chosen links by exchanging some of them along paths between nodes that are still free.

    Trees grow from all free nodes at once, two links at a time: one that is not chosen, then the chosen one at its
    end. Where two trees meet, the links between their roots change places, which chooses one more (C. Berge, "Two
    theorems in graph theory", 1957). Odd cycles are not looked into, so the very last few may be missed.

    Parameters
    ----------
    a, b : int64 [E]
    chosen : int64 [M]
        Links without a common end.
    n_nodes : int

    Returns
    -------
    int64 [N]
        As many links or more, without a common end; what had one still has one.
    """
    ends: list[tuple[int, int]] = list(zip(a.tolist(), b.tolist(), strict=True))
    around: list[list[tuple[int, int]]] = [[] for _ in range(n_nodes)]
    for link, (one, other) in enumerate(ends):
        around[one].append((other, link))
        around[other].append((one, link))
    by = [-1] * n_nodes
    for link in chosen.tolist():
        by[a[link]] = by[b[link]] = link
    for _ in range(_ROUNDS):
        if not _grow(around, ends, by):
            break
    return np.unique(np.array([link for link in by if link >= 0], np.int64))


def _grow(around: list[list[tuple[int, int]]], ends: list[tuple[int, int]], by: list[int]) -> int:
    """Let the trees grow until each has met another or can grow no more; `by` is the link chosen at each node."""
    n_found = 0
    # The root of the tree a node is in, at an even distance from it, or -1; whence the nodes between were reached.
    root = [node if link < 0 else -1 for node, link in enumerate(by)]
    reached: dict[int, tuple[int, int]] = {}
    done: set[int] = set()
    queue = [node for node, link in enumerate(by) if link < 0]
    for node in queue:
        if root[node] in done:
            continue
        for other, link in around[node]:
            if root[other] >= 0:
                if root[other] != root[node] and root[other] not in done:
                    done |= {root[node], root[other]}
                    _exchange(node, link, reached, ends, by)
                    _exchange(other, link, reached, ends, by)
                    n_found += 1
                    break
            elif other not in reached:
                beyond = sum(ends[by[other]]) - other
                reached[other] = (node, link)
                root[beyond] = root[node]
                queue.append(beyond)
    return n_found


def _exchange(
    node: int, link: int, reached: dict[int, tuple[int, int]], ends: list[tuple[int, int]], by: list[int]
) -> None:
    """Give a node a new link, and what it was linked with the one it was reached by, down to the root of its tree."""
    while True:
        old, by[node] = by[node], link
        if old < 0:
            return
        between = sum(ends[old]) - node
        node, link = reached[between]
        by[between] = link

"""Which of many straight pieces in the plane touch each other, exactly."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices
from ..box_pairs import group_boxes, near_boxes, near_groups

__all__ = ["touching_links"]


def touching_links(points: Indices, links: Indices) -> Mask:
    """Find links that cross, touch or cover another one anywhere but at an end that both share.

    Parameters
    ----------
    points : int64 [N, 2]
        Whole units below 2 ** 29.
    links : int64 [E, 2]

    Returns
    -------
    bool [E]
    """
    low = np.minimum(points[links[:, 0]], points[links[:, 1]]).T
    high = np.maximum(points[links[:, 0]], points[links[:, 1]]).T
    level = np.zeros((1, len(links)))
    boxes = group_boxes(np.concatenate([low, level]), np.concatenate([high, level]))
    touching = np.zeros(len(links), np.bool_)
    for groups in near_groups(boxes):
        one, other = (boxes.order[place] for place in near_boxes(boxes, groups))
        met = _meet(points, links[one], links[other])
        touching[one[met]] = touching[other[met]] = True
    return touching


def _meet(points: Indices, one: Indices, other: Indices) -> Mask:
    """Which pairs of links [P, 2] meet."""
    a, b, c, d = (points[link[:, end]] for link in (one, other) for end in (0, 1))
    shared = (one[:, :, None] == other[:, None, :]).any(axis=2)
    n_shared = shared.sum(axis=1)
    sides = [np.sign(_turn(*corners)) for corners in ((a, b, c), (a, b, d), (c, d, a), (c, d, b))]
    crossed = (sides[0] * sides[1] <= 0) & (sides[2] * sides[3] <= 0)
    # On one line they meet where their boxes do.
    flat = (sides[0] == 0) & (sides[1] == 0) & (sides[2] == 0) & (sides[3] == 0)
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    boxed = (low <= high).all(axis=1)
    meet = crossed & (~flat | boxed) & (n_shared == 0)
    # Two that share an end overlap when they run the same way from there.
    tip, far = (
        np.where(shared[:, :1], b, a),
        np.where((other[:, :1] == one[:, :1]) | (other[:, :1] == one[:, 1:]), d, c),
    )
    root = np.where(shared[:, :1], a, b)
    along = ((tip - root) * (far - root)).sum(axis=1) > 0
    return meet | ((n_shared == 1) & flat & along) | (n_shared == 2)


def _turn(a: Indices, b: Indices, c: Indices) -> Indices:
    ab, ac = b - a, c - a
    return ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]

"""The point of a triangle nearest to a point."""

from __future__ import annotations

import numpy as np

from ..contracts import Mask
from .arrays import Points, dot

__all__ = ["nearest_on_triangles", "triangle_rows", "weights_in_planes"]

_FLAT = 1e-14
"""Squared sine of the first corner's angle below which a triangle is a line."""


def triangle_rows(corners: Points) -> Points:
    """Prepare triangles (float64 [..., 3, 3]) for many comparisons.

    Returns
    -------
    float64 [..., 12]
        The first corner, the two sides from it, and the sides' products: first with itself, with the second, second
        with itself.
    """
    a = corners[..., 0, :]
    ab, ac = corners[..., 1, :] - a, corners[..., 2, :] - a
    products = np.stack([dot(ab, ab), dot(ab, ac), dot(ac, ac)], axis=-1)
    return np.concatenate([a, ab, ac, products], axis=-1)


def nearest_on_triangles(points: Points, rows: Points) -> tuple[Points, Points, Points]:
    """Find the point of each triangle nearest to a point: in its inside, or on one of its sides.

    Parameters
    ----------
    points : float64 [..., 3]
    rows : float64 [..., 12]
        From `triangle_rows`.

    Returns
    -------
    square : float64 [...]
        Squared distances.
    v, w : float64 [...]
        The weights of the second and third corner. In flat triangles one of several that give the point.
    """
    ab, ac = rows[..., 3:6], rows[..., 6:9]
    bb, bc, cc = rows[..., 9], rows[..., 10], rows[..., 11]
    ap = points - rows[..., 0:3]
    b, c = dot(ap, ab), dot(ap, ac)
    sound, v, w = _in_plane(b, c, bb, bc, cc)
    inside = sound & (v >= 0) & (w >= 0) & (v + w <= 1)
    # On the three sides; the squared distance there, less that of the first corner, follows from the products alone.
    on_ab = np.clip(b / np.where(bb > 0, bb, 1.0), 0.0, 1.0)
    on_ac = np.clip(c / np.where(cc > 0, cc, 1.0), 0.0, 1.0)
    side = bb - 2.0 * bc + cc
    on_bc = np.clip((c - b + bb - bc) / np.where(side > 0, side, 1.0), 0.0, 1.0)
    square_ab = on_ab * (on_ab * bb - 2.0 * b)
    square_ac = on_ac * (on_ac * cc - 2.0 * c)
    square_bc = bb - 2.0 * b + on_bc * (on_bc * side - 2.0 * (c - b + bb - bc))
    third = square_bc < np.minimum(square_ab, square_ac)
    second = ~third & (square_ac < square_ab)
    v = np.where(inside, v, np.where(third, 1.0 - on_bc, np.where(second, 0.0, on_ab)))
    w = np.where(inside, w, np.where(third, on_bc, np.where(second, on_ac, 0.0)))
    offset = ap - v[..., None] * ab - w[..., None] * ac
    return dot(offset, offset), v, w


def weights_in_planes(points: Points, rows: Points) -> Points:
    """Find the weights of triangles' corners that give the points seen along the triangles' normals.

    Parameters
    ----------
    points : float64 [N, 3]
    rows : float64 [N, 12]
        From `triangle_rows`.

    Returns
    -------
    float64 [N, 3]
        Negative beyond a side. In flat triangles those of the nearest point.
    """
    ap = points - rows[:, 0:3]
    sound, v, w = _in_plane(dot(ap, rows[:, 3:6]), dot(ap, rows[:, 6:9]), rows[:, 9], rows[:, 10], rows[:, 11])
    _, near_v, near_w = nearest_on_triangles(points, rows)
    v, w = np.where(sound, v, near_v), np.where(sound, w, near_w)
    return np.stack([1.0 - v - w, v, w], axis=1)


def _in_plane(b: Points, c: Points, bb: Points, bc: Points, cc: Points) -> tuple[Mask, Points, Points]:
    """Whether triangles have an area, and the weights of their second and third corners, from products of sides."""
    area = bb * cc - bc * bc
    sound = area > _FLAT * bb * cc
    scale = 1.0 / np.where(sound, area, 1.0)
    return sound, (cc * b - bc * c) * scale, (bb * c - bc * b) * scale

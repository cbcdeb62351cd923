"""Image operations on small grids: means over windows, filling gaps, connected pieces, distance from the border."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int, Mask

__all__ = ["barrier_distance", "box_mean", "fill_across", "fill_missing", "label_pieces"]


def box_mean(values: Float, radius: int) -> Float:
    """Mean over a square window of ``2 * radius + 1`` cells; at the border, over the part inside.

    Parameters
    ----------
    values : Float
        float32 [H, W] or [H, W, C].
    radius : int
        At least 0, in cells.
    """
    for axis in (0, 1):
        n = values.shape[axis]
        # Sums in double precision: running sums of single precision drift over a few hundred cells.
        total = np.cumsum(values, axis=axis, dtype=np.float64)
        total = np.concatenate([np.zeros_like(np.take(total, [0], axis)), total], axis)
        low = np.maximum(np.arange(n) - radius, 0)
        high = np.minimum(np.arange(n) + radius + 1, n)
        count = (high - low).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
        values = ((np.take(total, high, axis) - np.take(total, low, axis)) / count).astype(np.float32)
    return values


def fill_missing(values: Float, weight: Float) -> Float:
    """Smoothly continue values into the cells where the weight is 0 (the pull-push method of Gortler et al. 1996).

    Parameters
    ----------
    values : Float
        float32 [H, W, C].
    weight : Float
        float32 [H, W], 0 (missing) to 1 (known). All zero gives zeros.

    Returns
    -------
    Float
        float32 [H, W, C]; known cells keep their value.
    """
    height, width = weight.shape
    known = np.minimum(weight, 1.0)
    if max(height, width) == 1:
        return values * (known > 0)[..., None]
    pad = ((0, height % 2), (0, width % 2))
    weighted = np.pad(values * known[..., None], (*pad, (0, 0)))
    summed = _pairs(_pairs(np.pad(known, pad), 0), 1)
    coarse = _pairs(_pairs(weighted, 0), 1) / np.maximum(summed, 1e-9)[..., None]
    filled = fill_missing(coarse.astype(np.float32), summed.astype(np.float32))
    finer = np.repeat(np.repeat(filled, 2, 0), 2, 1)[:height, :width]
    return (values * known[..., None] + box_mean(finer, 1) * (1.0 - known)[..., None]).astype(np.float32)


def _pairs(values: Float, axis: int) -> Float:
    """Sum of neighbouring cells along an axis of even length."""
    even = [slice(None)] * values.ndim
    odd = list(even)
    even[axis], odd[axis] = slice(0, None, 2), slice(1, None, 2)
    return values[tuple(even)] + values[tuple(odd)]


def fill_across(values: Float, known: Mask) -> Float:
    """Interpolate each row linearly between its known cells, and keep their value beyond the outermost.

    Parameters
    ----------
    values : Float
        float32 [H, W, C].
    known : Mask
        bool [H, W], with at least the first and the last cell of every row.
    """
    columns = np.broadcast_to(np.arange(known.shape[1]), known.shape)
    left = np.maximum.accumulate(np.where(known, columns, 0), axis=1)
    right = np.minimum.accumulate(np.where(known, columns, known.shape[1] - 1)[:, ::-1], axis=1)[:, ::-1]
    share = ((columns - left) / np.maximum(right - left, 1)).astype(np.float32)[..., None]
    rows = np.arange(known.shape[0])[:, None]
    return values[rows, left] * (1 - share) + values[rows, right] * share


def label_pieces(mask: Mask) -> tuple[Int, int]:
    """Label the connected pieces of a mask; cells touch by their sides.

    Returns
    -------
    labels : Int
        int32 [H, W], 0 outside, 1 to ``count`` inside.
    count : int
        The number of pieces.
    """
    index = np.arange(mask.size).reshape(mask.shape)
    across, down = mask[:, 1:] & mask[:, :-1], mask[1:] & mask[:-1]
    first = np.concatenate([index[:, :-1][across], index[:-1][down]])
    second = np.concatenate([index[:, 1:][across], index[1:][down]])
    parent = np.arange(mask.size)
    while len(first):
        # Hook each root to its smallest neighbouring root, then point every cell straight at its root.
        np.minimum.at(parent, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(up := parent[parent], parent):
            parent = up
        first, second = parent[first], parent[second]
        apart = first != second
        first, second = first[apart], second[apart]
    roots, labels = np.unique(parent.reshape(mask.shape)[mask], return_inverse=True)
    result = np.zeros(mask.shape, np.int32)
    result[mask] = labels.reshape(-1) + 1
    return result, len(roots)


def barrier_distance(values: Float, seeds: Mask, passes: int = 3) -> Float:
    """Least difference that must be crossed on the way from the seeds to each cell.

    The minimum barrier distance (Strand et al. 2013) by raster scans as in Zhang et al., "Minimum barrier salient
    object detection at 80 FPS" (2015): the cost of a path is the extent of the values along it. Slow changes such as
    shading cost little; edges have to be climbed, and what is enclosed by an edge stays far.

    Parameters
    ----------
    values : Float
        float32 [H, W, C], in a space where Euclidean distance means difference.
    seeds : Mask
        bool [H, W], at least one cell.
    passes : int
        Rounds of four scans.

    Returns
    -------
    Float
        float32 [H, W], 0 at the seeds.
    """
    high, low = values.copy(), values.copy()
    cost = np.where(seeds, 0.0, np.inf).astype(np.float32)
    # Views that put each of the four scanning directions first, onto the same memory.
    views: list[tuple[npt.NDArray[np.float32], ...]] = []
    for axis in (0, 1):
        arrays = [a.swapaxes(0, axis) for a in (values, high, low)]
        flat = cost.swapaxes(0, axis)
        views += [(*arrays, flat), (*(a[::-1] for a in arrays), flat[::-1])]
    for _ in range(passes):
        for view in views:
            _scan(*view)
    return cost


def _scan(values: Float, high: Float, low: Float, cost: Float) -> None:
    """Carry the cheaper path from each row to the next, in place."""
    for row in range(1, len(values)):
        top = np.maximum(high[row - 1], values[row])
        bottom = np.minimum(low[row - 1], values[row])
        extent = np.sqrt(((top - bottom) ** 2).sum(-1))
        extent[np.isinf(cost[row - 1])] = np.inf
        better = extent < cost[row]
        cost[row][better] = extent[better]
        high[row][better] = top[better]
        low[row][better] = bottom[better]

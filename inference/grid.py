"""Image operations on small grids: means over windows, filling gaps, connected pieces."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask

__all__ = ["box_mean", "fill_missing", "label_pieces", "mask_box"]


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
        values = np.moveaxis(_window_mean(np.moveaxis(values, axis, 0), radius), 0, axis)
    return np.ascontiguousarray(values, np.float32)


def _window_mean(values: Float, radius: int) -> Float:
    """`box_mean` along the first axis alone.

    A window is put together from windows of 1, 2, 4, ... cells, each two of the last: few sums, and all of them short,
    so that none drifts as running sums of single precision do.
    """
    count = len(values)
    reach = min(radius, count - 1)
    part = np.pad(values, [(reach, reach)] + [(0, 0)] * (values.ndim - 1))
    length, width, start = 2 * reach + 1, 1, 0
    total = np.zeros_like(values)
    while width <= length:
        if length & width:
            total += part[start : start + count]
            start += width
        part = part[:-width] + part[width:]
        width *= 2
    places = np.arange(count)
    inside = np.minimum(places + reach + 1, count) - np.maximum(places - reach, 0)
    return total / inside.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))


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


def mask_box(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is set in a mask [H, W] that is not empty, the last two exclusive."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

"""Plain image filters: lookup between pixels, and windows of means and extremes."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np

from ..contracts import Float, Pixels

__all__ = ["box_extreme", "box_mean", "sample"]

_Picture = TypeVar("_Picture", Float, Pixels)


def sample(picture: Pixels | Float, x: Float, y: Float) -> Float:
    """Look up [h, w] or [h, w, C] bilinearly at continuous pixel coordinates [N]: float32 [N] or [N, C]."""
    height, width = picture.shape[:2]
    x = np.clip(x - 0.5, 0, width - 1).astype(np.float32)
    y = np.clip(y - 0.5, 0, height - 1).astype(np.float32)
    column, row = x.astype(np.int32), y.astype(np.int32)
    across, down = x - column, y - row
    right = np.minimum(column + 1, width - 1) - column
    below = (np.minimum(row + 1, height - 1) - row) * width
    first = row * width + column
    flat = picture.reshape(height * width, -1)
    shape = (-1, 1)
    across, down = across.reshape(shape), down.reshape(shape)
    upper = flat[first] * (1 - across) + flat[first + right] * across
    lower = flat[first + below] * (1 - across) + flat[first + below + right] * across
    found = upper + (lower - upper) * down
    return found if picture.ndim == 3 else found[:, 0]


def box_extreme(picture: _Picture, reach: int, largest: bool) -> _Picture:
    """Largest or smallest value within ``reach`` pixels along both axes (a square window)."""
    pick = np.maximum if largest else np.minimum
    length, found = 2 * reach + 1, cast(Any, picture)
    for axis in (0, 1):
        here = np.moveaxis(found, axis, 0)
        count, width = len(here), 1
        here = np.pad(here, [(reach, reach)] + [(0, 0)] * (here.ndim - 1), mode="edge")
        # Windows twice as wide each time, then the last two that overlap.
        while 2 * width <= length:
            here = pick(here[:-width], here[width:])
            width *= 2
        here = pick(here[:count], here[length - width :][:count])
        found = np.moveaxis(here, 0, axis)
    return cast(_Picture, np.ascontiguousarray(found))


def box_mean(picture: Float, reach: int | tuple[int, int]) -> Float:
    """Mean over a window of ``reach`` pixels to each side (one number, or one for rows and one for columns).

    ``picture`` float32 [h, w]; beyond the border counts as its last pixel.
    """
    both = (reach, reach) if isinstance(reach, int) else reach
    for axis, steps in enumerate(both):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (steps + 1, steps)
        total = np.cumsum(np.pad(picture, pad, mode="edge"), axis=axis, dtype=np.float64)
        total = np.moveaxis(total, axis, 0)
        size = picture.shape[axis]
        mean = (total[2 * steps + 1 :][:size] - total[:size]) / (2 * steps + 1)
        picture = np.moveaxis(mean, 0, axis).astype(np.float32)
    return np.ascontiguousarray(picture)

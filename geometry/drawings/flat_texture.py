"""A drawing's own colours as a texture, without its background."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...contracts import Float, Int, Pixels
from ..pad import fill_gaps

__all__ = ["drawing_texture"]

_PURE = 250
_ONE_COLOUR = 12
"""Drawings whose pixels all lie within this many levels of one colour need no more than that colour."""
_SAMPLES = 1 << 18
_ROWS = 256


def drawing_texture(pixels: Pixels, share: Pixels, places: Float, faces: Int, size: int) -> tuple[Pixels, Float]:
    """Make a square texture of the part of a picture that a mesh covers.

    Colours well inside the drawing flow over its edges and beyond, so no background shows at the mesh's rim.

    Parameters
    ----------
    pixels : uint8 [H, W, 4]
    share : uint8 [H, W], the drawing's coverage
    places : float32 [V, 2], where each vertex is in the drawing frame
    faces : int32 [F, 3]
    size : side of the texture at most; a drawing of one colour gets 8 pixels

    Returns
    -------
    texture : uint8 [T, T, 3]
    uv : float32 [F, 3, 2]
    """
    height = len(share)
    low, high = places.min(axis=0), places.max(axis=0)
    uv = ((places - low) / np.maximum(high - low, 1e-6)).astype(np.float32)[faces]
    pure = np.flatnonzero(share.ravel() >= _PURE)
    colours = pixels.reshape(-1, 4)[pure[:: 1 + len(pure) // _SAMPLES], :3]
    if not len(colours):
        colours = pixels.reshape(-1, 4)[[int(share.argmax())], :3]
    middle = np.median(colours, axis=0)
    if (np.abs(colours - middle).max(axis=1) <= _ONE_COLOUR).mean() > 0.98:
        return np.broadcast_to(np.rint(middle).astype(np.uint8), (8, 8, 3)).copy(), uv
    side = int(min(size, max(64.0, float(np.ceil((high - low).max())))))
    at = (np.arange(side) + 0.5) / side
    x = low[0] + at * (high[0] - low[0])
    y = height - (high[1] - at * (high[1] - low[1]))
    step = (high - low) / side
    colour, weight = np.empty((side, side, 3), np.float32), np.empty((side, side), np.float32)
    for begin in range(0, side, _ROWS):
        rows = slice(begin, begin + _ROWS)
        colour[rows], weight[rows] = _resampled(pixels, share, x, y[rows], step)
    return np.rint(fill_gaps(colour, weight)).astype(np.uint8), uv


def _resampled(
    pixels: Pixels, share: Pixels, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], step: Float
) -> tuple[Float, Float]:
    """Mean colours of the pure pixels at the given columns and rows, and 1 where there are any."""
    height, width = share.shape
    # As many whole pixels as fall into one of the texture's, so that fine drawings do not alias.
    shifts = (np.arange(max(int(step.min()), 1)) + 0.5 - max(int(step.min()), 1) / 2).tolist()
    total, count = np.zeros((len(y), len(x), 3), np.float32), np.zeros((len(y), len(x)), np.float32)
    flat, cover = pixels.reshape(-1, 4), share.ravel()
    for down in shifts:
        row = np.clip(y + down, 0, height - 1).astype(np.int64)[:, None] * width
        for right in shifts:
            at = row + np.clip(x + right, 0, width - 1).astype(np.int64)
            pure = (cover[at] >= _PURE).astype(np.float32)
            total += pure[:, :, None] * flat[at][:, :, :3]
            count += pure
    return total / np.maximum(count, 1)[:, :, None], np.minimum(count, 1)

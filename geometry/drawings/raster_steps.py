"""Growing, shrinking and labelling of masks, and reduction of pictures, by whole pixels."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask, Pixels
from ..arrays import Indices
from ..components import components

__all__ = ["close_round", "dilate", "erode", "grow_round", "label_mask", "open_round", "reduce_pixels"]


def dilate(mask: Mask, steps: int) -> Mask:
    """Grow a mask [H, W] by a square of ``steps`` pixels to each side."""
    for axis in (0, 1):
        lines = np.moveaxis(mask, axis, 0)
        wide = mask.copy()
        target = np.moveaxis(wide, axis, 0)
        for step in range(1, min(steps, len(lines) - 1) + 1):
            target[step:] |= lines[:-step]
            target[:-step] |= lines[step:]
        mask = wide
    return mask


def erode(mask: Mask, steps: int) -> Mask:
    """Shrink a mask [H, W] by a square of ``steps`` pixels to each side; beyond the frame it goes on."""
    return ~dilate(~mask, steps)


def open_round(mask: Mask, radius: int) -> Mask:
    """Keep what an octagon of that radius in pixels fits into; beyond the frame nothing is set."""
    if radius == 0:
        return mask
    padded = np.pad(mask, radius)
    grown = grow_round(~grow_round(~padded, radius), radius)
    return grown[radius:-radius, radius:-radius]


def close_round(mask: Mask, radius: int) -> Mask:
    """Fill what no octagon of that radius outside the mask reaches; beyond the frame is outside."""
    if radius == 0:
        return mask
    padded = np.pad(mask, 2 * radius)
    shrunk = ~grow_round(~grow_round(padded, radius), radius)
    return shrunk[2 * radius : -2 * radius, 2 * radius : -2 * radius]


def grow_round(mask: Mask, radius: int) -> Mask:
    """Grow by an octagon: squares and diamonds by turns."""
    mask = mask.copy()
    for step in range(radius):
        if step % 2:
            mask = dilate(mask, 1)
        else:
            before = mask.copy()
            mask[1:] |= before[:-1]
            mask[:-1] |= before[1:]
            mask[:, 1:] |= before[:, :-1]
            mask[:, :-1] |= before[:, 1:]
    return mask


def label_mask(mask: Mask) -> Indices:
    """Number what hangs together by pixels' sides, int64 [H, W], by its first pixel; 0 elsewhere too."""
    height, width = mask.shape
    # Runs along rows first: far fewer than pixels.
    begins = mask.copy()
    begins[:, 1:] &= ~mask[:, :-1]
    run = np.cumsum(begins.ravel()).reshape(height, width) - 1
    both = mask[1:] & mask[:-1]
    upper, lower = run[:-1][both], run[1:][both]
    first = np.flatnonzero(begins)
    count = max(len(first), 1)
    pairs = np.unique(upper * count + lower)
    root = components(count, pairs // count, pairs % count)
    label = np.zeros(mask.shape, np.int64)
    label[mask] = first[root[run[mask]]]
    return label


def reduce_pixels(pixels: Pixels, factor: int) -> Pixels:
    """Means of blocks of ``factor`` squared pixels; what is left over at the right and below is dropped."""
    if factor == 1:
        return pixels
    rows, columns = (max(side // factor, 1) for side in pixels.shape[:2])
    part = pixels[: rows * factor, : columns * factor]
    total = np.zeros((rows, columns, 4), np.float32)
    tall, wide = min(factor, len(part)), min(factor, part.shape[1])
    for down in range(tall):
        for right in range(wide):
            total += part[down::factor, right::factor][:rows, :columns]
    return np.rint(total / (tall * wide)).astype(np.uint8)

"""Growing and shrinking of masks by whole pixels."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask

__all__ = ["dilate", "erode", "open_round"]


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
    grown = _dilate_round(~_dilate_round(~padded, radius), radius)
    return grown[radius:-radius, radius:-radius]


def _dilate_round(mask: Mask, radius: int) -> Mask:
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

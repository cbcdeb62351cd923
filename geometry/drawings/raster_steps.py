"""Growing and shrinking of masks by whole pixels."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask

__all__ = ["dilate", "erode"]


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

"""The silhouette of a line drawing: its outline closed and filled."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask, Pixels
from ...errors import PictureError
from .raster_steps import close_round, dilate, grow_round, label_mask, reduce_pixels
from .wall_mask import ink_of, stroke_width

__all__ = ["close_outline", "enclosed_share"]

_LONGEST_SIDE = 2048
_QUICK_SIDE = 320
_SEARCH_SIDE = 700
"""The gaps are looked for in a picture of about this size."""
_INK = 0.35
_WIDEST_GAP = 0.06
"""Of the drawing's size."""
_ENOUGH = 0.9
"""The fill is complete when wider gaps would add less than the rest of this share."""
_THIN, _EMPTY = 0.05, 1.5
"""Strokes thinner than the first share of the drawing that enclose less than the second times their own area are no
outline."""
_CRUMB = 0.01


def close_outline(pixels: Pixels) -> Pixels:
    """Fill a sketch to the outer edge of its outline, across gaps in the lines.

    Gaps are bridged by growing the ink, flooding the paper from the frame and shrinking what is left, with the
    smallest growth that encloses nearly all that a large one would; up to 6 % of the drawing's size.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha: dark lines on light paper

    Returns
    -------
    uint8 [H, W]
        Alpha: 255 within the outline, whatever is drawn there, 0 outside, smooth along the lines' edges. Pictures over
        2048 pixels are worked on reduced.

    Raises
    ------
    PictureError
        There is no ink, or the lines enclose nothing.
    """
    height, width = pixels.shape[:2]
    coarse = -(-max(height, width) // _LONGEST_SIDE)
    ink = ink_of(reduce_pixels(pixels, coarse))
    dark = ink > _INK
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    extent = max(int(rows[-1] - rows[0]), int(columns[-1] - columns[0])) + 1
    factor = max(-(-max(dark.shape) // _SEARCH_SIDE), 1)
    radius = _gap_radius(_shrunk(dark, factor), max(int(_WIDEST_GAP * extent / factor / 2), 1)) * factor
    # Blocks that touch have closed what lies between their pixels.
    radius += factor if factor > 1 else 0
    filled = _without_crumbs(_fill(dark, radius))
    thin = stroke_width(dark) < _THIN * extent
    if thin and np.count_nonzero(filled) < _EMPTY * np.count_nonzero(dark & filled):
        raise PictureError("The lines of the sketch enclose nothing; close the outline, or use a picture with shading.")
    edge = np.where(dilate(filled, 1), ink, 0.0)
    alpha = np.where(filled, np.uint8(255), np.rint(edge * 255).astype(np.uint8))
    if coarse > 1:
        row, column = (
            np.minimum(np.arange(side) // coarse, limit - 1)
            for side, limit in zip((height, width), alpha.shape, strict=True)
        )
        alpha = alpha[row[:, None], column]
    return alpha


def _shrunk(mask: Mask, factor: int) -> Mask:
    """A mask in which each pixel stands for a block and is set where any of the block is."""
    height, width = (-(-side // factor) * factor for side in mask.shape)
    padded = np.pad(mask, ((0, height - mask.shape[0]), (0, width - mask.shape[1])))
    return padded.reshape(height // factor, factor, width // factor, factor).any(axis=(1, 3))


def _gap_radius(dark: Mask, most: int) -> int:
    """The smallest growth that encloses nearly all there is to enclose."""
    radii = [0]
    while radii[-1] < most:
        radii.append(min(max(radii[-1] + 1, int(radii[-1] * 1.5)), most))
    areas = [int(np.count_nonzero(_fill(dark, radius))) for radius in radii]
    return next(radius for radius, area in zip(radii, areas, strict=True) if area >= _ENOUGH * max(areas))


def _fill(dark: Mask, radius: int) -> Mask:
    """What the paper's flood from the frame does not reach, with gaps up to twice the radius closed."""
    margin = radius + 1
    grown = grow_round(np.pad(dark, margin), radius)
    label = label_mask(~grown)
    inside = grown | (label != label[0, 0])
    # Back by as much as it was grown; the lines themselves stay.
    shrunk = ~grow_round(~inside, radius)[margin:-margin, margin:-margin]
    return shrunk | close_round(dark, 1) if radius else shrunk


def _without_crumbs(filled: Mask) -> Mask:
    """Drop pieces that are tiny beside the largest one."""
    label = label_mask(filled)
    count = np.bincount(label[filled], minlength=1)
    return filled & (count >= _CRUMB * count.max())[label]


def enclosed_share(dark: Mask) -> float:
    """The area within the outlines of ink, bool [H, W], by the ink's own area; gaps in the lines are closed."""
    factor = max(-(-max(dark.shape) // _QUICK_SIDE), 1)
    small = _shrunk(dark, factor)
    radius = max(int(_WIDEST_GAP * max(small.shape) / 2), 1)
    return float(np.count_nonzero(_fill(small, radius)) * factor**2 / max(np.count_nonzero(dark), 1))

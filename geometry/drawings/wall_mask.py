"""Which ink of a floor plan is walls: thick strokes, or the space between the two lines of outlined walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...contracts import Float, Mask, Pixels
from ...errors import PictureError
from ..filters import sample
from .coverage import otsu_level
from .raster_steps import dilate, label_mask, open_round

__all__ = ["WallMask", "find_walls", "ink_of", "stroke_width"]

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_BLOCKS = 64
_FAINTEST = 30
_THINNEST_M, _THICKEST_M = 0.06, 0.55
"""Walls are between so many metres thick."""
_FILLED = 0.2
"""From this share of the ink in thick strokes on, walls are taken to be drawn filled."""
_LONG = 3.0
"""The space within an outlined wall is so many times as long as wide, at least."""


@dataclass(frozen=True)
class WallMask:
    """``share`` uint8 [H, W]: coverage by walls. ``thickness``: typical, in pixels. ``radius``: of the disc that fits
    into every wall, in pixels. ``outlined``: walls are drawn as two lines."""

    share: Pixels
    thickness: float
    radius: int
    outlined: bool


def ink_of(pixels: Pixels) -> Float:
    """How much ink covers each pixel, float32 [H, W] in 0..1, whatever grey the paper has.

    Raises
    ------
    PictureError
        There is none.
    """
    alpha = pixels[:, :, 3:].astype(np.float32) / 255
    grey = (pixels[:, :, :3].astype(np.float32) * alpha + 255 * (1 - alpha)) @ _LUMA
    darker = np.clip(_paper(grey) - grey, 0, 255)
    counts = np.bincount(darker.astype(np.uint8).ravel(), minlength=256)
    level = otsu_level(counts)
    dark = darker[darker > level]
    if not len(dark) or float(np.median(dark)) < _FAINTEST:
        raise PictureError("The picture shows no lines; use a floor plan with dark walls on light paper.")
    return np.clip(darker / np.float32(np.median(dark)), 0, 1)


def _paper(grey: Float) -> Float:
    """The paper's brightness around each pixel: the brighter part of the blocks near it."""
    height, width = grey.shape
    block = max(max(height, width) // _BLOCKS, 8)
    rows, columns = -(-height // block), -(-width // block)
    padded = np.pad(grey, ((0, rows * block - height), (0, columns * block - width)), mode="edge")
    blocks = padded.reshape(rows, block, columns, block).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    bright = np.partition(blocks, int(0.8 * block * block), axis=2)[:, :, int(0.8 * block * block)]
    # Blocks that are all wall take their neighbours' paper.
    spread = np.pad(bright, 3, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(spread, (7, 7)).reshape(rows, columns, 49)
    bright = np.partition(windows, 40, axis=2)[:, :, 40].astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return sample(bright, (x + 0.5).ravel() / block, (y + 0.5).ravel() / block).reshape(height, width)


def find_walls(ink: Float, metres_per_pixel: float) -> WallMask:
    """Find the walls.

    Strokes thinner than six centimetres are lines, text and furniture. Where little else is left, walls are drawn as
    two lines, and the long narrow spaces that those enclose are taken, with the lines themselves.

    Raises
    ------
    PictureError
        There are no walls.
    """
    dark = ink > 0.5
    radius = max(round((_THINNEST_M / metres_per_pixel - 1) / 2), 1)
    thick = open_round(dark, radius)
    outlined = thick.sum() < _FILLED * dark.sum()
    line = stroke_width(dark)
    if outlined:
        hollow = _hollows(dark, metres_per_pixel)
        thick = dilate(hollow, max(round(line), 1)) & (dark | hollow)
        share = np.where(hollow, 1.0, np.where(dilate(hollow, round(line) + 1), ink, 0.0))
    else:
        share = np.where(dilate(thick, 1), ink, 0.0)
    if not thick.any():
        raise PictureError("The picture shows no walls; use a plan with walls thicker than its other lines.")
    return WallMask(np.rint(share * 255).astype(np.uint8), stroke_width(thick), radius, bool(outlined))


def stroke_width(mask: Mask) -> float:
    """Mean width of strokes in pixels: twice their area by the length of their edges."""
    steps = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2.0 * float(mask.sum()) / max(steps, 1)


def _hollows(dark: Mask, metres_per_pixel: float) -> Mask:
    """Light spaces shut in by lines that are long and as narrow as walls."""
    light = ~dark
    label = label_mask(light)
    n_pixels = np.bincount(label[light], minlength=light.size)
    rim = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
    n_pixels[rim] = 0
    # The radius of the largest octagon in each space.
    most = int(_THICKEST_M / metres_per_pixel / 2) + 1
    widest = np.zeros(light.size, np.int64)
    for radius in range(1, most + 1):
        left = open_round(light, radius)
        if not left.any():
            break
        widest[np.unique(label[left])] = radius
    width = 2 * widest + 1
    fits = (n_pixels > 0) & (widest < most) & (width * metres_per_pixel > _THINNEST_M / 2)
    fits &= n_pixels >= _LONG * width**2
    chosen = np.flatnonzero(fits)
    if not len(chosen):
        return np.zeros(dark.shape, np.bool_)
    # Panes of windows are about half as wide as the walls they stand in.
    order = chosen[np.argsort(widest[chosen])]
    weight = np.cumsum(n_pixels[order])
    typical = widest[order[np.searchsorted(weight, weight[-1] / 2)]]
    fits &= widest >= 0.6 * typical
    return light & fits[label]

"""How much of each pixel a drawing's foreground covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...contracts import Mask, Pixels
from ...errors import PictureError
from ..arrays import Indices
from .raster_steps import dilate, erode

__all__ = ["Coverage", "border_colour", "foreground_coverage", "otsu_level"]

_CLEAR, _SOLID = 64, 192
"""Alpha below and above which pixels count as clear and as solid."""
_LEAST = 4
"""So many clear and so many solid pixels make alpha worth looking at."""
_FAINTEST = 24
"""A foreground differs by at least so many of 255 levels from the background, in some channel."""
_SAMPLES = 1 << 20
_REACH = 3
_FLAT = 3
_STRIP = 1 << 22


@dataclass(frozen=True)
class Coverage:
    """What of a picture is foreground.

    ``share`` uint8 [H, W]: 255 where all of the pixel is. ``hard`` tells that hardly any pixel lies between, so edges
    are staircases. ``source``: "alpha", "dark" or "light", what the foreground was known by. ``contrast``: its
    difference from the background, in levels.
    """

    share: Pixels
    hard: bool
    source: str
    contrast: int


def foreground_coverage(pixels: Pixels, invert: bool = False) -> Coverage:
    """Tell foreground from background, by alpha where that is used, otherwise by colour.

    The background's colour is the border's most frequent one; N. Otsu's threshold (1979) on the difference from it
    parts the two, lower where a paler flat colour is drawn as well. Within three pixels of an edge the difference
    relative to the solid colour beside it is the coverage, so that the edge lies where the drawing program had it.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha
    invert : take the background for the drawing

    Raises
    ------
    PictureError
        The picture shows no drawing.
    """
    alpha = pixels[:, :, 3]
    some = alpha[:: _step(alpha.size), :: _step(alpha.size)]
    if np.count_nonzero(some < _CLEAR) >= _LEAST and np.count_nonzero(some > _SOLID) >= _LEAST:
        share, source, contrast = np.ascontiguousarray(alpha), "alpha", 255
    elif (alpha < _CLEAR).all():
        raise PictureError("The picture is transparent all over; use one that shows a drawing.")
    else:
        difference, background = _difference(pixels)
        share, contrast = _by_colour(difference)
        source = "dark" if int(background.sum()) > 382 else "light"
    if invert:
        share = np.uint8(255) - share
    return Coverage(share, _is_hard(share), source, contrast)


def _step(size: int) -> int:
    """The stride along each axis that leaves about a million pixels."""
    return max(int((size / _SAMPLES) ** 0.5), 1)


def border_colour(pixels: Pixels) -> npt.NDArray[np.int64]:
    """The most frequent colour along the frame, int64 [3]: the mean of the fullest of 16 steps a channel."""
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours = rim[rim[:, 3] >= _CLEAR][:, :3].astype(np.int64)
    if not len(colours):
        return np.full(3, 255, np.int64)
    code = (colours // 16) @ np.array([256, 16, 1])
    fullest = np.bincount(code).argmax()
    near = np.abs(colours - colours[code == fullest].mean(axis=0)).max(axis=1) <= 16
    return np.rint(colours[near].mean(axis=0)).astype(np.int64)


def _difference(pixels: Pixels) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """The largest difference of a channel from the background's colour, uint8 [H, W], and that colour."""
    background = border_colour(pixels)
    difference = np.empty(pixels.shape[:2], np.uint8)
    rows = max(_STRIP // max(pixels.shape[1] * 4, 1), 1)
    for begin in range(0, len(pixels), rows):
        part = pixels[begin : begin + rows]
        total = np.zeros(part.shape[:2], np.uint8)
        for channel in range(3):
            value, level = part[:, :, channel], np.uint8(background[channel])
            np.maximum(total, np.maximum(value, level) - np.minimum(value, level), out=total)
        total[part[:, :, 3] < _CLEAR] = 0
        difference[begin : begin + rows] = total
    return difference, background


def _by_colour(difference: Pixels) -> tuple[Pixels, int]:
    """Coverage from the difference to the background, and the contrast between both."""
    step = _step(difference.size)
    some = difference[::step, ::step]
    counts = np.bincount(some.ravel(), minlength=256)
    if not counts[_FAINTEST:].any() and int(difference.max()) < _FAINTEST:
        raise PictureError("The picture shows one colour and no drawing on it; use one with more contrast.")
    level = min(max(otsu_level(counts), _FAINTEST // 2), _palest(difference, step))
    mask = difference > level
    if not mask.any():
        raise PictureError("The picture shows one colour and no drawing on it; use one with more contrast.")
    solid = erode(mask, 1)
    inner = difference[solid]
    typical = int(np.median(inner[:: 1 + len(inner) // _SAMPLES])) if len(inner) else int(difference.max())
    share = np.where(mask, np.uint8(255), np.uint8(0))
    band = np.flatnonzero(dilate(mask, _REACH - 1) & ~erode(mask, _REACH - 1))
    share.ravel()[band] = _beside(difference, solid, band, typical)
    return share, typical


def _palest(difference: Pixels, step: int) -> int:
    """Half the difference of the palest flat colour that is drawn, 255 where there is none but the background."""
    level = difference[:-1:step, :-1:step].astype(np.int16)
    flat = np.abs(difference[1::step, :-1:step] - level) <= _FLAT
    flat &= np.abs(difference[:-1:step, 1::step] - level) <= _FLAT
    drawn = level[flat & (level > _FAINTEST)]
    if not len(drawn):
        return 255
    counts = np.bincount(drawn, minlength=256)
    wide = counts + np.roll(counts, 1) + np.roll(counts, -1)
    often = np.flatnonzero(wide > 0.05 * len(drawn))
    return int(often[0]) // 2 if len(often) else 255


def _beside(difference: Pixels, solid: Mask, band: Indices, typical: int) -> Pixels:
    """Coverage of pixels near an edge: their difference relative to that of the solid pixels around, uint8 [N]."""
    height, width = difference.shape
    row, column = np.divmod(band, width)
    total, count = np.zeros(len(band), np.float32), np.zeros(len(band), np.float32)
    for down in range(-_REACH, _REACH + 1):
        r = np.clip(row + down, 0, height - 1) * width
        for right in range(-_REACH, _REACH + 1):
            at = r + np.clip(column + right, 0, width - 1)
            weight = solid.ravel()[at].astype(np.float32)
            total += weight * difference.ravel()[at]
            count += weight
    level = np.where(count > 0, total / np.maximum(count, 1), np.float32(typical))
    value = difference.ravel()[band] * np.float32(255) / np.maximum(level, 1)
    return np.clip(np.rint(value), 0, 255).astype(np.uint8)


def otsu_level(counts: npt.NDArray[np.int64]) -> int:
    """The level of a histogram [256] that best parts it in two classes (N. Otsu, 1979); the last for one class."""
    levels = np.arange(len(counts), dtype=np.float64)
    below = np.cumsum(counts, dtype=np.float64)
    moment = np.cumsum(counts * levels)
    above = below[-1] - below
    both = (below > 0) & (above > 0)
    gap = moment[-1] * below - below[-1] * moment
    between = np.where(both, gap**2 / np.where(both, below * above, 1.0), -1.0)
    if not both.any():
        return len(counts) - 1
    # A gap between the classes gives one best value over all its levels: its middle is the fairest.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return int(best.mean())


def _is_hard(share: Pixels) -> bool:
    """Tell whether nearly all edges step from nothing to everything."""
    inside = share > 127
    edge = inside[:, 1:] != inside[:, :-1]
    one, other = share[:, 1:][edge], share[:, :-1][edge]
    if not len(one):
        return False
    stepped = np.minimum(one, other) <= 8
    stepped &= np.maximum(one, other) >= 247
    return bool(stepped.mean() > 0.9)

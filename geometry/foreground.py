"""The subject's own colours, free of the background, ready to be looked up at any place of the crop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Pixels, Subject
from .filters import box_extreme, box_mean
from .pad import Texture, fill_gaps

__all__ = ["Foreground", "extend_foreground", "extend_values"]

# How far beyond the matte the picture's colours may be used, in pixels of a crop of 512.
_OVERSHOOT = 3
# Alpha from which a pixel counts as pure foreground, and what one on the matte's border weighs beside one inside.
_PURE_ALPHA = 250
_BORDER_WEIGHT = 0.02


@dataclass(frozen=True)
class Foreground:
    """Colours [h, w, 3] uint8 of the window around the crop, or other values [h, w, C] float32, extended beyond the
    matte, and where they hold.

    ``presence`` float32 [h, w] is 1 on the subject and a few pixels around it. Crop position (u, v) is at pixel
    ``origin + (u + 1, 1 - v) * half`` of both (continuous coordinates).
    """

    colour: Texture
    presence: Float
    origin: tuple[float, float]
    half: float

    def position(self, u: Float, v: Float) -> tuple[Float, Float]:
        """Continuous pixel coordinates of crop positions."""
        return self.origin[0] + (u + 1) * self.half, self.origin[1] + (1 - v) * self.half


def extend_foreground(subject: Subject, largest: int) -> Foreground:
    """Cut the crop out of the subject's picture and let the colours well inside the matte flow outwards.

    Parameters
    ----------
    subject : its ``picture`` is read at its own resolution
    largest : crops of at least twice this many pixels a side are reduced by a whole factor first
    """
    factor = max(int(subject.side / max(largest, 1)), 1)
    window, left, top = _window(subject, factor)
    rgba = _reduce(window, factor)
    half = subject.side / factor / 2
    colour, presence = extend_values(rgba[:, :, :3], rgba[:, :, 3], half)
    origin = ((subject.left - left) / factor, (subject.top - top) / factor)
    return Foreground(np.rint(colour).astype(np.uint8), presence, origin, half)


def extend_values(values: Float, alpha: Float, half: float) -> tuple[Float, Float]:
    """Let values [h, w, C] well inside a matte flow outwards, and tell where they hold.

    ``alpha`` float32 [h, w] in 0..255; half the crop's side measures ``half`` pixels. Returns float32 [h, w, C] and
    the presence, float32 [h, w], as in `Foreground`.
    """
    weight = _inner_weight(alpha, max(round(half / 256), 1))
    presence = _presence(alpha / np.float32(255), math.ceil(_OVERSHOOT * half / 256))
    return fill_gaps(values, weight), presence


def _window(subject: Subject, factor: int) -> tuple[Pixels, int, int]:
    """The part of the picture the crop covers, a multiple of ``factor`` on each side; clear beyond the picture."""
    height, width = subject.picture.shape[:2]
    left, top = math.floor(subject.left) - 1, math.floor(subject.top) - 1
    side = math.ceil((math.ceil(subject.side) + 3) / factor) * factor
    window = np.zeros((side, side, 4), np.uint8)
    x0, x1 = max(left, 0), min(left + side, width)
    y0, y1 = max(top, 0), min(top + side, height)
    if x0 < x1 and y0 < y1:
        window[y0 - top : y1 - top, x0 - left : x1 - left] = subject.picture[y0:y1, x0:x1]
    return window, left, top


def _reduce(window: Pixels, factor: int) -> Float:
    """Mean of blocks of ``factor`` squared pixels, colours weighted by alpha: float32 [h, w, 4]."""
    if factor == 1:
        return window.astype(np.float32)
    side = len(window) // factor
    total = np.zeros((side, side, 4), np.float32)
    for row in range(factor):
        for column in range(factor):
            part = window[row::factor, column::factor].astype(np.float32)
            part[:, :, :3] *= part[:, :, 3:]
            total += part
    total[:, :, :3] /= np.maximum(total[:, :, 3:], 1)
    total[:, :, 3] /= factor * factor
    return total


def _inner_weight(alpha: Float, depth: int) -> Float:
    """1 where all pixels within ``depth`` are pure foreground, and where what is pure is too thin to have such; a trace
    of alpha elsewhere."""
    pure = (alpha >= _PURE_ALPHA).astype(np.uint8)
    inner = box_extreme(pure, depth, largest=False)
    thin = pure * (1 - box_extreme(inner, depth, largest=True))
    return np.maximum(inner + thin, _BORDER_WEIGHT * (alpha / 255) ** 2).astype(np.float32)


def _presence(alpha: Float, reach: int) -> Float:
    """1 on the subject and ``reach`` pixels around, falling to 0 over as many more."""
    near = box_extreme((alpha > 0.5).astype(np.uint8), reach, largest=True)
    return box_mean(near.astype(np.float32), reach)

"""Enlarging without a network, as a measure for one: back-projection and sharpening along edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

__all__ = ["enlarge_by_filter"]

ROUNDS, STRENGTH = 6, 0.6
REACH, SOFTNESS = 2, 0.03
"""Half the guided filter's window in pixels of the result, and the contrast from which it keeps an edge."""
Pixels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]


def _resize(picture: Array, size: tuple[int, int], method: Image.Resampling) -> Array:
    planes = [np.asarray(Image.fromarray(picture[..., c]).resize(size, method)) for c in range(picture.shape[2])]
    return np.stack(planes, -1)


def _guided(picture: Array) -> Array:
    """The picture smoothed by a guided filter (He et al. 2010) with itself as guide, which keeps its edges."""
    size = (2 * REACH + 1, 2 * REACH + 1, 1)
    mean = uniform_filter(picture, size)
    variance = uniform_filter(picture * picture, size) - mean * mean
    share = variance / (variance + SOFTNESS**2)
    return uniform_filter(share, size) * picture + uniform_filter((1 - share) * mean, size)


def enlarge_by_filter(pixels: Pixels, factor: int) -> Pixels:
    """Enlarge uint8 [H, W, 3] so that, made smaller again, it is the picture it was (Irani and Peleg 1991).

    What a guided filter would smooth away is then strengthened, within the range of the pixels around, so that no edge
    gets a halo.
    """
    small = pixels.astype(np.float32) / 255
    size = pixels.shape[1] * factor, pixels.shape[0] * factor
    large = _resize(small, size, Image.Resampling.LANCZOS)
    for _ in range(ROUNDS):
        missing = small - _resize(large, (pixels.shape[1], pixels.shape[0]), Image.Resampling.BOX)
        large = large + _resize(missing, size, Image.Resampling.BICUBIC)
    large = large + STRENGTH * (large - _guided(large))
    low = minimum_filter(small, (3, 3, 1)).repeat(factor, 0).repeat(factor, 1)
    high = maximum_filter(small, (3, 3, 1)).repeat(factor, 0).repeat(factor, 1)
    return (np.clip(large, low, high) * 255 + 0.5).astype(np.uint8)

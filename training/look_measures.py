"""How a textured mesh looks: against the picture it was made from, and its guessed side against what was seen.

Colours here are sRGB in 0..255 unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ..contracts import Float, Mask
from .look_views import Render

__all__ = ["Guess", "compare_sides", "psnr", "ssim", "to_lab"]

Array = npt.NDArray[np.float64]

# After Wang et al. 2004: the width of the window, its reach, and both constants over 255 squared.
SIGMA, REACH = 1.5, 5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
LUMA = np.array([0.299, 0.587, 0.114])
# sRGB's primaries in CIE XYZ over its white (IEC 61966-2-1, D65).
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
RANGE = (1, 99)  # percentiles of the seen colours, and how far in L*a*b* beyond them still counts as within
SLACK = 5.0


def psnr(found: Float, picture: Float, mask: Mask) -> float:
    """Peak signal-to-noise ratio in dB of colours [H, W, 3] over the pixels of ``mask`` [H, W]."""
    error = float(np.mean((found[mask].astype(np.float64) - picture[mask]) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


def ssim(found: Float, picture: Float, mask: Mask) -> float:
    """Mean structural similarity of two pictures' luma over ``mask``, after Wang et al. 2004.

    Their window of 11 x 11 pixels, Gaussian with a deviation of 1.5; what lies outside the mask weighs nothing in it.
    """
    inside = mask.astype(np.float64)
    weight = np.maximum(_window(inside), 1e-12)

    def mean(values: Array) -> Array:
        return _window(values * inside) / weight

    one, two = found @ LUMA, picture @ LUMA
    mean_one, mean_two = mean(one), mean(two)
    var_one, var_two = mean(one * one) - mean_one**2, mean(two * two) - mean_two**2
    both = mean(one * two) - mean_one * mean_two
    alike = (2 * mean_one * mean_two + C1) * (2 * both + C2)
    value = alike / ((mean_one**2 + mean_two**2 + C1) * (np.maximum(var_one, 0) + np.maximum(var_two, 0) + C2))
    return float(value[mask].mean())


def _window(values: Array) -> Array:
    return gaussian_filter(values, SIGMA, mode="constant", radius=REACH)


@dataclass(frozen=True)
class Guess:
    """The guessed side's colours against the seen one's, in L*a*b*.

    ``shift``: distance of their means over the spread of the seen. ``spread``: root of the summed variances over that
    of the seen. ``strange``: share of the guessed pixels farther than `SLACK` outside of what is seen, per coordinate
    from the first to the 99th percentile. ``pure``: pixels all black, white or magenta. ``unfilled``: pixels whose
    lookup meets a texel of no face that carries a colour foreign to the faces beside it.
    """

    shift: float
    spread: float
    strange: float
    pure: int
    unfilled: int


def compare_sides(views: list[Render]) -> Guess:
    """Compare the guessed with the seen surface over ``views`` of it."""
    colour = np.concatenate([v.colour[v.cover] for v in views])
    seen = np.concatenate([v.seen[v.cover] for v in views])
    pure = sum(int((np.abs(colour - c).max(1) < 0.5).sum()) for c in ([0, 0, 0], [255, 255, 255], [255, 0, 255]))
    unfilled = sum(int(v.foreign.sum()) for v in views)
    ours, theirs = to_lab(colour[seen < 0.1]), to_lab(colour[seen > 0.9])
    if not (len(ours) and len(theirs)):
        return Guess(0.0, 1.0, 0.0, pure, unfilled)
    extent = max(float(np.sqrt(theirs.var(0).sum())), 1.0)
    low, high = np.percentile(theirs, RANGE, axis=0)
    strange = ((ours < low - SLACK) | (ours > high + SLACK)).any(1).mean()
    shift = float(np.linalg.norm(ours.mean(0) - theirs.mean(0))) / extent
    return Guess(shift, float(np.sqrt(ours.var(0).sum())) / extent, float(strange), pure, unfilled)


def to_lab(colour: Float) -> Array:
    """CIE L*a*b* (D65) of sRGB colours [N, 3]: float64 [N, 3]."""
    srgb = colour.astype(np.float64) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    share = linear @ XYZ.T / XYZ.sum(1)
    bent = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = bent.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)

"""How blurred the subject is."""

from __future__ import annotations

import numpy as np

from ...contracts import Float, Mask
from ..grid import box_mean
from .finding import Finding, level_of
from .scene import Scene, luma

__all__ = ["blur_radius", "check_sharpness"]

_AGAIN = 1.0
"""Sigma of the blur that is put on top, in pixels."""
_DIFFERENCE = 1 / 3
"""Variance, in square pixels, of the blur that taking differences across two pixels amounts to."""
_STRONGEST = 0.03
"""Share of the subject's pixels that count as its edges."""
_MARGIN = 4
_FAIR, _POOR = 1.2, 1.7
_ENOUGH = 1000
"""Sharp pixels along the subject from which blur takes nothing away that a texture could show."""


def check_sharpness(scene: Scene) -> Finding:
    """The blur of the subject's sharpest edges, in pixels of the picture, or of one with just enough of them."""
    left, top, right, bottom = scene.box
    rows = slice(max(0, top - _MARGIN), bottom + _MARGIN)
    columns = slice(max(0, left - _MARGIN), right + _MARGIN)
    radius = blur_radius(luma(scene.pixels[rows, columns]), scene.mask[rows, columns])
    radius *= min(1.0, _ENOUGH / scene.longest)
    level = level_of(radius, _FAIR, _POOR)
    text = {
        "good": "The subject is sharp",
        "fair": "The subject is a little soft: focus on it, and hold the camera still.",
        "poor": "The subject is blurred, and so will its texture be: take it again, focused and with more light.",
    }[level]
    return Finding("Sharpness", level, round(radius, 2), "px", text)


def blur_radius(values: Float, subject: Mask) -> float:
    """Sigma in pixels of the blur at a subject's sharpest edges.

    From how much a further blur of known size takes off their gradients (Zhuo and Sim, "Defocus map estimation from a
    single image", 2011), at the median of the strongest ones.

    Parameters
    ----------
    values : float32 [H, W], 0..255
    subject : bool [H, W]
    """
    near = box_mean(subject.astype(np.float32), 2) > 0
    first = _gradient(values)
    again = _gradient(_blurred(values))
    strength = np.where(near, first, 0)
    count = max(32, int(_STRONGEST * np.count_nonzero(subject)))
    strongest = np.argpartition(strength.ravel(), -min(count, strength.size))[-count:]
    ratio = first.ravel()[strongest] / np.maximum(again.ravel()[strongest], 1e-3)
    square: Float = np.square(_AGAIN) / np.maximum(np.square(ratio) - 1, 1e-3)
    return float(np.sqrt(np.maximum(np.median(square) - _DIFFERENCE, 0)))


def _gradient(values: Float) -> Float:
    down, across = np.gradient(values)
    return np.hypot(down, across).astype(np.float32)


def _blurred(values: Float) -> Float:
    """Gaussian of sigma `_AGAIN`."""
    offsets = np.arange(-4, 5)
    kernel = np.exp(-0.5 * np.square(offsets / _AGAIN))
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(values, [(4, 4) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        size = values.shape[axis]
        values = np.zeros(values.shape, np.float32)
        for start, weight in enumerate(kernel.tolist()):  # one term at a time: the picture may be a large one
            part = slice(start, start + size)
            values += np.float32(weight) * (padded[part] if axis == 0 else padded[:, part])
    return values

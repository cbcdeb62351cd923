"""What lens, sensor and file format do to a training photograph."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

__all__ = ["develop", "expose"]

Array = npt.NDArray[np.float32]
Rng = np.random.Generator


def expose(linear: Array, alpha: Array, rng: Rng) -> Array:
    """Bring linear light [S, S, 3] to a plausible exposure; at times the surroundings are blown out to white."""
    light = linear.mean(-1)
    subject, rest = light[alpha > 0.5], light[alpha <= 0.5]
    key = float(np.percentile(light, 75))
    gain = rng.uniform(0.25, 0.8) / max(key, 1e-3)
    if len(rest) and rng.random() < 0.25:
        gain = rng.uniform(0.7, 1.6) / max(float(np.median(rest)), 1e-3)
    if len(subject):  # the subject itself neither all white nor all black
        gain = float(
            np.clip(gain, 0.04 / max(float(np.median(subject)), 1e-4), 0.9 / max(float(np.median(subject)), 1e-4))
        )
    return linear * np.float32(gain)


def _curve(linear: Array, rng: Rng) -> Array:
    """Linear light to display values in 0..1: clipped, or with a soft shoulder; of varied contrast."""
    if rng.random() < 0.3:
        white = rng.uniform(1.2, 3.0)
        linear = linear * (1 + linear / white**2) / (1 + linear)
        linear = linear * 1.6
    values = np.clip(linear, 0, 1) ** np.float32(1 / rng.uniform(1.9, 2.5))
    if rng.random() < 0.15:  # flat, hazy pictures
        low, high = rng.uniform(0, 0.3), rng.uniform(0.6, 1.0)
        values = low + (high - low) * values
    grey = values.mean(-1, keepdims=True)
    return np.clip(grey + (values - grey) * np.float32(rng.uniform(0.6, 1.3)), 0, 1)


def _vignette(size: int, rng: Rng) -> Array:
    line = np.linspace(-1, 1, size, dtype=np.float32)
    square = (line - rng.normal(0, 0.1))[None] ** 2 + (line - rng.normal(0, 0.1))[:, None] ** 2
    return 1 - np.float32(rng.uniform(0, 0.35)) * square[..., None] / 2


def develop(linear: Array, alpha: Array, rng: Rng) -> tuple[npt.NDArray[np.uint8], Array]:
    """The finished picture, uint8 [S, S, 3], and its alpha [S, S], blurred as the picture is."""
    size = len(linear)
    if rng.random() < 0.5:
        linear = linear * _vignette(size, rng)
    linear = linear * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    if rng.random() < 0.35:
        sigma = rng.uniform(0.3, 0.6) if rng.random() < 0.75 else rng.uniform(0.6, 1.2)
        linear, alpha = ndimage.gaussian_filter(linear, (sigma, sigma, 0)), ndimage.gaussian_filter(alpha, sigma)
    values: npt.NDArray[np.floating[Any]] = _curve(linear, rng)
    if rng.random() < 0.6:
        strength = rng.exponential(0.008)
        noise = rng.standard_normal(values.shape, np.float32)
        if rng.random() < 0.4:  # noise of a picture that has been scaled or smoothed is coarser than its pixels
            noise = 2 * ndimage.uniform_filter(noise, 2, axes=(0, 1))
        values = values + noise * np.float32(strength) * (0.4 + np.sqrt(values))
    if rng.random() < 0.15:  # sharpened
        soft = ndimage.gaussian_filter(values, (1.0, 1.0, 0))
        values = values + np.float32(rng.uniform(0.2, 1.0)) * (values - soft)
    picture = Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.5:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=int(rng.integers(30, 96)))
        picture = Image.open(file)
    return np.asarray(picture), alpha

"""sRGB and linear light, by table where whole pictures are converted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Pixels

__all__ = ["LINEAR", "LUMA", "encode", "to_linear", "to_srgb"]

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear red, green and blue in luminance (ITU-R BT.709)."""

STEPS = 65535


def to_linear(srgb: Float) -> Float:
    """Linear light of sRGB values in 0..1 (IEC 61966-2-1)."""
    low, high = srgb / 12.92, ((np.maximum(srgb, 0.04) + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high).astype(np.float32)


def to_srgb(linear: Float) -> Float:
    """The sRGB values in 0..1 of linear light in 0..1."""
    high = 1.055 * np.maximum(linear, 1e-4) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, high).astype(np.float32)


LINEAR: Float = to_linear(np.arange(256, dtype=np.float32) / 255)
"""Linear light of each 8-bit sRGB value."""

_SRGB: Pixels = np.rint(to_srgb(np.arange(STEPS + 1, dtype=np.float32) / STEPS) * 255).astype(np.uint8)


def encode(linear: npt.NDArray[Any]) -> Pixels:
    """8-bit sRGB of linear light, clipped to 0..1."""
    return _SRGB[(np.clip(linear, 0, 1) * STEPS + 0.5).astype(np.uint16)]

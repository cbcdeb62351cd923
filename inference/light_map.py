"""The light on a subject as a picture of its own, to be kept beside the texture it was taken out of."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..contracts import Float, Pixels
from .light import Light
from .light_colour import encode

__all__ = ["BRIGHTEST", "encode_light", "light_layer"]

BRIGHTEST = 4.0
"""The light that white stands for: that many times the subject's usual brightness."""


def light_layer(light: Light, side: int) -> Float:
    """The light at the resolution of a crop of ``side`` pixels: float32 [side, side, 3], 1 is the usual brightness."""
    planes = (Image.fromarray(np.ascontiguousarray(light.shading[..., c])) for c in range(3))
    return np.stack([np.asarray(plane.resize((side, side), Image.Resampling.BILINEAR)) for plane in planes], -1)


def encode_light(values: Float) -> Pixels:
    """Light [H, W, 3] as 8-bit sRGB: times `BRIGHTEST` and the base colour, it gives the colours of the picture
    again."""
    return encode(values / BRIGHTEST)

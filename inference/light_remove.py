"""Taking light out of a picture: the network's coarse light brought to the picture's own edges, and divided out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ..contracts import Float, Pixels, Subject
from .grid import box_mean, fill_missing
from .light import Light
from .light_colour import LINEAR, LUMA, encode

__all__ = ["remove_light"]

WORK = 256
"""Side, in pixels, of the crop on which the light's edges are brought to those of the picture."""

RADIUS, SMOOTHNESS = 4, 0.004
"""Of the guided filter: window in pixels, and the variance of brightness (0..1) below which the light is smooth."""

MARGIN = 4
ROWS = 128
"""Rows of the picture that are worked on together: they stay in the processor's cache."""

LOG_BOUND = 2.5


@dataclass(frozen=True)
class _Planes:
    """The light over the crop as a line in the picture's brightness: logarithm of its luminance is ``slope *
    brightness + offset``; ``tint`` is its colour over that luminance. PIL images of one channel, with a margin."""

    slope: Image.Image
    offset: Image.Image
    tint: tuple[Image.Image, ...]
    size: int


def _plane(values: Float) -> Image.Image:
    return Image.fromarray(np.pad(values.astype(np.float32), MARGIN, mode="edge"))


def _guided(value: Float, guide: Float, weight: Float) -> tuple[Float, Float]:
    """Slope and offset of ``value`` as a local line in ``guide`` (the guided filter of He et al. 2010), [S, S] each;
    only cells with ``weight`` count."""
    inside = np.maximum(box_mean(weight, RADIUS), 1e-6)

    def mean(plane: Float) -> Float:
        return box_mean(plane * weight, RADIUS) / inside

    about, level = mean(guide), mean(value)
    together = mean(guide * value) - about * level
    slope = together / (np.maximum(mean(guide * guide) - about**2, 0) + SMOOTHNESS)
    return mean(slope), mean(level - slope * about)


def _spread(subject: Subject, light: Light) -> _Planes:
    """Bring the light to the edges of the subject's crop."""
    crop = Image.fromarray(subject.rgba).resize((WORK, WORK), Image.Resampling.BOX)
    rgba = np.asarray(crop, np.float32) / 255
    weight = (rgba[..., 3] > 0.5).astype(np.float32)
    if not weight.any():
        weight = (rgba[..., 3] > 0).astype(np.float32)
    channels = [
        Image.fromarray(light.shading[..., c]).resize((WORK, WORK), Image.Resampling.BILINEAR) for c in range(3)
    ]
    shading = np.stack([np.asarray(channel) for channel in channels], -1)
    luminance = shading @ LUMA
    tint = shading / luminance[..., None]
    slope, offset = _guided(np.log(luminance), rgba[..., :3] @ LUMA, weight)
    filled = fill_missing(np.stack([slope, offset], -1).astype(np.float32), weight)
    return _Planes(_plane(filled[..., 0]), _plane(filled[..., 1]), tuple(_plane(tint[..., c]) for c in range(3)), WORK)


def _divide(pixels: Pixels, place: tuple[float, float, float], planes: _Planes, strength: float) -> Pixels:
    """``pixels`` uint8 [H, W, 4] without the light; the crop's left, top and side in them are ``place``."""
    left, top, side = place
    height, width = pixels.shape[:2]
    scale, result = planes.size / side, pixels.copy()
    start, stop = (min(max(-left * scale, -MARGIN), planes.size) + MARGIN, (width - left) * scale + MARGIN)
    stop = min(stop, planes.size + 2 * MARGIN)
    for first in range(0, height, ROWS):
        last = min(first + ROWS, height)
        rows = pixels[first:last]
        if not rows[..., 3].any():
            continue
        low, high = ((r - top) * scale + MARGIN for r in (first, last))
        box = (start, max(low, 0.0), stop, min(high, planes.size + 2.0 * MARGIN))

        def over(plane: Image.Image, box: tuple[float, float, float, float] = box, count: int = last - first) -> Float:
            return np.asarray(plane.resize((width, count), Image.Resampling.BILINEAR, box=box))

        brightness = rows[..., :3] @ (LUMA / 255)
        logarithm = np.clip(over(planes.slope) * brightness + over(planes.offset), -LOG_BOUND, LOG_BOUND)
        gain = np.exp(-strength * logarithm)
        colours = LINEAR[rows[..., :3]] * gain[..., None]
        for c, tint in enumerate(planes.tint):
            colours[..., c] *= over(tint) ** -strength
        # Too bright for a picture: darker as a whole, so that the hue stays.
        colours /= np.maximum(colours.max(-1, keepdims=True), 1)
        result[first:last, :, :3] = encode(colours)
    return result


def remove_light(subject: Subject, light: Light, strength: float) -> Subject:
    """The subject with the light on it taken out of its colours.

    Parameters
    ----------
    subject : Subject
        The subject that ``light`` was estimated from.
    light : Light
        From `inference.light.LightModel`.
    strength : float
        How much of it, 0 (nothing: the very same subject) to 1 (all that was found).

    Returns
    -------
    Subject
        Colours of ``rgba`` and ``picture`` divided by the light to the power of ``strength``; alpha and the rest are as
        they were.
    """
    if strength <= 0:
        return subject
    planes, size = _spread(subject, light), len(subject.rgba)
    picture = _divide(subject.picture, (subject.left, subject.top, subject.side), planes, min(strength, 1.0))
    return replace(
        subject, rgba=_divide(subject.rgba, (0.0, 0.0, float(size)), planes, min(strength, 1.0)), picture=picture
    )

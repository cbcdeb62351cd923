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

RADIUS, SMOOTHNESS = 4, 0.001
"""Of the guided filter: window in pixels, and the variance of brightness (0..1) below which the light is smooth."""

MARGIN = 16
"""Pixels of the planes beyond the crop: the picture may reach one of its own pixels further."""

ROWS = 128
"""Rows of the picture that are worked on together: they stay in the processor's cache."""

LOG_BOUND = 2.5
"""Of the common gain's natural logarithm: no colour becomes more than 12 times as bright or dark."""


@dataclass(frozen=True)
class _Planes:
    """What the crop's linear colours are to be multiplied by, as PIL images of one channel with a margin: the logarithm
    of the common gain is ``slope * brightness + offset`` of each pixel, ``tints`` are the channels' own gains."""

    slope: Image.Image
    offset: Image.Image
    tints: tuple[Image.Image, ...]


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
    return mean(slope), mean((level - slope * about).astype(np.float32))


def _gains(subject: Subject, light: Light, strength: float) -> _Planes:
    """The light's inverse, to the power of ``strength``, brought to the edges of the subject's crop."""
    crop = Image.fromarray(subject.rgba).resize((WORK, WORK), Image.Resampling.BOX)
    rgba = np.asarray(crop, np.float32) / 255
    weight = (rgba[..., 3] > 0.5).astype(np.float32)
    if not weight.any():
        weight = (rgba[..., 3] > 0).astype(np.float32)
    channels = (Image.fromarray(light.shading[..., c]) for c in range(3))
    shading = np.stack([np.asarray(c.resize((WORK, WORK), Image.Resampling.BILINEAR)) for c in channels], -1)
    luminance = shading @ LUMA
    slope, offset = _guided(-strength * np.log(luminance), rgba[..., :3] @ LUMA, weight)
    slope, offset = np.moveaxis(fill_missing(np.stack([slope, offset], -1), weight), -1, 0)
    tints = (shading / luminance[..., None]) ** -strength
    return _Planes(_plane(slope), _plane(offset), tuple(_plane(tints[..., c]) for c in range(3)))


def _multiply(pixels: Pixels, place: tuple[float, float, float], planes: _Planes) -> Pixels:
    """``pixels`` uint8 [H, W, 4] with the gains; the crop's left, top and side in them are ``place``."""
    left, top, side = place
    height, width = pixels.shape[:2]
    scale, result = WORK / side, pixels.copy()

    def at(pixel: float, start: float) -> float:
        """Where a border between pixels lies in the planes."""
        return min(max((pixel - start) * scale, -MARGIN), WORK + MARGIN) + MARGIN

    for first in range(0, height, ROWS):
        last = min(first + ROWS, height)
        rows = pixels[first:last]
        box = (at(0, left), at(first, top), at(width, left), at(last, top))
        size = (width, last - first)

        def over(
            plane: Image.Image, size: tuple[int, int] = size, box: tuple[float, float, float, float] = box
        ) -> Float:
            return np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box=box))

        logarithm = over(planes.slope) * (rows[..., :3] @ (LUMA / 255)) + over(planes.offset)
        gain = np.exp(np.clip(logarithm, -LOG_BOUND, LOG_BOUND))
        channels = [LINEAR[rows[..., c]] * gain * over(tint) for c, tint in enumerate(planes.tints)]
        # Too bright for a picture: darker as a whole, so that the hue stays.
        most = np.maximum(np.maximum(np.maximum(channels[0], channels[1]), channels[2]), 1)
        for c, channel in enumerate(channels):
            result[first:last, :, c] = encode(channel / most)
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
    planes = _gains(subject, light, min(strength, 1.0))
    return replace(
        subject,
        rgba=_multiply(subject.rgba, (0.0, 0.0, float(len(subject.rgba))), planes),
        picture=_multiply(subject.picture, (subject.left, subject.top, subject.side), planes),
    )

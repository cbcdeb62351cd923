"""Mending a picture before it is used: what the picture check advises, done to the pixels. The file stays as it is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PIL import Image

from ..contracts import Background, Fix, Float, Mask, Pixels
from .checks.artefacts import bar_rows
from .checks.scene import luma
from .cutout import LEAST_SUBJECT, MOST_SUBJECT, OPAQUE, needs_matte, on_white
from .grid import mask_box
from .light_colour import LINEAR, encode
from .matte import MatteModel
from .upscale_size import LARGEST, LARGEST_FACTOR

__all__ = ["Enlarger", "crop_bars", "crop_to_subject", "enlarge_subject", "lift_exposure", "mend_picture"]

MARGIN = 0.15
"""Room left around the subject, in its longest sides."""
BRIGHT = 0.65
"""Linear light that the subject's brightest hundredth is lifted to."""
MOST_STOPS = 5.0
WANTED = 1024
"""Pixels along the subject that a texture can show."""


class Enlarger(Protocol):
    """`inference.upscale.UpscaleModel`, as far as it is used here."""

    def enlarge(self, pixels: Pixels, factor: float) -> Pixels: ...


def mend_picture(
    pixels: Pixels, fixes: tuple[Fix, ...], background: Background, matte_model: MatteModel, enlarger: Enlarger
) -> Pixels:
    """A picture mended.

    Parameters
    ----------
    pixels : uint8 [H, W, 4]
        sRGB with straight alpha.
    fixes
        Which mends to make; they are made in the order crop, expose, upscale, whatever the order here.
    background
        Where the subject is looked for, as in `cutout.cut_out`.
    matte_model, enlarger
        The networks.

    Returns
    -------
    uint8 [h, w, 4]
        The same picture where there is nothing to mend, or no subject to mend it for.
    """
    if "crop" in fixes:
        pixels = crop_bars(pixels)
        pixels = crop_to_subject(pixels, _find(pixels, background, matte_model))
    if "expose" in fixes:
        pixels = lift_exposure(pixels, _find(pixels, background, matte_model))
    if "upscale" in fixes:
        pixels = enlarge_subject(pixels, _find(pixels, background, matte_model), enlarger)
    return pixels


def crop_bars(pixels: Pixels) -> Pixels:
    """A picture [H, W, 4] without bars of one shade at opposite sides."""
    top, bottom = bar_rows(luma(pixels))
    left, right = bar_rows(luma(pixels).T)
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[top : height - bottom, left : width - right])


def crop_to_subject(pixels: Pixels, subject: Mask) -> Pixels:
    """The part of a picture [H, W, 4] around the subject [H, W], with a little room where there is some."""
    if not subject.any():
        return pixels
    left, top, right, bottom = mask_box(subject)
    room = round(MARGIN * max(bottom - top - 1, right - left - 1) + 1)
    return np.ascontiguousarray(pixels[max(0, top - room) : bottom + room, max(0, left - room) : right + room])


def lift_exposure(pixels: Pixels, subject: Mask) -> Pixels:
    """A picture [H, W, 4] with more light, so that the subject's brightest hundredth is bright; never with less."""
    if not subject.any():
        return pixels
    light = LINEAR[pixels[..., :3]]
    brightest: Float = light[subject].max(axis=-1)
    bright = float(np.percentile(brightest, 99))
    if bright >= BRIGHT:
        return pixels
    gain = min(BRIGHT / max(bright, 1e-4), 2.0**MOST_STOPS)
    return np.concatenate([encode(_shoulder(light * gain)), pixels[..., 3:]], axis=-1)


def _shoulder(light: Float) -> Float:
    """Light that goes on above `BRIGHT` more and more slowly, up to 1: nothing is clipped all of a sudden."""
    over: Float = np.maximum(light - BRIGHT, 0) / (1 - BRIGHT)
    return np.minimum(light, BRIGHT) + (1 - BRIGHT) * over / (1 + over)


def enlarge_subject(pixels: Pixels, subject: Mask, enlarger: Enlarger) -> Pixels:
    """A picture [H, W, 4] in which the subject is as long as a texture can show, as far as networks and limits go."""
    if not subject.any():
        return pixels
    left, top, right, bottom = mask_box(subject)
    longest = max(bottom - top, right - left)
    factor = min(WANTED / longest, LARGEST / max(pixels.shape[:2]), LARGEST_FACTOR)
    return enlarger.enlarge(pixels, factor) if factor > 1.05 else pixels


def _find(pixels: Pixels, background: Background, matte_model: MatteModel) -> Mask:
    """The subject, coarsely: bool [H, W]; empty where none stands out."""
    alpha = pixels[..., 3]
    if background == "keep":
        return np.ones(alpha.shape, np.bool_)
    if not needs_matte(alpha, background):
        return alpha >= OPAQUE
    found = Image.fromarray(matte_model.segment(on_white(pixels)))
    mask = np.asarray(found.resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BILINEAR)) > 0.5
    return mask if LEAST_SUBJECT <= mask.mean() <= MOST_SUBJECT else np.zeros_like(mask)

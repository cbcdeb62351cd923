"""Mending a picture before it is used: what the picture check advises, done to the pixels. The file stays as it is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PIL import Image

from ..contracts import Fix, Float, Mask, Pixels
from ..errors import PictureError
from .checks.artefacts import bar_rows
from .checks.scene import luma
from .choose import find_things, keep_thing_alpha
from .cutout import LEAST_SUBJECT, MOST_SUBJECT, OPAQUE, needs_matte, on_white
from .grid import mask_box
from .light_colour import LINEAR, encode
from .matte import MatteModel, main_subject
from .picture import Picture
from .straighten import straighten
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


def mend_picture(picture: Picture, fixes: tuple[Fix, ...], matte_model: MatteModel, enlarger: Enlarger) -> Picture:
    """A picture mended.

    Parameters
    ----------
    picture
        As it was opened. Its point goes along with what it means.
    fixes
        Which mends to make; they are made in the order crop, straighten, expose, upscale, whatever the order here.
    matte_model, enlarger
        The networks.

    Returns
    -------
    Picture
        The same where there is nothing to mend, or no subject to mend it for.
    """
    if "crop" in fixes:
        picture = crop_bars(picture)
    if "straighten" in fixes:
        picture = straighten(picture, _find(picture, matte_model))
    if "crop" in fixes:
        picture = crop_to_subject(picture, _find(picture, matte_model))
    if "expose" in fixes:
        picture = picture.with_pixels(lift_exposure(picture.pixels, _find(picture, matte_model)))
    if "upscale" in fixes:
        picture = picture.with_pixels(enlarge_subject(picture.pixels, _find(picture, matte_model), enlarger))
    return picture


def crop_bars(picture: Picture) -> Picture:
    """A picture without bars of one shade at opposite sides."""
    light = luma(picture.pixels)
    top, bottom = bar_rows(light)
    left, right = bar_rows(light.T)
    height, width = light.shape
    return picture.cropped(left, top, width - right, height - bottom)


def crop_to_subject(picture: Picture, subject: Mask) -> Picture:
    """The part of a picture around the subject [H, W], with a little room where there is some."""
    if not subject.any():
        return picture
    left, top, right, bottom = mask_box(subject)
    height, width = subject.shape
    room = round(MARGIN * max(bottom - top - 1, right - left - 1) + 1)
    return picture.cropped(
        max(0, left - room), max(0, top - room), min(width, right + room), min(height, bottom + room)
    )


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


def _find(picture: Picture, matte_model: MatteModel) -> Mask:
    """The subject, coarsely: bool [H, W]; empty where none stands out."""
    pixels, point = picture.pixels, picture.subject
    alpha = pixels[..., 3]
    if picture.background == "keep":
        return np.ones(alpha.shape, np.bool_)
    if not needs_matte(alpha, picture.background):
        return (alpha if point is None else keep_thing_alpha(alpha, point)) >= OPAQUE
    try:
        found = Image.fromarray(main_subject(find_things(on_white(pixels), matte_model, point)))
    except PictureError:  # nothing at the point: said when the subject is cut out
        return np.zeros(alpha.shape, np.bool_)
    mask = np.asarray(found.resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BILINEAR)) > 0.5
    return mask if LEAST_SUBJECT <= mask.mean() <= MOST_SUBJECT else np.zeros_like(mask)

"""Turning a picture so that a tilted subject stands upright."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from ..contracts import Float, Mask, Pixels, Point
from .grid import fill_missing
from .picture import Picture
from .tilt import tilt_of

__all__ = ["straighten", "turn"]

_LEAST = 1.0
"""Degrees below which a turn is not worth the resampling."""
_FILL = 256
"""Longest side at which what lies beyond the picture's edges is made up, in pixels."""


def straighten(picture: Picture, subject: Mask) -> Picture:
    """A picture turned so that its subject [H, W] stands upright, where it is surely tilted."""
    tilt = tilt_of(picture.pixels, subject)
    return picture if not tilt.sure or abs(tilt.degrees) < _LEAST else turn(picture, -tilt.degrees)


def turn(picture: Picture, degrees: float) -> Picture:
    """A picture turned clockwise about its middle, as large as it must be to show everything.

    What lies beyond the edges of an opaque picture continues its colours; that of a picture with transparency is
    transparent.

    Parameters
    ----------
    picture
        Of any size.
    degrees
        Below 45 either way.
    """
    pixels = picture.pixels
    height, width = pixels.shape[:2]
    # Premultiplied, so that nothing bleeds in from under the transparency.
    image = Image.fromarray(pixels).convert("RGBa").rotate(-degrees, Image.Resampling.BICUBIC, expand=True)
    turned = np.asarray(image.convert("RGBA"))
    if pixels[..., 3].min() == 255:
        turned = _continued(turned)
    rows, columns = turned.shape[:2]
    return picture.moved(turned, _turned_point(picture.subject, (width, height), (columns, rows), degrees))


def _turned_point(point: Point | None, old: tuple[int, int], new: tuple[int, int], degrees: float) -> Point | None:
    """Where a point of a picture of ``old`` width and height lies in the turned one."""
    if point is None:
        return None
    x, y = (point[0] - 0.5) * old[0], (point[1] - 0.5) * old[1]
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # Rows go down, so a clockwise turn takes right to down.
    return 0.5 + (cosine * x - sine * y) / new[0], 0.5 + (sine * x + cosine * y) / new[1]


def _continued(turned: Pixels) -> Pixels:
    """A turned picture [H, W, 4] made opaque: its colours go on, ever smoother, where it shows nothing."""
    height, width = turned.shape[:2]
    scale = min(1.0, _FILL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(turned).convert("RGBa").resize(size, Image.Resampling.BOX), np.float32)
    weight: Float = small[..., 3] / 255
    colours: Float = small[..., :3] / np.maximum(weight, 1e-6)[..., None]
    filled = fill_missing(colours, np.where(weight > 0.99, 1.0, 0.02 * weight).astype(np.float32))
    ground = Image.fromarray(np.clip(filled + 0.5, 0, 255).astype(np.uint8)).convert("RGBA")
    ground = ground.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(Image.alpha_composite(ground, Image.fromarray(turned)))

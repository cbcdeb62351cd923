"""Good pictures made bad in one known way, at five strengths: what the picture check is measured with."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

from ..contracts import Mask, Pixels

__all__ = ["DEGRADATIONS", "STRENGTHS", "degrade"]

STRENGTHS = 5
_BLUR = (0.8, 1.5, 2.5, 4.0, 6.0)  # sigma in pixels of a picture of 512
_SMALL = (0.8, 0.65, 0.5, 0.35, 0.22)  # part of the side that is left
_BRIGHT = (0.5, 1.0, 1.5, 2.25, 3.0)  # stops
_DARK = (1.0, 2.0, 3.0, 4.0, 5.0)
_SHADE = (0.7, 0.5, 0.35, 0.22, 0.14)  # part of the light that is left in a shadow with a hard edge
_CROP = (0.05, 0.1, 0.2, 0.3, 0.45)  # part of the subject's box that is cut off at one side
_SECOND = (0.35, 0.5, 0.65, 0.8, 1.0)  # size of the second subject
_CLUTTER = (4, 8, 16, 32, 64)  # things behind the subject
_JPEG = (50, 30, 20, 12, 6)  # quality
_BARS = (0.04, 0.07, 0.11, 0.16, 0.22)  # height of each bar


def _blur(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    radius = _BLUR[strength] * max(pixels.shape) / 512
    return _resampled(pixels, lambda image: image.filter(ImageFilter.GaussianBlur(radius)))


def _shrink(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    size = tuple(max(1, round(side * _SMALL[strength])) for side in pixels.shape[1::-1])
    return _resampled(pixels, lambda image: image.resize((size[0], size[1]), Image.Resampling.LANCZOS))


def _resampled(pixels: Pixels, change: Callable[[Image.Image], Image.Image]) -> Pixels:
    """Change a picture's pixels with its colours weighted by alpha, so that nothing bleeds in."""
    return np.asarray(change(Image.fromarray(pixels).convert("RGBa")).convert("RGBA"))


def _expose(pixels: Pixels, stops: float) -> Pixels:
    light = np.power(pixels[..., :3] / 255.0, 2.2) * 2.0**stops
    colours = np.rint(255 * np.power(np.clip(light, 0, 1), 1 / 2.2)).astype(np.uint8)
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def _bright(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    return _expose(pixels, _BRIGHT[strength])


def _dark(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    return _expose(pixels, -_DARK[strength])


def _shade(pixels: Pixels, mask: Mask, strength: int, rng: Generator) -> Pixels:
    """The shadow of something outside the picture, a wall's or a post's, across the subject and all beside it."""
    inside = _across(mask, rng)
    # The sun's disc blurs a shadow's edge by a hundredth of the way to what throws it.
    blur = ImageFilter.GaussianBlur(0.7 * max(mask.shape) / 512)
    share = np.asarray(Image.fromarray((inside * 255).astype(np.uint8)).filter(blur))[..., None] / 255.0
    # What is left comes from the sky, and is a little blue.
    left = _SHADE[strength] * np.array([0.94, 1.0, 1.1])
    light = np.power(pixels[..., :3] / 255.0, 2.2) * (1 + share * (left - 1))
    colours = np.rint(255 * np.power(light, 1 / 2.2)).astype(np.uint8)
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def _across(mask: Mask, rng: Generator) -> Mask:
    """A half plane or a band with bent edges, bool [H, W], that hides a third to two thirds of the subject."""
    rows, columns = np.nonzero(mask)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    turn = rng.uniform(0, 2 * np.pi)
    along, over = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    size = max(np.ptp(rows), np.ptp(columns), 1)
    waves = rng.uniform(0, 0.03, 2) * size
    phases = rng.uniform(0, 2 * np.pi, 2)
    over = over + sum(w * np.sin(n * np.pi * along / size + p) for n, w, p in zip((1, 3), waves, phases, strict=True))
    values = over[rows, columns]
    hidden, wall = rng.uniform(1 / 3, 2 / 3), bool(rng.integers(2))
    first = 0.0 if wall else rng.uniform(0.1, 0.9 - hidden)
    low, high = np.quantile(values, [first, first + hidden])
    return (over <= high) if wall else (over >= low) & (over <= high)


def _crop(pixels: Pixels, mask: Mask, strength: int, rng: Generator) -> Pixels:
    axis, far = int(rng.integers(2)), bool(rng.integers(2))
    places = np.flatnonzero(mask.any(1 - axis))
    first, last = int(places[0]), int(places[-1]) + 1
    cut = round(_CROP[strength] * (last - first))
    kept = slice(0, last - cut) if far else slice(first + cut, None)
    return pixels[kept] if axis == 0 else pixels[:, kept]


def _two(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    height, width = pixels.shape[:2]
    size = max(1, round(width * _SECOND[strength])), max(1, round(height * _SECOND[strength]))
    second = _resampled(pixels, lambda image: image.resize(size, Image.Resampling.LANCZOS))
    # Its own surroundings go on upwards, as a floor and a wall would.
    above = np.repeat(second[:1], height - len(second), 0)
    return np.concatenate([pixels, np.concatenate([above, second])], axis=1)


def _clutter(pixels: Pixels, mask: Mask, strength: int, rng: Generator) -> Pixels:
    height, width = pixels.shape[:2]
    ground = Image.fromarray(np.where(pixels[..., 3:] < 255, 200, pixels[..., :3]).astype(np.uint8))
    draw = ImageDraw.Draw(ground)
    for _ in range(_CLUTTER[strength]):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        half = rng.uniform(0.02, 0.09, 2) * max(width, height)
        box = (x - half[0], y - half[1], x + half[0], y + half[1])
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        shape = int(rng.integers(3))
        if shape == 0:
            draw.rectangle(box, fill=colour)
        elif shape == 1:
            draw.ellipse(box, fill=colour)
        else:
            draw.line(box, fill=colour, width=max(2, width // 100))
    alpha = np.where(mask, 255, 0)[..., None] if pixels[..., 3].min() == 255 else pixels[..., 3:]
    share = alpha / 255.0
    colours = np.rint(pixels[..., :3] * share + np.asarray(ground) * (1 - share)).astype(np.uint8)
    return np.concatenate([colours, np.full_like(pixels[..., 3:], 255)], axis=-1)


def _jpeg(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(file, "JPEG", quality=_JPEG[strength])
    return np.concatenate([np.asarray(Image.open(file)), pixels[..., 3:]], axis=-1)


def _bars(pixels: Pixels, _mask: Mask, strength: int, _rng: Generator) -> Pixels:
    size = max(1, round(len(pixels) * _BARS[strength]))
    bar = np.zeros((size, pixels.shape[1], 4), np.uint8)
    bar[..., 3] = 255
    return np.concatenate([bar, pixels, bar])


DEGRADATIONS: dict[str, Callable[[Pixels, Mask, int, Generator], Pixels]] = {
    "blurred": _blur,
    "small": _shrink,
    "over-exposed": _bright,
    "under-exposed": _dark,
    "hard shadow": _shade,
    "cut off": _crop,
    "two subjects": _two,
    "cluttered": _clutter,
    "JPEG": _jpeg,
    "letterbox": _bars,
}


def degrade(pixels: Pixels, mask: Mask, kind: str, strength: int, rng: Generator) -> Pixels:
    """A picture made worse.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha
    mask : bool [H, W], the subject
    kind : one of `DEGRADATIONS`
    strength : 0 to `STRENGTHS` - 1

    Returns
    -------
    uint8 [h, w, 4]
    """
    return np.ascontiguousarray(DEGRADATIONS[kind](pixels, mask, strength, rng))

"""The background's colour taken out of a cut-out's edge."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..contracts import Float, Mask, Pixels
from .grid import box_mean, mask_box

__all__ = ["decontaminate"]

_SIZE = 640
"""Longest side of the edge's surroundings at which the two sides' colours are sought, in pixels."""
_WIDE, _NARROW = 8 / 512, 2 / 512
"""Windows in which they are sought, in longest sides of the picture; as edges are as soft as that."""
_TILE = 256
_CLEAR, _SOLID = 2, 253
"""Between these a pixel is of both sides."""
_SURE = 4
"""Power of the matte by which pixels count: those that are nearly of one side tell its colour best."""
_LEAST = 1e-4


def decontaminate(rgba: Pixels) -> Pixels:
    """The colours that the subject itself has where its matte is neither clear nor opaque.

    Such a pixel is a mix of the subject's colour and the background's in the matte's proportion. Both are estimated as
    the means of their surroundings, weighted by how surely they are of one side, and what is left of the pixel is laid
    on the subject's; a second time in a smaller window (Forte, "Approximate Fast Foreground Colour Estimation", 2021).

    Parameters
    ----------
    rgba : uint8 [H, W, 4]
        sRGB as photographed, with the subject's matte in alpha.

    Returns
    -------
    uint8 [H, W, 4]
        The same but for the colours along the edge.
    """
    mixed = (rgba[..., 3] > _CLEAR) & (rgba[..., 3] < _SOLID)
    if not mixed.any():
        return rgba.copy()
    reach = round(2 * _WIDE * max(rgba.shape[:2])) + 1
    left, top, right, bottom = mask_box(mixed)
    rows, columns = slice(max(0, top - reach), bottom + reach), slice(max(0, left - reach), right + reach)
    result = rgba.copy()
    _clean(result[rows, columns], mixed[rows, columns], max(rgba.shape[:2]))
    return result


def _clean(part: Pixels, mixed: Mask, longest: int) -> None:
    """Give the mixed pixels of a part of a picture, in place, the subject's colours; the whole is so long."""
    height, width = mixed.shape
    planes = _both_sides(part, longest)
    scale = planes[0].width / width, planes[0].height / height
    # In tiles, and only where the edge runs: of a large picture it is a small part.
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            here = mixed[top : top + _TILE, left : left + _TILE]
            if not here.any():
                continue
            bottom, right = top + here.shape[0], left + here.shape[1]
            box = (left * scale[0], top * scale[1], right * scale[0], bottom * scale[1])
            size = (right - left, bottom - top)
            near = [np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box=box))[here] for plane in planes]
            subject, ground = np.stack(near[:3], -1), np.stack(near[3:], -1)
            tile = part[top:bottom, left:right]
            colours, alpha = tile[here, :3].astype(np.float32), tile[here, 3:].astype(np.float32) / 255
            tile[here, :3] = np.rint(_laid_on(colours, alpha, subject, ground)).astype(np.uint8)


def _both_sides(part: Pixels, longest: int) -> list[Image.Image]:
    """The subject's colours and the background's, as three planes each, at `_SIZE` at most."""
    image = Image.fromarray(part)
    scale = min(1.0, _SIZE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Alpha must not weigh the colours here.
    colours = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX)).astype(np.float32)
    alpha = np.asarray(image.getchannel("A").resize(size, Image.Resampling.BOX)).astype(np.float32)[..., None] / 255
    wide, narrow = max(2, round(_WIDE * longest * scale)), max(1, round(_NARROW * longest * scale))
    subject, ground = _mean(colours, alpha, wide), _mean(colours, 1 - alpha, wide)
    subject = _laid_on(colours, alpha, subject, ground)
    subject, ground = _mean(subject, alpha, narrow), _mean(ground, 1 - alpha, narrow)
    return [Image.fromarray(np.ascontiguousarray(side[..., c])) for side in (subject, ground) for c in range(3)]


def _mean(colours: Float, weight: Float, radius: int) -> Float:
    weight = weight**_SURE
    both = box_mean(np.concatenate([colours * weight, weight], -1), radius)
    return both[..., :3] / np.maximum(both[..., 3:], _LEAST)


def _laid_on(colours: Float, alpha: Float, subject: Float, ground: Float) -> Float:
    """The subject's estimate with its share of what the estimates do not explain."""
    return np.clip(subject + alpha * (colours - alpha * subject - (1 - alpha) * ground), 0, 255).astype(np.float32)

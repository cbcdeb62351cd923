"""The background's colour taken out of a cut-out's edge."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Pixels
from .grid import box_mean

__all__ = ["decontaminate"]

_WIDE, _NARROW = 8 / 512, 2 / 512
"""Windows in which the two sides' colours are sought, in longest sides of the picture; as edges are as soft as that."""
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
    longest = max(rgba.shape[:2])
    wide, narrow = max(2, round(_WIDE * longest)), max(1, round(_NARROW * longest))
    reach = wide + narrow
    result = rgba.copy()
    # In tiles, and only where the edge runs: of a large picture it is a small part.
    for top in range(0, rgba.shape[0], _TILE):
        for left in range(0, rgba.shape[1], _TILE):
            tile = result[top : top + _TILE, left : left + _TILE]
            mixed = (tile[..., 3] > _CLEAR) & (tile[..., 3] < _SOLID)
            if not mixed.any():
                continue
            first_row, first_column = max(0, top - reach), max(0, left - reach)
            around = rgba[first_row : top + _TILE + reach, first_column : left + _TILE + reach].astype(np.float32)
            own = _own_colours(around[..., :3], around[..., 3:] / 255, wide, narrow)
            own = own[top - first_row :, left - first_column :][: tile.shape[0], : tile.shape[1]]
            tile[mixed, :3] = np.rint(own[mixed]).astype(np.uint8)
    return result


def _own_colours(colours: Float, alpha: Float, wide: int, narrow: int) -> Float:
    """The subject's colours [h, w, 3] in 0..255 where colours are mixed by alpha [h, w, 1]."""
    subject = _mean(colours, alpha, wide)
    ground = _mean(colours, 1 - alpha, wide)
    subject = _laid_on(colours, alpha, subject, ground)
    subject, ground = _mean(subject, alpha, narrow), _mean(ground, 1 - alpha, narrow)
    return _laid_on(colours, alpha, subject, ground)


def _mean(colours: Float, weight: Float, radius: int) -> Float:
    weight = weight**_SURE
    return box_mean(colours * weight, radius) / np.maximum(box_mean(weight, radius), _LEAST)


def _laid_on(colours: Float, alpha: Float, subject: Float, ground: Float) -> Float:
    """The subject's estimate with its share of what the estimates do not explain."""
    return np.clip(subject + alpha * (colours - alpha * subject - (1 - alpha) * ground), 0, 255).astype(np.float32)

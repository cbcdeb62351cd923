"""A mask made by hand: white where the subject is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..contracts import Pixels, Settings
from ..errors import PictureError
from .cutout import OPAQUE, TRANSPARENT
from .decode import decode_picture, read_picture
from .picture import Picture

__all__ = ["apply_mask", "open_picture"]

_PROPORTIONS = 0.03
"""How far the proportions of mask and picture may differ: sizes are rounded when pictures are made smaller."""


def open_picture(path: Path, settings: Settings) -> Picture:
    """A picture file with its subject as the settings tell it: by ``background``, ``subject`` and ``mask``.

    Raises
    ------
    PictureError
        A file is no picture that can be read, or the mask does not fit.
    """
    pixels = decode_picture(path)
    if not settings.mask:
        return Picture(pixels, settings.background, settings.subject)
    # From here on the mask is the picture's own transparency, and goes with it through every mend.
    return Picture(apply_mask(pixels, read_picture(Path(settings.mask))), "alpha", settings.subject)


def apply_mask(pixels: Pixels, mask: Pixels) -> Pixels:
    """A picture, uint8 [H, W, 4], cut out by a mask, uint8 [h, w, 4], that may be larger or smaller.

    What is black or transparent in the mask, or transparent in the picture, becomes transparent.

    Raises
    ------
    PictureError
        The mask has other proportions, leaves nothing, or leaves everything.
    """
    (height, width), (rows, columns) = pixels.shape[:2], mask.shape[:2]
    if abs(np.log((columns / rows) / (width / height))) > _PROPORTIONS:
        raise PictureError(
            f"The mask has {columns} x {rows} pixels and the picture {width} x {height}: "
            "use a mask with the picture's proportions."
        )
    values = np.asarray(Image.fromarray(np.ascontiguousarray(mask[..., :3])).convert("L"))
    shown = np.minimum(values, mask[..., 3])
    if shown.max() < OPAQUE:
        raise PictureError("The mask is black all over: paint white where the subject is.")
    if shown.min() >= TRANSPARENT:
        raise PictureError("The mask is white all over: paint black where the background is.")
    fitted = np.asarray(Image.fromarray(shown).resize((width, height), Image.Resampling.BILINEAR))
    return np.concatenate([pixels[..., :3], np.minimum(fitted, pixels[..., 3])[..., None]], axis=-1)

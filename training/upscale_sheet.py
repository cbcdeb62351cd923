"""A sheet of enlarged crops: the small picture, what each method makes of it, and the picture that it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import uniform_filter

__all__ = ["Row", "draw_sheet"]

CELL, GAP, HEAD = 128, 4, 22
Pixels = npt.NDArray[np.uint8]


def _busiest(picture: Pixels, mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Top and left of the crop with the most detail in the mask."""
    side = min(CELL, *mask.shape)
    luma = picture.mean(2)
    detail = np.hypot(*np.gradient(luma)) * mask
    mean = uniform_filter(detail, side, mode="constant")
    inner = mean[side // 2 : mask.shape[0] - side // 2 + 1, side // 2 : mask.shape[1] - side // 2 + 1]
    top, left = np.unravel_index(int(inner.argmax()), inner.shape)
    return int(top), int(left)


@dataclass(frozen=True)
class Row:
    """A picture uint8 [H, W, 3], its mask bool [H, W], and by method what became of the smaller picture."""

    picture: Pixels
    mask: npt.NDArray[np.bool_]
    enlarged: dict[str, Pixels]


def draw_sheet(rows: Sequence[Row]) -> Image.Image:
    """The crop with the most to see of each row's pictures, side by side, the original last."""
    names = [*rows[0].enlarged, "original"]
    sheet = Image.new("RGB", (len(names) * (CELL + GAP) - GAP, HEAD + len(rows) * (CELL + GAP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for column, name in enumerate(names):
        pen.text((column * (CELL + GAP) + 4, 2), name, fill="black", font=font)
    for number, row in enumerate(rows):
        top, left = _busiest(row.picture, row.mask)
        for column, large in enumerate([*row.enlarged.values(), row.picture]):
            crop = Image.fromarray(large[top : top + CELL, left : left + CELL])
            sheet.paste(crop, (column * (CELL + GAP), HEAD + number * (CELL + GAP)))
    return sheet

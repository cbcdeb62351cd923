"""Greyscale pictures of 16 bits, 32 bits or floating point, such as maps of heights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Float
from ..errors import PictureError

__all__ = ["grey_levels", "is_deep", "reduce_levels"]

_ROWS = 256
"""Rows that are converted at a time: in double precision a whole picture takes eight times its pixels."""
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_NO_DATA = 42113
"""GDAL's TIFF tag with the value of pixels of which nothing is known, as text."""


def is_deep(image: Image.Image) -> bool:
    """Whether a picture is greyscale of more than 8 bits."""
    return image.mode == "F" or image.mode.startswith("I")


def grey_levels(image: Image.Image) -> Float:
    """The values of such a picture as they are stored, black to white as 0..1.

    A file of 16 bits has its white at 65,535. Other files do not say where theirs is: the least usual white is taken
    that no value exceeds, and where there is none, or values below 0, the values' own range.

    Parameters
    ----------
    image : Image
        Loaded, of a mode that `is_deep` knows.

    Returns
    -------
    Float
        float32 [H, W]; NaN where the file's own mark says that nothing is known of a pixel, or that it is transparent.

    Raises
    ------
    PictureError
        A value is not a number.
    """
    stored: npt.NDArray[Any] = np.asarray(image)
    marks = _marks(image)
    low, high = _extremes(stored, marks)
    scale, offset = _range(low, high, image.mode)
    levels = np.empty(stored.shape, np.float32)
    for rows, values, known in _strips(stored, marks):
        levels[rows] = np.where(known, np.clip((values - offset) * scale, 0.0, 1.0), np.nan)
    if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:
        np.subtract(1.0, levels, out=levels)
    return levels


def reduce_levels(levels: Float, longest: int) -> Float:
    """Levels [H, W] with at most so many on the longest side, by the mean: no value goes beyond its neighbours'."""
    height, width = levels.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return levels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(levels).resize(size, Image.Resampling.BOX))


def _strips(stored: npt.NDArray[Any], marks: list[float]) -> Iterator[tuple[slice, Any, Any]]:
    """A few rows at a time: which, their values in double precision, and where something is known of them."""
    for begin in range(0, len(stored), _ROWS):
        rows = slice(begin, begin + _ROWS)
        values = stored[rows].astype(np.float64)
        yield rows, values, ~np.isin(values, marks) & ~(np.isnan(values) & np.isnan(marks).any())


def _extremes(stored: npt.NDArray[Any], marks: list[float]) -> tuple[float, float]:
    """The least and the largest known value; 0 and 0 where none is known."""
    low, high = np.inf, -np.inf
    for _, values, known in _strips(stored, marks):
        if not np.isfinite(values[known]).all():
            raise PictureError("The picture holds values that are not numbers: save it again as PNG or JPEG.")
        if known.any():
            low, high = min(low, float(values[known].min())), max(high, float(values[known].max()))
    return (low, high) if low <= high else (0.0, 0.0)


def _marks(image: Image.Image) -> list[float]:
    """The values that stand for pixels of which nothing is known."""
    found: list[float] = []
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        found.append(float(transparent))
    no_data = _tag(image, _NO_DATA)
    if isinstance(no_data, str):
        try:
            found.append(float(no_data.strip("\0 ")))
        except ValueError:
            pass  # The tag is anybody's text.
        else:
            # Programs write it in more digits than a file of single precision holds.
            found.append(float(np.float32(found[-1])))
    return found


def _tag(image: Image.Image, number: int) -> Any:
    """A TIFF tag, None in other files and where there is none."""
    tags: Any = getattr(image, "tag_v2", {})
    try:
        return tags.get(number)
    except Exception:
        # Reading a damaged directory raises almost anything; the pixels can still be good.
        return None


def _range(low: float, high: float, mode: str) -> tuple[float, float]:
    """Scale to 0..1 and offset of a picture's values."""
    if mode.startswith("I;16"):
        return 1.0 / 65535.0, 0.0
    for white in (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0):
        if low >= 0 and high <= white:
            return 1.0 / white, 0.0
    return 1.0 / max(high - low, 1e-30), low

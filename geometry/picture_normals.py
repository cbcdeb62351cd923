"""Relief read from a picture: its light and dark taken for height, as a tangent-space normal map for flat subjects.

This is a look, not a measurement: paint that is dark counts as a groove. Where brightness is height, as in a picture of
a height field, the normals are those of the field.
"""

from __future__ import annotations

import math

import numpy as np

from ..contracts import Float, Pixels
from ..errors import MeshError
from .filters import box_mean

__all__ = ["combine_normals", "picture_normals"]

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
_HALF = math.sqrt(math.log(2) / 2) / math.pi  # standard deviation per wavelength that a Gaussian lets through by half
_SCHARR = (np.float32(47 / 256), np.float32(162 / 256))
_ROWS = 256  # worked on at a time, which keeps the memory for a large picture low
_FILL = 8  # pixels that colours reach into what is transparent


def picture_normals(
    picture: Pixels, height: float, wavelength: float = 0.0, invert: bool = False, tileable: bool = False
) -> Pixels:
    """Make a normal map of a picture.

    The height of a pixel is its luma. Waves longer than ``wavelength`` are taken out of it, since they are shading and
    colour rather than relief; slopes are Scharr's (2000, Optimale Operatoren in der digitalen Bildverarbeitung), whose
    direction does not depend on how the relief lies in the picture.

    Parameters
    ----------
    picture : uint8 [H, W, 3 or 4], first row at the top, alpha straight; what is transparent becomes flat
    height : of white over black, in pixels; 0 makes a flat map
    wavelength : in pixels: waves of this length keep half their height, longer ones less; 0 keeps all
    invert : whether dark is high
    tileable : whether the picture continues on its other side beyond its border

    Returns
    -------
    uint8 [H, W, 3]: X right, Y up (OpenGL), Z out of the picture, -1..1 as 0..255. One colour everywhere gives exactly
    (128, 128, 255).

    Raises
    ------
    MeshError
        When the picture is empty, or a number is negative or not finite.
    """
    if picture.size == 0 or not (0 <= height < math.inf and 0 <= wavelength < math.inf):
        raise MeshError("A normal map needs a picture, and a strength and a scale that are not negative.")
    relief, alpha = _luma(picture), _alpha(picture)
    if alpha is not None:
        near = box_mean(alpha, _FILL)
        around = box_mean(relief * alpha, _FILL) / np.maximum(near, 1e-3)
        relief = relief * alpha + around * (1 - alpha)
    if wavelength > 0:
        relief -= _blurred(relief, wavelength * _HALF, tileable)
    padded = np.pad(relief, 1, mode="wrap" if tileable else "edge")
    encoded = np.empty((*relief.shape, 3), np.uint8)
    factor = np.float32(-height if invert else height)
    for first in range(0, len(relief), _ROWS):
        rows = slice(first, first + _ROWS)
        across, down = _slopes(padded[first : first + _ROWS + 2])
        part = factor if alpha is None else factor * alpha[rows]
        encoded[rows] = _encode(-across * part, down * part, np.ones_like(across))
    return encoded


def combine_normals(under: Pixels, over: Pixels, strength: float = 1.0) -> Pixels:
    """Put the relief of one normal map on the surface that another one shows.

    Reoriented normal mapping (Barré-Brisebois and Hill 2012, Blending in Detail): the second is turned as the first
    turns the flat surface, so that neither loses height where both are steep.

    Parameters
    ----------
    under, over : uint8 [H, W, 3], OpenGL, of one size
    strength : of the first, as the Normal Map node has it

    Returns
    -------
    uint8 [H, W, 3]

    Raises
    ------
    MeshError
        When the sizes differ.
    """
    if under.shape != over.shape:
        raise MeshError("Normal maps of different sizes cannot be combined.")
    combined = np.empty_like(over)
    for first in range(0, len(over), _ROWS):
        rows = slice(first, first + _ROWS)
        x, y, z = _decode(under[rows])
        base = _unit(x * strength, y * strength, z)
        u, v, w = _unit(*_decode(over[rows]))
        lifted = base[2] + 1
        along = (base[0] * -u + base[1] * -v + lifted * w) / np.maximum(lifted, 1e-6)
        combined[rows] = _encode(base[0] * along + u, base[1] * along + v, lifted * along - w)
    return combined


def _luma(picture: Pixels) -> Float:
    """Float32 [H, W], 0..1."""
    relief = np.empty(picture.shape[:2], np.float32)
    for first in range(0, len(picture), _ROWS):
        rows = slice(first, first + _ROWS)
        relief[rows] = picture[rows, :, :3].astype(np.float32) @ (_LUMA / 255)
    return relief


def _alpha(picture: Pixels) -> Float | None:
    """Float32 [H, W], 0..1; None for a picture without any transparency."""
    if picture.shape[2] < 4 or bool((picture[..., 3] == 255).all()):
        return None
    return picture[..., 3].astype(np.float32) / 255


def _blurred(relief: Float, deviation: float, tileable: bool) -> Float:
    """Three box means, close to a Gaussian, on a smaller picture where that shows no difference."""
    factor = 1
    while deviation / factor >= 8 and all(size % (2 * factor) == 0 for size in relief.shape):
        factor *= 2
    rows, columns = (size // factor for size in relief.shape)
    small = relief.reshape(rows, factor, columns, factor).mean((1, 3)) if factor > 1 else relief
    reach = max(1, round((math.sqrt(4 * (deviation / factor) ** 2 + 1) - 1) / 2))
    margin = 3 * reach if tileable else 0
    wide = np.pad(small, margin, mode="wrap") if margin else small
    for _ in range(3):
        wide = box_mean(wide, reach)
    small = wide[margin : margin + rows, margin : margin + columns]
    return small if factor == 1 else _enlarged(_enlarged(small, factor, tileable).T, factor, tileable).T


def _enlarged(picture: Float, factor: int, tileable: bool) -> Float:
    """``factor`` times the rows, linearly between the middles of those there are."""
    count = len(picture)
    place = (np.arange(count * factor, dtype=np.float32) + 0.5) / factor - 0.5
    low = np.floor(place).astype(np.int32)
    share = (place - low)[:, None]
    first, second = (low % count, (low + 1) % count) if tileable else (low.clip(0), (low + 1).clip(0, count - 1))
    return picture[first] * (1 - share) + picture[second] * share


def _slopes(padded: Float) -> tuple[Float, Float]:
    """Height per pixel to the right and downwards, of the pixels within a border of one."""
    side, middle = _SCHARR
    across = (padded[:, 2:] - padded[:, :-2]) * np.float32(0.5)
    down = (padded[2:] - padded[:-2]) * np.float32(0.5)
    across = (across[:-2] + across[2:]) * side + across[1:-1] * middle
    down = (down[:, :-2] + down[:, 2:]) * side + down[:, 1:-1] * middle
    return across, down


def _decode(pixels: Pixels) -> tuple[Float, Float, Float]:
    """Components of the normals; the flat colour (128, 128, 255) is flat."""
    values = np.moveaxis(pixels.astype(np.float32), -1, 0)
    return (values[0] - 128) / 127, (values[1] - 128) / 127, np.maximum((values[2] - 127.5) / 127.5, 0)


def _unit(x: Float, y: Float, z: Float) -> tuple[Float, Float, Float]:
    length = np.maximum(np.sqrt(x * x + y * y + z * z), np.float32(1e-6))
    return x / length, y / length, z / length


def _encode(x: Float, y: Float, z: Float) -> Pixels:
    """Uint8 [H, W, 3] of vectors of any length."""
    # Half of 255 rounds to 128, the usual flat colour.
    channels = [np.rint(part * np.float32(127.5) + np.float32(127.5)) for part in _unit(x, y, z)]
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)

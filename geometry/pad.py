"""Filling what has no colour from its surroundings, coarse to fine (push-pull, Gortler et al. 1996)."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Mask, Pixels

__all__ = ["Texture", "fill_gaps", "pad_texture", "to_kind"]

Texture: TypeAlias = Pixels | Float
"""Colours in 0..255, or values of any range."""
_Kind = TypeVar("_Kind", bound=npt.NDArray[Any])

# How many texels around each chart take the colour of that chart alone, so that lookups between texels do so too.
_RINGS = 2
_AROUND = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def fill_gaps(colour: Float, weight: Float) -> Float:
    """Replace colours of little weight by those around.

    Parameters
    ----------
    colour : float32 [H, W, C]
    weight : float32 [H, W] in 0..1: 1 keeps a colour as it is, 0 replaces it.

    Returns
    -------
    float32 [H, W, C]; all zero where nothing has any weight.
    """
    height, width = weight.shape
    if not (weight < 1).any():
        return colour
    if height == width == 1:
        return colour * np.sign(weight)[:, :, None]
    coarse = fill_gaps(*_halve(colour, weight))
    wide = coarse.repeat(2, axis=0)[:height].repeat(2, axis=1)[:, :width]
    return wide + weight[:, :, None] * (colour - wide)


def to_kind(values: Float | npt.NDArray[np.float64], kind: np.dtype[Any]) -> Texture:
    """Values as a texture of that data type stores them: whole numbers in bytes, anything in floats."""
    return (np.rint(values) if kind == np.uint8 else values).astype(kind)


def pad_texture(texture: _Kind, covered: Mask) -> _Kind:
    """Give every texel outside the charts the colour of the charts near it, so that filtering finds no foreign colour.

    ``texture`` uint8 or float32 [T, T, C], ``covered`` bool [T, T]. Returns a new texture.
    """
    padded, filled = texture.copy(), covered.copy()
    for _ in range(_RINGS):
        _add_ring(padded, filled)
    coarse = fill_gaps(*_halve(padded, filled.astype(np.float32)))
    rows, columns = np.nonzero(~filled)
    padded[rows, columns] = to_kind(coarse[rows // 2, columns // 2], texture.dtype)
    return padded


def _add_ring(texture: Texture, filled: Mask) -> None:
    """Give the texels beside filled ones the mean colour of those among their eight neighbours, in place."""
    size = len(filled)
    across = filled.copy()
    across[:, 1:] |= filled[:, :-1]
    across[:, :-1] |= filled[:, 1:]
    beside = across.copy()
    beside[1:] |= across[:-1]
    beside[:-1] |= across[1:]
    beside &= ~filled
    rows, columns = np.divmod(np.flatnonzero(beside), size)
    total, count = np.zeros((len(rows), texture.shape[2]), np.float32), np.zeros((len(rows), 1), np.float32)
    for row, column in _AROUND:
        at = np.clip(rows + row, 0, size - 1), np.clip(columns + column, 0, size - 1)
        weight = filled[at].astype(np.float32)[:, None]
        total += weight * texture[at]
        count += weight
    texture[rows, columns] = to_kind(total / np.maximum(count, 1), texture.dtype)
    filled |= beside


def _halve(colour: Texture, weight: Float) -> tuple[Float, Float]:
    """Weighted means of blocks of two by two pixels, and their weights, at most one."""
    height, width = weight.shape
    half = ((height + 1) // 2, (width + 1) // 2)
    total = np.zeros(half, np.float32)
    mean = np.zeros((*half, colour.shape[2]), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            part = weight[row::2, column::2]
            inside = (slice(part.shape[0]), slice(part.shape[1]))
            total[inside] += part
            mean[inside] += part[:, :, None] * colour[row::2, column::2]
    mean /= np.where(total > 0, total, 1)[:, :, None]
    return mean, np.minimum(total, 1)

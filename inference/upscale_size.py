"""How large pictures can be made."""

from __future__ import annotations

from ..errors import PictureError

__all__ = ["LARGEST", "LARGEST_FACTOR", "enlarged_size"]

LARGEST = 4096
"""Longest side of a result in pixels: no texture is larger."""
LARGEST_FACTOR = 4


def enlarged_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """Width and height of a picture once enlarged.

    Raises
    ------
    PictureError
        If the factor is not within 1 to `LARGEST_FACTOR`, or the result would be larger than `LARGEST`.
    """
    if not 1 < factor <= LARGEST_FACTOR:
        raise PictureError(f"A picture can be enlarged up to {LARGEST_FACTOR} times; choose a factor above 1.")
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if max(size) > LARGEST:
        raise PictureError(
            f"{width} x {height} pixels enlarged {factor:g} times are more than {LARGEST} a side; choose less."
        )
    return size

"""What a check learns of a mesh file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Content"]


@dataclass(frozen=True)
class Content:
    """``faces``: how many, None where they were not counted. ``points`` float64 [V, 3], in the file's axes, of formats
    whose coordinates may have more than 32 bits; NaN and infinity are let through."""

    faces: int | None = None
    points: npt.NDArray[np.float64] | None = None

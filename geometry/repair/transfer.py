"""Where the elements of a cleaned mesh take their values from: UVs, colours, materials, attributes, shape keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Indices, Points

__all__ = ["Blend", "Origin"]


@dataclass(frozen=True)
class Blend:
    """For each of N elements the source element it copies, and for a few of them a mix of three that fits better.

    ``nearest`` int64 [N]: the element of the source to copy; for a mixed one that of the largest weight, for values
    that cannot be mixed (names, flags, materials). ``mixed`` int64 [M]: the elements that are mixes, ascending; often
    none. ``parts`` int64 [M, 3] and ``weights`` float64 [M, 3]: the source elements each mixes and their shares, which
    add up to 1. A share may be a little below 0 where an element lies just beyond its source triangle.
    """

    nearest: Indices
    mixed: Indices
    parts: Indices
    weights: Points

    def copy(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Carry over values [S, ...] of the source that cannot be mixed: [N, ...] of the same type."""
        return values[self.nearest]

    def mix(self, values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        """Carry over numbers [S, ...] of the source, mixed where they should be: [N, ...] of the same type."""
        result = values[self.nearest]
        if len(self.mixed):
            weights = self.weights.reshape(len(self.mixed), 3, *[1] * (values.ndim - 1))
            result[self.mixed] = (values[self.parts] * weights).sum(axis=1)
        return result


@dataclass(frozen=True)
class Origin:
    """Where every element of a result takes its values from.

    ``points``: in the source's vertices, for vertex attributes and shape keys. ``corners``: in the source's corners,
    for UVs and corner colours. ``faces`` int64 [F]: the source face each face copies its material and attributes from.
    """

    points: Blend
    corners: Blend
    faces: Indices

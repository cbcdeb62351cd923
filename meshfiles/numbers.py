"""Numbers of text files, in bulk."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["read_numbers"]


def read_numbers(text: bytes, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Numbers between blanks and line ends; fewer than there should be, or none, where something else stands there."""
    stripped = text.strip()
    if not stripped:
        return np.zeros(0, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return np.fromstring(stripped, kind, sep=" ")  # type: ignore[call-overload]
        except ValueError:  # from numpy 2.5 on
            return np.zeros(0, kind)

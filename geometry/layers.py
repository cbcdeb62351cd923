"""Further pictures in the crop's frame, such as shading or roughness, made ready to be looked up like the colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..contracts import Float, Subject
from ..errors import ModelError
from .arrays import Indices
from .foreground import Foreground, extend_values

__all__ = ["extend_layers", "stack_layers"]


def stack_layers(subject: Subject, layers: Mapping[str, Float]) -> tuple[Float, Indices]:
    """Join layers to one picture of many channels.

    Parameters
    ----------
    subject : its crop has the layers' size
    layers : float32 [S, S] or [S, S, C] by name, at least one

    Returns
    -------
    stack : float32 [S, S, sum of C]
    ends : int64 [number of layers], the channel after each layer's last

    Raises
    ------
    ModelError
        A layer does not fit the crop, or is not finite.
    """
    size = subject.rgba.shape[:2]
    for name, layer in layers.items():
        if layer.ndim not in (2, 3) or layer.shape[:2] != size:
            raise ModelError(f"The layer {name} is not of the crop's size, {size[0]} x {size[1]}.")
        if not np.isfinite(layer).all():
            raise ModelError(f"The layer {name} has values that are not finite.")
    stack = np.dstack([layer.astype(np.float32) for layer in layers.values()])
    return stack, np.cumsum([1 if layer.ndim == 2 else layer.shape[2] for layer in layers.values()], dtype=np.int64)


def extend_layers(subject: Subject, stack: Float) -> Foreground:
    """Let the values [S, S, C] well inside the crop's matte flow outwards, as `extend_foreground` does with colours."""
    half = len(stack) / 2
    values, presence = extend_values(stack, subject.rgba[:, :, 3].astype(np.float32), half)
    return Foreground(values, presence, (0.0, 0.0), half)

"""A picture and its subject, as the checks look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...contracts import Float, Mask, Pixels
from ..cutout import OPAQUE
from ..grid import mask_box

__all__ = ["Scene", "luma"]

_SMALL = 256
"""Longest side at which the surroundings are judged, in pixels: what is finer does not mislead a network."""


def luma(pixels: Pixels) -> Float:
    """Rec. 601 luma of sRGB pixels [H, W, 3 or 4]: float32 [H, W] in 0..255."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels[..., :3])).convert("L"), np.float32)


@dataclass(frozen=True)
class Scene:
    """``pixels`` uint8 [H, W, 4], the picture; ``alpha`` uint8 [H, W], the subject's matte; ``found`` float32 [h, w],
    everything the matte network takes for a subject, or None where the picture's own transparency decides."""

    pixels: Pixels
    alpha: npt.NDArray[np.uint8]
    found: Float | None

    @cached_property
    def mask(self) -> Mask:
        """bool [H, W]: the subject."""
        return self.alpha >= OPAQUE

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the subject in pixels, the last two exclusive."""
        return mask_box(self.mask)

    @cached_property
    def longest(self) -> int:
        """The subject's longest side in pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    @cached_property
    def small(self) -> tuple[Pixels, Mask]:
        """The picture and the subject's mask at a longest side of `_SMALL` at most."""
        image = Image.fromarray(self.pixels)
        scale = min(1.0, _SMALL / max(image.size))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        colours = image.convert("RGB").resize(size, Image.Resampling.BOX)
        alpha = Image.fromarray(self.alpha).resize(size, Image.Resampling.BOX)
        return np.asarray(colours), np.asarray(alpha) >= OPAQUE

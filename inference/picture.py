"""A picture on its way to a mesh, with what is known of where its subject is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ..contracts import Background, Pixels, Point

__all__ = ["Picture", "reduced"]


@dataclass(frozen=True)
class Picture:
    """``pixels`` uint8 [H, W, 4], sRGB with straight alpha; ``background``, where the subject is looked for, as in
    `inference.cutout.cut_out`; ``subject``, the point that says which of several things is meant, or None."""

    pixels: Pixels
    background: Background = "auto"
    subject: Point | None = None

    def with_pixels(self, pixels: Pixels) -> Picture:
        """The same view in other pixels, of any size."""
        return replace(self, pixels=pixels)

    def cropped(self, left: int, top: int, right: int, bottom: int) -> Picture:
        """The part between two columns and two rows of pixels, the last two exclusive; the point stays on its thing."""
        height, width = self.pixels.shape[:2]
        pixels = np.ascontiguousarray(self.pixels[top:bottom, left:right])
        if self.subject is None:
            return replace(self, pixels=pixels)
        x, y = self.subject[0] * width - left, self.subject[1] * height - top
        return replace(self, pixels=pixels, subject=(_within(x / (right - left)), _within(y / (bottom - top))))

    def moved(self, pixels: Pixels, subject: Point | None) -> Picture:
        """Other pixels in which the point lies elsewhere."""
        if subject is not None:
            subject = (_within(subject[0]), _within(subject[1]))
        return replace(self, pixels=pixels, subject=subject)


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Pixels [H, W] or [H, W, 4] with no side longer than ``side``."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((side, side))
    return np.asarray(image)


def _within(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))

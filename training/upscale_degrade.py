"""How pictures lose their sharpness: made smaller in several ways, a little out of focus, noisy, compressed."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

__all__ = ["METHODS", "compress", "shrink", "spoil"]

METHODS = {
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}
Pixels = npt.NDArray[np.uint8]
Rng = np.random.Generator


def shrink(picture: Pixels, factor: int, method: str) -> Pixels:
    """uint8 [H, W, 3] to [H / factor, W / factor, 3]; every method averages over all that a smaller pixel covers."""
    size = picture.shape[1] // factor, picture.shape[0] // factor
    return np.asarray(Image.fromarray(picture).resize(size, METHODS[method]))


def compress(picture: Pixels, quality: int) -> Pixels:
    """The picture after a JPEG file with half the colour resolution, as phones write them."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def spoil(picture: Pixels, factor: int, rng: Rng) -> Pixels:
    """A smaller picture uint8 [H / factor, W / factor, 3], as a user may have it."""
    image = Image.fromarray(picture)
    if rng.random() < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.6) * factor)))
    method = rng.choice(["area", "area", "bicubic", "bicubic", "bilinear", "lanczos"])
    small = shrink(np.asarray(image), factor, str(method)).astype(np.float32)
    if rng.random() < 0.3:
        coarse = rng.normal(0, 1, small.shape) * [1, 0.8, 1.2] + rng.normal(0, 1, (*small.shape[:2], 1))
        small += coarse * rng.uniform(0, 2.0)
    pixels = np.clip(small + 0.5, 0, 255).astype(np.uint8)
    return compress(pixels, int(rng.integers(78, 97))) if rng.random() < 0.3 else pixels

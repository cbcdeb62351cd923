"""Cropping a cut-out picture to the square that the networks see."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ..contracts import Float, Pixels, Subject
from ..errors import PictureError
from .grid import fill_missing, label_pieces, mask_box

__all__ = ["CROP", "FILL", "LONGEST_SIDE", "SMALLEST_SUBJECT", "prepare_subject", "subject_square", "without_specks"]

FILL = 0.9
"""Share of the crop's side that the subject's longest side fills."""
CROP = 512
LONGEST_SIDE = 4096
"""Most pixels on the longest side of `Subject.picture`."""
SMALLEST_SUBJECT = 16
"""Fewest pixels on the subject's longest side."""
SPECK_SHARE = 0.01
LABEL_SIZE = 512
EXTEND_SIZE = 512


def prepare_subject(rgba: Pixels) -> Subject:
    """Crop and pad a cut-out picture.

    Detached specks of less than 1 % of the largest piece are dropped, so that a stray pixel does not decide the crop.
    Colours are continued outwards beneath the matte's edge: what the background left there never shows, neither in the
    resampled crop nor in a texture taken from the picture.

    Parameters
    ----------
    rgba : Pixels
        uint8 [H, W, 4], sRGB with straight alpha, the subject's matte in alpha.

    Returns
    -------
    Subject
        The crop of `CROP` pixels, and the part of the picture that it shows, at the picture's own resolution.

    Raises
    ------
    PictureError
        The matte is empty, or the subject is smaller than `SMALLEST_SUBJECT` pixels.
    """
    if not (rgba.size and rgba[..., 3].any()):
        raise PictureError("The picture shows no subject: use a plain background or a picture with transparency.")
    rgba = without_specks(rgba)
    square_left, square_top, side = subject_square(rgba)
    x, y = max(0, int(np.floor(square_left))), max(0, int(np.floor(square_top)))
    picture = rgba[y : int(np.ceil(square_top + side)), x : int(np.ceil(square_left + side))]
    picture = _extend_colours(picture)
    scale = min(1.0, LONGEST_SIDE / max(picture.shape[:2]))
    if scale < 1:
        picture = _resample(picture, (round(picture.shape[1] * scale), round(picture.shape[0] * scale)))
    square = ((square_left - x) * scale, (square_top - y) * scale, side * scale)
    return Subject(_crop(picture, *square), picture, *square)


def subject_square(rgba: Pixels) -> tuple[float, float, float]:
    """Left, top and side, in pixels, of the square crop around the subject of a cut-out picture without specks.

    Raises
    ------
    PictureError
        The subject is smaller than `SMALLEST_SUBJECT` pixels.
    """
    # Half of the highest alpha: a subject may be translucent all over.
    solid = rgba[..., 3] >= max(1, int(rgba[..., 3].max()) // 2)
    left, top, right, bottom = mask_box(solid)
    longest = max(bottom - top, right - left)
    if longest < SMALLEST_SUBJECT:
        raise PictureError(
            f"The subject is only {right - left} x {bottom - top} pixels: use a picture that shows it larger."
        )
    side = longest / FILL
    return (left + right - side) / 2, (top + bottom - side) / 2, side


def without_specks(rgba: Pixels) -> Pixels:
    """The picture with detached specks made transparent."""
    height, width = rgba.shape[:2]
    step = -(-max(height, width) // LABEL_SIZE)
    padded = np.pad(rgba[..., 3], ((0, -height % step), (0, -width % step)))
    blocks = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    amount = blocks.sum(axis=(1, 3), dtype=np.int64)
    labels, count = label_pieces(blocks.max(axis=(1, 3)) > 0)
    # Pieces weigh by their alpha, so that a wide but faint veil is not taken for the subject.
    weight = np.bincount(labels.ravel(), amount.ravel(), minlength=count + 1)
    specks = weight < SPECK_SHARE * weight[1:].max()
    specks[0] = False
    if not specks.any():
        return rgba
    drop = np.repeat(np.repeat(specks[labels], step, 0), step, 1)[:height, :width]
    result = rgba.copy()
    result[drop] = 0
    return result


def _extend_colours(rgba: Pixels) -> Pixels:
    """Continue the colours of the opaque part under the edge and beyond it; alpha stays."""
    alpha = rgba[..., 3]
    if alpha.min() == 255:
        return rgba
    height, width = alpha.shape
    scale = min(1.0, EXTEND_SIZE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Only pixels that are surely the subject's count; in a translucent subject those of the highest alpha.
    sure = alpha >= 0.95 * float(alpha.max())
    weight = _shrink(sure, size)
    colours = np.stack([_shrink(rgba[..., c] * sure, size) for c in range(3)], axis=-1)
    # The outermost of them still carry a little background; they decide only in parts too thin to have others.
    inner = np.asarray(Image.fromarray((weight > 0.99).astype(np.uint8)).filter(ImageFilter.MinFilter(5)))
    known = inner + (1 - inner) * np.float32(0.02) * weight
    filled = fill_missing(colours / np.maximum(weight, 1e-6)[..., None], known)
    result = rgba.copy()
    outside = ~sure
    own = alpha[outside].astype(np.float32) / 255.0
    # The square: at half alpha a pixel's colour is half the background's, so less of it is to be trusted.
    own *= own
    for channel in range(3):
        guess = Image.fromarray(np.ascontiguousarray(filled[..., channel])).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        mixed = own * rgba[..., channel][outside] + (1 - own) * np.asarray(guess)[outside]
        result[..., channel][outside] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return result


def _shrink(plane: npt.NDArray[Any], size: tuple[int, int]) -> Float:
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BOX))


def _crop(picture: Pixels, left: float, top: float, side: float) -> Pixels:
    """Resample the square crop, transparent outside the picture."""
    height, width = picture.shape[:2]
    margin = 2
    before_x, before_y = max(0, int(np.ceil(-left))) + margin, max(0, int(np.ceil(-top))) + margin
    after_x = max(0, int(np.ceil(left + side)) - width) + margin
    after_y = max(0, int(np.ceil(top + side)) - height) + margin
    pad = ((before_y, after_y), (before_x, after_x))
    # Colours repeat the picture's outermost pixels, alpha is 0: no dark rim where the subject touches the border.
    colours = np.pad(picture[..., :3], (*pad, (0, 0)), mode="edge")
    alpha = np.pad(picture[..., 3], pad)
    box = (left + before_x, top + before_y, left + before_x + side, top + before_y + side)
    return _resample(np.concatenate([colours, alpha[..., None]], axis=-1), (CROP, CROP), box)


def _resample(rgba: Pixels, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Pixels:
    """Resize colours and alpha apart: the colours are continued under transparency, so nothing bleeds."""
    colour = Image.fromarray(np.ascontiguousarray(rgba[..., :3])).resize(size, Image.Resampling.LANCZOS, box=box)
    alpha = Image.fromarray(np.ascontiguousarray(rgba[..., 3])).resize(size, Image.Resampling.LANCZOS, box=box)
    return np.concatenate([np.asarray(colour), np.asarray(alpha)[..., None]], axis=-1)

"""Cutting the subject out: by the picture's own transparency where that says something, by a network otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Background, Float, Pixels, Point
from ..errors import PictureError
from .choose import find_things, keep_thing_alpha
from .decontaminate import decontaminate
from .grid import box_mean
from .matte import MatteModel, main_subject

__all__ = [
    "LEAST_SUBJECT",
    "MOST_SUBJECT",
    "OPAQUE",
    "TRANSPARENT",
    "cut_out",
    "has_useful_alpha",
    "needs_matte",
    "no_subject",
    "on_white",
]

TRANSPARENT = 32
"""Alpha below this counts as transparent."""
OPAQUE = 128
LEAST_TRANSPARENT = 0.005
MOST_OPAQUE = 0.95
"""A picture less transparent than these shares say is a photo with rounded corners or stray pixels, not a cut-out."""
LEAST_SUBJECT, MOST_SUBJECT = 0.001, 0.98
REFINE_SIZE = 640
"""Longest side at which the colours beside the edge are measured, in pixels."""
TILE = 256


def cut_out(
    rgba: Pixels,
    background: Background,
    matte_model: MatteModel,
    found: Float | None = None,
    subject: Point | None = None,
) -> Pixels:
    """Put the subject's matte into the alpha channel.

    Parameters
    ----------
    rgba : Pixels
        uint8 [H, W, 4], sRGB with straight alpha.
    background : Background
        ``alpha`` takes the picture's own transparency; ``remove`` has the subject found by ``matte_model``; ``auto``
        does the first where it is useful and the second otherwise; ``keep`` takes the whole picture for the subject.
    matte_model : MatteModel
        Asked only where the picture's own transparency does not decide.
    found : Float
        What `choose.find_things` finds in this picture over white, where that is known already.
    subject : Point
        Which of several things is meant; without it the one nearest the middle, or all that the picture's own
        transparency shows.

    Returns
    -------
    Pixels
        uint8 [H, W, 4], the same colours; where the network's matte is used, without the background's along the edge.

    Raises
    ------
    PictureError
        There is no useful transparency where it was asked for, or nothing stands out from the background or lies at
        the point.
    ModelError
        The network fails.
    """
    alpha = rgba[..., 3]
    if background == "keep":
        return _with_alpha(rgba, np.full_like(alpha, 255))
    if background == "alpha" and not (alpha.min() < TRANSPARENT and alpha.max() >= OPAQUE):
        raise PictureError("The picture has no transparency that shows the subject: set the background to Remove.")
    if not needs_matte(alpha, background):
        return rgba.copy() if subject is None else _with_alpha(rgba, keep_thing_alpha(alpha, subject))
    rgb = on_white(rgba)
    probability = main_subject(find_things(rgb, matte_model, subject) if found is None else found)
    return decontaminate(_with_alpha(rgba, np.minimum(_subject_alpha(rgb, probability), alpha)))


def needs_matte(alpha: npt.NDArray[np.uint8], background: Background) -> bool:
    """Whether the matte network has to tell the subject of a picture with this alpha channel, uint8 [H, W]."""
    return background == "remove" or (background == "auto" and not has_useful_alpha(alpha))


def has_useful_alpha(alpha: npt.NDArray[np.uint8]) -> bool:
    """Whether an alpha channel, uint8 [H, W], cuts a subject out rather than trimming corners or marking nothing."""
    transparent = float(np.mean(alpha < TRANSPARENT))
    opaque = float(np.mean(alpha >= OPAQUE))
    return transparent >= LEAST_TRANSPARENT and 0.0 < opaque <= MOST_OPAQUE


def _with_alpha(rgba: Pixels, alpha: npt.NDArray[np.uint8]) -> Pixels:
    return np.concatenate([rgba[..., :3], alpha[..., None]], axis=-1)


def no_subject(rgba: Pixels) -> Pixels:
    """A picture, uint8 [H, W, 4], all transparent."""
    return _with_alpha(rgba, np.zeros_like(rgba[..., 3]))


def on_white(rgba: Pixels) -> Pixels:
    """Colours over white: what hides under transparency is arbitrary and would mislead."""
    if rgba[..., 3].min() == 255:
        return rgba[..., :3]
    picture = Image.fromarray(rgba)
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, picture))[..., :3]


def _subject_alpha(rgb: Pixels, probability: Float) -> npt.NDArray[np.uint8]:
    """The matte at the picture's size, uint8 [H, W], of what the network says of it."""
    if not LEAST_SUBJECT <= float(np.mean(probability > 0.5)) <= MOST_SUBJECT:
        raise PictureError(
            "No subject stands out from the background: use a plain background or a picture with transparency."
        )
    return _refine(rgb, probability)


def _refine(rgb: Pixels, probability: Float) -> npt.NDArray[np.uint8]:
    """Bring a coarse probability, float32 [h, w], to the picture's size, following the edges in its colours.

    Along the edge, alpha is how far a pixel lies on the way from the background's mean colour nearby to the subject's:
    linear in the pixel, so the coefficients are found at a moderate size and applied at the full one, as the fast
    guided filter (He and Sun 2015) does.
    """
    height, width = rgb.shape[:2]
    slopes, offset = _edge_coefficients(rgb, probability)
    planes = [Image.fromarray(np.ascontiguousarray(slopes[..., c])) for c in range(3)]
    planes.append(Image.fromarray(offset))
    scale = planes[0].width / width, planes[0].height / height
    alpha = np.empty((height, width), np.uint8)
    # In tiles: at full size the coefficients would take several times the picture's memory.
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(top + TILE, height), min(left + TILE, width)
            box = (left * scale[0], top * scale[1], right * scale[0], bottom * scale[1])
            size = (right - left, bottom - top)
            red, green, blue, rest = (
                np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box=box)) for plane in planes
            )
            colour = rgb[top:bottom, left:right].astype(np.float32) / 255.0
            value = red * colour[..., 0] + green * colour[..., 1] + blue * colour[..., 2] + rest
            # The means are those of both sides a little away from the edge, so the ends are cut off.
            alpha[top:bottom, left:right] = np.clip((value - 0.1) / 0.8 * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return alpha


def _edge_coefficients(rgb: Pixels, probability: Float) -> tuple[Float, Float]:
    """Slopes [m, n, 3] and offset [m, n] such that alpha is ``slopes . colour + offset``, colours 0 to 1."""
    image = Image.fromarray(rgb)
    scale = min(1.0, REFINE_SIZE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    colour = np.asarray(image.resize(size, Image.Resampling.BOX)).astype(np.float32) / 255.0
    coarse = np.asarray(Image.fromarray(probability).resize(size, Image.Resampling.BILINEAR))
    inside = (coarse > 0.5).astype(np.float32)
    radius = max(1, round(0.7 * max(size) / max(probability.shape)))
    near = box_mean(inside, radius)
    subject, subject_weight = _mean_where(colour, near > 0.98, inside, 3 * radius)
    ground, ground_weight = _mean_where(colour, near < 0.02, 1 - inside, 3 * radius)
    apart = subject - ground
    square = np.square(apart).sum(-1)
    # Where both sides have nearly one colour, it says little, and the coarse answer stands.
    trust = square / (square + 0.01)
    band = (near > 0.0) & (near < 1.0) & (subject_weight > 0) & (ground_weight > 0)
    slopes = apart * (trust / np.maximum(square, 1e-6))[..., None]
    offset = (1 - trust) * coarse - (slopes * ground).sum(-1)
    slopes = np.where(band[..., None], slopes, 0.0).astype(np.float32)
    return slopes, np.where(band, offset, inside).astype(np.float32)


def _mean_where(colour: Float, sure: npt.NDArray[np.bool_], likely: Float, radius: int) -> tuple[Float, Float]:
    """Mean colour over a window of the sure cells, and where there are none (thin parts), of the likely ones."""
    weight = sure + 0.01 * likely
    total = box_mean(weight, radius)
    mean = box_mean(colour * weight[..., None], radius) / np.maximum(total, 1e-6)[..., None]
    return mean, total

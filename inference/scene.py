"""The subject in its surroundings: what a depth network trained on plain photographs sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Pixels
from .prepare import subject_square, without_specks

__all__ = ["SCENE", "SCENE_SIDE", "frame_scene"]

SCENE = 2.2
"""Side of the scene in sides of the subject's crop. Networks trained on rooms and streets need room around a thing."""
SCENE_SIDE = 1024
NEUTRAL = 127
"""Grey level of what is not known. Of white, black, grey and the subject's own colours carried on, the one over which
TCMonoDepth came nearest to the true depth of the validation objects."""


def frame_scene(picture: Pixels, cut_out: Pixels) -> Pixels:
    """The square `SCENE` times as wide as the subject's crop, about the same centre.

    Parameters
    ----------
    picture : Pixels
        uint8 [H, W, 4], sRGB with straight alpha, as it came.
    cut_out : Pixels
        uint8 [H, W, 4], the same with the subject's matte in alpha.

    Returns
    -------
    Pixels
        uint8 [SCENE_SIDE, SCENE_SIDE, 4]: the colours before the picture's own background where it has one, carried on
        beyond its border, else before grey; in alpha the subject's matte.
    """
    cut_out = without_specks(cut_out)
    left, top, side = subject_square(cut_out)
    left, top, side = left - side * (SCENE - 1) / 2, top - side * (SCENE - 1) / 2, side * SCENE
    rows, before, after = _span(top, side, picture.shape[0])
    columns, ahead, behind = _span(left, side, picture.shape[1])
    part, pad = picture[rows, columns], ((before, after), (ahead, behind))
    if picture[..., 3].min() == 255:
        colours = np.pad(part[..., :3], (*pad, (0, 0)), mode="edge")
    else:
        colours = np.pad(_over_grey(part), (*pad, (0, 0)), constant_values=NEUTRAL)
    x, y = left - columns.start + ahead, top - rows.start + before
    box = (x, y, x + side, y + side)
    return np.dstack([_resize(colours, box), _resize(np.pad(cut_out[rows, columns, 3], pad), box)])


def _span(start: float, length: float, end: int) -> tuple[slice, int, int]:
    """The part of 0..``end`` within ``start`` and ``start + length``, and the pixels missing before and after it."""
    first, last = int(np.floor(start)) - 1, int(np.ceil(start + length)) + 1
    return slice(max(first, 0), min(last, end)), max(-first, 0), max(last - end, 0)


def _over_grey(rgba: Pixels) -> Pixels:
    grey = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), (NEUTRAL, NEUTRAL, NEUTRAL, 255))
    return np.asarray(Image.alpha_composite(grey, Image.fromarray(np.ascontiguousarray(rgba))))[..., :3]


def _resize(plane: npt.NDArray[np.uint8], box: tuple[float, float, float, float]) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((SCENE_SIDE, SCENE_SIDE), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0))

"""Which of several things in a picture is the subject."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Float, Int, Mask, Pixels, Point
from ..errors import PictureError
from .grid import box_mean, label_pieces
from .matte import MatteModel

__all__ = ["alpha_pieces", "find_things", "keep_thing", "keep_thing_alpha", "number_of_thing", "points_on_things"]

OFFERED = 0.15
"""Area beside the largest thing's that makes another one worth choosing: a lid may lie there."""
_CRUMB = 0.01
"""Area beside the largest thing's below which a piece is a crumb, and nothing that a point can mean."""
_NEAR = 0.05
"""How far a point may lie off the thing that it means, in longest sides of the picture."""
_CLOSER = 0.5
"""Side of the part of the picture that is looked at again, where nothing was found, in longest sides."""
_SEAM = 0.02
"""How far around a thing its soft edge may reach, in longest sides."""
_CONTRAST = 12.0
"""Least difference in colour, of 255, of what is found in a closer look."""
_LOOK = 256


def points_on_things(found: Float) -> tuple[Point, ...]:
    """A point on each of the things found, from left to right.

    Parameters
    ----------
    found : float32 [h, w]
        Everything that might be the subject, 0..1: from `MatteModel.find` or `alpha_pieces`.

    Returns
    -------
    tuple of Point
        For each piece of at least `OFFERED` of the largest one's area, the place on it that is nearest to its middle.
    """
    labels, areas = _pieces(found > 0.5)
    wanted = np.flatnonzero(areas >= max(OFFERED * areas.max(), 1))
    return tuple(sorted(_middle(labels == label) for label in wanted))


def number_of_thing(found: Float, point: Point | None) -> int:
    """Which of `points_on_things` a point means, counted from 0; -1 where that is none of them, or there is no point.

    ``found``: as for `points_on_things`.
    """
    if point is None or not _label_at(found, point)[1]:
        return -1
    labels, _ = _label_at(found, point)
    rows, columns = found.shape
    on = [labels[int(y * rows), int(x * columns)] == 1 for x, y in points_on_things(found)]
    return on.index(True) if any(on) else -1


def _pieces(mask: Mask) -> tuple[Int, npt.NDArray[np.int64]]:
    """The labels of a mask's pieces, and the area of each in cells; 0 for what is outside."""
    labels, count = label_pieces(mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    return labels, areas


def _middle(mask: Mask) -> Point:
    """The point in a mask [h, w] that is nearest to its centre of mass."""
    cells = np.argwhere(mask)
    y, x = cells[np.square(cells - cells.mean(0)).sum(1).argmin()]
    return float((x + 0.5) / mask.shape[1]), float((y + 0.5) / mask.shape[0])


def find_things(rgb: Pixels, matte_model: MatteModel, point: Point | None) -> Float:
    """What the matte network finds in a picture: everything, or only the thing at a point.

    Where it finds nothing near the point, it looks again at the part of the picture around it: beside something large,
    what is small is easily overlooked.

    Parameters
    ----------
    rgb : uint8 [H, W, 3], sRGB
    matte_model
        The network.
    point
        The thing that is meant, or None for all of them.

    Returns
    -------
    float32 [h, w] in 0..1

    Raises
    ------
    PictureError
        There is nothing at the point.
    ModelError
        The network fails.
    """
    found = matte_model.find(rgb)
    if point is None:
        return found
    if _label_at(found, point)[1]:
        return keep_thing(found, point)
    closer = _look_closer(rgb, matte_model, point, found)
    if not _label_at(closer, point)[1]:
        raise PictureError("Nothing stands out where the subject was chosen: choose again, or paint a mask.")
    return keep_thing(closer, point)


def _look_closer(rgb: Pixels, matte_model: MatteModel, point: Point, found: Float) -> Float:
    """What the network finds in the part of a picture around a point, float32 as large as ``found``, 0 elsewhere."""
    height, width = rgb.shape[:2]
    half = _CLOSER * max(height, width) / 2
    left, top = max(0, int(point[0] * width - half)), max(0, int(point[1] * height - half))
    right, bottom = min(width, left + int(2 * half) + 1), min(height, top + int(2 * half) + 1)
    part = np.ascontiguousarray(rgb[top:bottom, left:right])
    seen = matte_model.find(part)
    if not _stands_out(part, seen > 0.5):
        return np.zeros_like(found)
    rows, columns = found.shape
    x, y = int(left / width * columns), int(top / height * rows)
    size = max(1, round(right / width * columns) - x), max(1, round(bottom / height * rows) - y)
    result = np.zeros_like(found)
    result[y : y + size[1], x : x + size[0]] = np.asarray(Image.fromarray(seen).resize(size, Image.Resampling.BILINEAR))
    return result


def _stands_out(rgb: Pixels, mask: Mask) -> bool:
    """Whether what was found, bool [h, w], differs in colour from the rest of a picture [H, W, 3]: of a plain surface
    alone, the network makes up what might be on it."""
    small = np.asarray(Image.fromarray(rgb).resize((mask.shape[1], mask.shape[0]), Image.Resampling.BOX), np.float32)
    if not mask.any() or mask.all():
        return False
    inside, outside = small[mask], small[~mask]
    return max(np.abs(inside.mean(0) - outside.mean(0)).max(), inside.std(0).max()) > _CONTRAST


def keep_thing(found: Float, point: Point) -> Float:
    """What was found, float32 [h, w], without all but the thing at a point or nearest to it."""
    return np.where(_others(found, point), 0.0, found).astype(np.float32)


def keep_thing_alpha(alpha: npt.NDArray[np.uint8], point: Point) -> npt.NDArray[np.uint8]:
    """An alpha channel, uint8 [H, W], without all but the thing at a point or nearest to it."""
    others = Image.fromarray(_others(alpha_pieces(alpha), point))
    drop = np.asarray(others.resize((alpha.shape[1], alpha.shape[0]), Image.Resampling.NEAREST))
    return np.where(drop, 0, alpha).astype(np.uint8)


def alpha_pieces(alpha: npt.NDArray[np.uint8]) -> Float:
    """An alpha channel, uint8 [H, W], as 0..1 at about the size at which the network sees a picture."""
    image = Image.fromarray(alpha)
    scale = min(1.0, _LOOK / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.float32) / 255


def _others(found: Float, point: Point) -> Mask:
    """Where what was found, float32 [h, w], belongs to other things than the one nearest to a point."""
    labels, _ = _label_at(found, point)
    chosen, rest = labels == 1, labels > 1
    reach = max(1, round(_SEAM * max(found.shape)))
    # What is too faint to be a piece, such as a soft edge, goes with the nearer one.
    beside = box_mean(rest.astype(np.float32), reach) > box_mean(chosen.astype(np.float32), reach)
    return rest | (beside & ~chosen)


def _label_at(found: Float, point: Point) -> tuple[Int, bool]:
    """The things found, int32 [h, w]: 1 for the one nearest to a point, 2 and up for the others; and whether it is
    near enough to be meant."""
    mask = found > 0.5
    if not mask.any():
        return mask.astype(np.int32), False
    labels, areas = _pieces(mask)
    cells = np.argwhere(mask & (areas >= _CRUMB * areas.max())[labels])
    away = np.square(cells + 0.5 - np.array([point[1], point[0]]) * mask.shape).sum(1)
    row, column = cells[away.argmin()]
    nearest = labels[row, column]
    ranked = np.where(labels == nearest, 1, np.where(labels > 0, 2, 0)).astype(np.int32)
    return ranked, bool(away.min() <= (_NEAR * max(mask.shape)) ** 2)

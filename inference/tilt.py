"""How far a subject leans to one side, where its picture says so: by its mirror symmetry and its long upright edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Float, Mask, Pixels
from .grid import mask_box

__all__ = ["FAIR", "MOST", "Tilt", "tilt_of"]

MOST = 20.0
"""Degrees of tilt that are looked for, either way: what leans further is lying or meant to lean."""
FAIR = 3.0
"""Degrees from which a tilt is worth straightening."""
_BEYOND = 5.0
_STEP = 0.5
_SIDE = 320
"""Longest side at which edges are measured, in pixels."""
_SMALL = 128
"""Longest side at which symmetry is measured, in pixels."""
_SMOOTH = 1.2
_CHANGE = 3.0
"""Least change of luma a pixel that is an edge."""
_ALONG = 4.0
"""Degrees by which the direction of an edge's pixel may differ from the line that it lies on."""
_SHORT = 0.1
"""Length that a line must exceed to count, in the subject's longest sides."""
_STRONG, _SPREAD, _SHARE, _APART = 1.5, 8.0, 0.85, 0.1
"""How much lines there must be (squared lengths times degrees), how many degrees they may differ from their mean, how
large a share of all must, and how far apart they must lie, as standard deviation: one edge alone may well slant."""
_SYMMETRIC, _SHARP, _WIDE = 0.87, 0.12, 10
"""Overlap of the silhouette with its mirror image, and how much more of it there must be than `_WIDE` degrees off."""
_AGREE = 4.0
"""Degrees between the two kinds of evidence at most."""


@dataclass(frozen=True)
class Tilt:
    """``degrees`` that the subject leans clockwise; ``sure``, whether the evidence is strong."""

    degrees: float
    sure: bool


def tilt_of(pixels: Pixels, subject: Mask) -> Tilt:
    """Measure how far a subject leans.

    Two kinds of evidence, each believed only where it is clear, and neither where they disagree: the axis about which
    the silhouette is its own mirror image, and the direction of long straight edges that are nearly upright, by their
    Hough transform. Most pictures say nothing of either.

    Parameters
    ----------
    pixels : uint8 [H, W, 4]
    subject : bool [H, W]

    Returns
    -------
    Tilt
        0 degrees, not sure, where there is no subject or no evidence.
    """
    if not subject.any():
        return Tilt(0.0, False)
    luma, inside = _close_up(pixels, subject)
    found = [each for each in (_by_symmetry(inside), _by_lines(luma, inside)) if each is not None]
    if not found or max(found) - min(found) > _AGREE:
        return Tilt(0.0, False)
    degrees = sum(found) / len(found)
    return Tilt(degrees, abs(degrees) <= MOST)


def _close_up(pixels: Pixels, subject: Mask) -> tuple[Float, Float]:
    """Luma in 0..255 and the share of the subject in 0..1, float32 [h, w], around the subject at `_SIDE` pixels."""
    left, top, right, bottom = mask_box(subject)
    part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right, :3])).convert("L")
    cover = Image.fromarray(subject[top:bottom, left:right].astype(np.uint8) * 255)
    scale = min(1.0, _SIDE / max(part.size))
    size = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    room = 8
    luma = np.pad(np.asarray(part.resize(size, Image.Resampling.BOX), np.float32), room, mode="edge")
    return luma, np.pad(np.asarray(cover.resize(size, Image.Resampling.BOX), np.float32) / 255, room)


def _smooth(values: Float, sigma: float) -> Float:
    """A Gaussian blur of float32 [h, w], the border repeated."""
    reach = math.ceil(3 * sigma)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        padded, length = np.pad(values, pad, mode="edge"), values.shape[axis]
        parts = (w * np.take(padded, range(k, k + length), axis) for k, w in enumerate(weights))
        values = np.asarray(sum(parts), np.float32)
    return values


def _by_symmetry(inside: Float) -> float | None:
    """The lean of the silhouette's axis of symmetry, or None where there is no clear one."""
    scale = min(1.0, _SMALL / max(inside.shape))
    image = Image.fromarray(inside).resize(
        (max(1, round(inside.shape[1] * scale)), max(1, round(inside.shape[0] * scale))), Image.Resampling.BOX
    )
    y, x = np.nonzero(np.asarray(image) > 0.5)
    if len(x) < 50:
        return None
    x, y = x - x.mean(), y - y.mean()
    angles = np.arange(-MOST - _WIDE, MOST + _WIDE + 1)
    scores = np.array([_mirrored(x, y, angle) for angle in angles])
    best = int(scores[_WIDE:-_WIDE].argmax()) + _WIDE
    if scores[best] < _SYMMETRIC or scores[best] - max(scores[best - _WIDE], scores[best + _WIDE]) < _SHARP:
        return None
    around = slice(best - 2, best + 3)
    a, b, _ = np.polyfit(angles[around], scores[around], 2)
    return float(-b / (2 * a)) if a < 0 else float(angles[best])


def _mirrored(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], degrees: float) -> float:
    """Intersection over union of cells about their middle with their mirror image about the best axis that leans."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # The axis leans clockwise: up and to the right, rows going down.
    across, along = np.rint(x * cosine + y * sine).astype(int), np.rint(y * cosine - x * sine).astype(int)
    reach = int(max(np.abs(across).max(), np.abs(along).max())) + 4
    grid = np.zeros((2 * reach + 1, 2 * reach + 1), np.bool_)
    grid[along + reach, across + reach] = True
    grid[1:-1, 1:-1] |= grid[1:-1, :-2] & grid[1:-1, 2:]  # rounding leaves holes
    mirror = grid[:, ::-1]
    return max(_overlap(grid, np.roll(mirror, shift, 1)) for shift in range(-3, 4))


def _overlap(one: Mask, other: Mask) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def _by_lines(luma: Float, inside: Float) -> float | None:
    """The lean of the long straight edges that are nearly upright, or None where they are few or do not agree."""
    angles = np.arange(-MOST - _BEYOND, MOST + _BEYOND + _STEP, _STEP)
    longest = max(inside.shape)
    outline, inner = (_lines(*edges, angles, longest) for edges in (_outline(inside), _inner_edges(luma, inside)))
    score, place, square = outline + inner
    total = float(score.sum()) * _STEP
    if total < _STRONG:
        return None
    degrees = float((score * angles).sum() / score.sum())
    near = np.abs(angles - degrees) <= _SPREAD
    for _ in range(5):  # the mean of what lies near it
        degrees = float((score * angles)[near].sum() / max(float(score[near].sum()), 1e-9))
        near = np.abs(angles - degrees) <= _SPREAD
    weight = float(score[near].sum())
    if weight * _STEP < _SHARE * total:
        return None
    apart = float(square[near].sum() / weight - (place[near].sum() / weight) ** 2)
    return degrees if apart >= _APART**2 else None


def _outline(inside: Float) -> tuple[Float, Float, Float]:
    """Gradient across and down, and weight 0..1, of the silhouette's edge."""
    down, across = np.gradient(_smooth(inside, _SMOOTH))
    size = np.hypot(across, down)
    return across, down, np.where(size > 0.1, np.minimum(size / 0.2, 1), 0).astype(np.float32)


def _inner_edges(luma: Float, inside: Float) -> tuple[Float, Float, Float]:
    """Gradient across and down, and weight 0..1, of the edges within the subject."""
    sure = (inside > 0.99).astype(np.float32)
    weight = _smooth(sure, _SMOOTH)
    down, across = np.gradient(_smooth(sure * luma, _SMOOTH) / np.maximum(weight, 1e-3))
    size = np.hypot(across, down) * (_smooth(sure, 1.0) > 0.97)
    return across, down, np.where(size > _CHANGE, np.minimum(size / 10, 1), 0).astype(np.float32)


def _lines(
    across: Float, down: Float, weight: Float, angles: npt.NDArray[np.float64], longest: int
) -> npt.NDArray[np.float64]:
    """The lines that lean by each angle, all in the subject's longest sides: [3, angles], the sum of their squared
    lengths, and that of their places and squared places to the right, weighted by them."""
    rows, columns = np.nonzero(weight)
    lean = (np.degrees(np.arctan2(down[rows, columns], across[rows, columns])) + 90) % 180 - 90
    weight = weight[rows, columns]
    result = np.zeros((3, len(angles)))
    for number, angle in enumerate(angles):
        on = np.abs(lean - angle) < _ALONG
        place = columns[on] * math.cos(math.radians(angle)) + rows[on] * math.sin(math.radians(angle))
        lengths = np.bincount(np.rint(place + longest).astype(int), weight[on], minlength=2)
        squares = np.square(np.maximum((lengths[:-1] + lengths[1:]) / longest - _SHORT, 0))
        places = np.arange(len(squares)) / longest - 1
        result[:, number] = squares.sum(), (squares * places).sum(), (squares * places**2).sum()
    return result

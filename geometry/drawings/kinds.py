"""What kind of picture it is: a guess by measured signs, for the user to overrule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...contracts import Float, Kind, Mask, Pixels
from ...errors import PictureError
from ..arrays import Indices
from .close_outline import enclosed_share
from .coverage import border_colour
from .raster_steps import dilate, erode, reduce_pixels
from .wall_mask import ink_of, stroke_width

__all__ = ["Signs", "kind_of", "signs_of"]

_SIDE = 640
_NEAR, _FLAT, _SOFT = 20, 4, 24
_GRAIN = 0.15
_PALETTE = 72
"""Most colours, as `Signs` counts them, of drawn flat areas: a hundred drawn pictures had up to 70, smooth things in
photos and renders have 77 and more."""


@dataclass(frozen=True)
class Signs:
    """What `kind_of` goes by; shares are in 0..1.

    ``chroma``: the difference of a pixel's channels that one pixel in fifty exceeds, in levels. ``flat``: share of
    the foreground whose neighbours differ by at most four levels. ``colours``: how many of 32,768 colours nine
    tenths of the flat foreground have. ``plain``: share of the frame in one colour or transparent. ``tones``: share
    of the picture that is neither paper nor ink, away from edges. ``stroke``: mean width of the ink's strokes, as a
    share of the picture's longer side. ``enclosed``: area within the ink's outline by the ink's own. ``square``:
    how much the edges run along two directions at right angles, 0 for none. ``soft``: share of the changes within
    the foreground that are of at most 24 levels. ``step``: the change that one pixel in a hundred exceeds, in
    levels.
    """

    chroma: float
    flat: float
    colours: int
    plain: float
    tones: float
    stroke: float
    enclosed: float
    square: float
    soft: float
    step: float


def signs_of(pixels: Pixels) -> Signs:
    """Measure a picture, uint8 [H, W, 4] sRGB with straight alpha."""
    factor = max(-(-max(pixels.shape[:2]) // _SIDE), 1)
    small = reduce_pixels(pixels, factor)
    rgb, alpha = small[:, :, :3].astype(np.float32), small[:, :, 3] > 127
    paper = rgb * alpha[:, :, None] + np.float32(255) * ~alpha[:, :, None]
    clear = ~alpha.all()
    front: Mask = alpha if clear else np.abs(rgb - border_colour(small).astype(np.float32)).max(axis=2) > _NEAR
    rim = np.concatenate([front[0], front[-1], front[:, 0], front[:, -1]])
    front = front if front.any() else np.ones_like(front)
    step = np.zeros(front.shape, np.float32)
    across, down = np.abs(np.diff(paper, axis=1)).max(axis=2), np.abs(np.diff(paper, axis=0)).max(axis=2)
    step[:, :-1], step[:-1] = across, np.maximum(step[:-1], down)
    flat: Mask = front & (step <= _FLAT)
    code = (paper[flat].astype(np.int64) // 8) @ np.array([1024, 32, 1])
    reached: Indices = np.cumsum(np.sort(np.bincount(code, minlength=1))[::-1])
    colours = int(np.count_nonzero(reached < 0.9 * reached[-1])) + 1
    chroma: Float = paper.max(axis=2) - paper.min(axis=2)
    within = erode(front, 2)
    changes: Float = step[(within if within.any() else front) & (step > _FLAT)]
    return Signs(
        float(np.percentile(chroma, 98)),
        float(flat.sum() / front.sum()),
        colours,
        1.0 - float(rim.mean()),
        *_line_signs(small),
        float((changes <= _SOFT).mean()) if len(changes) else 0.0,
        float(np.percentile(step, 99)),
    )


def _line_signs(small: Pixels) -> tuple[float, float, float, float]:
    """``tones``, ``stroke``, ``enclosed`` and ``square``."""
    try:
        ink = ink_of(small)
    except PictureError:
        return 1.0, 1.0, 1.0, 0.0
    dark = ink > 0.5
    near_edge = dilate(dark, 2) & ~erode(dark, 2)
    tones = float(((ink > 0.15) & (ink < 0.85) & ~near_edge).mean())
    down, across = np.gradient(ink)
    weight = np.hypot(down, across)
    weight[weight < _GRAIN] = 0
    turn = np.arctan2(down, across) * 4
    square = float(np.abs((weight * np.exp(1j * turn)).sum()) / max(float(weight.sum()), 1e-6))
    return tones, stroke_width(dark) / max(ink.shape), enclosed_share(dark), square


def kind_of(pixels: Pixels) -> tuple[Kind, str]:
    """Guess what kind of picture it is.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha

    Returns
    -------
    kind : Kind
        "relief" only for smooth pure grey that fills the picture, as height maps are; any picture can be made one.
    why : str
        One sentence for the user.
    """
    signs = signs_of(pixels)
    if signs.chroma <= 2 and signs.step <= 10 and signs.tones > 0.3 and int(pixels[:, :, 3].min()) == 255:
        return "relief", "Smooth, pure grey all over, as in a map of heights."
    lines = signs.plain > 0.95 and signs.tones < 0.01 and signs.chroma <= 30
    if lines and signs.enclosed > 2.8 and signs.stroke < 0.02:
        if signs.square > 0.45:
            return "floor_plan", "Thin and thick lines at right angles on plain paper."
        return "sketch", "Thin lines on plain paper around empty areas."
    if signs.plain > 0.97 and signs.flat > 0.65 and signs.colours <= 4:
        return "logo", "Flat shapes in few colours on a plain background."
    sharp = signs.soft < 0.65 or (signs.soft < 0.95 and signs.step > 40 and signs.flat > 0.75)
    if sharp and signs.colours <= _PALETTE:
        return "illustration", "Flat areas of colour with sharp edges between them."
    return "photo", "Soft changes between many colours."

"""Shadows with a hard edge: steps at which all colours lose the same share of light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...contracts import Float, Mask
from ..grid import box_mean
from ..light_colour import LINEAR, LUMA
from .scene import Scene

__all__ = ["hard_shadow"]

_SIZE = 320
"""Longest side at which edges are looked for: what is a step there is hard, and finer pattern is gone."""
_SMALLEST = 8
_OUTLINE = 3
"""Half the width of the strip along the subject's outline that is left out: its two sides show different things."""
_DARKEST = 0.0015
"""Linear light that is added before logarithms are taken: below it there is noise."""
_STEEPEST, _STEEP = 0.05, 0.2
"""Least slope of log luma a pixel at an edge; the same over the edge's whole step, for an edge that is a hard one."""
_AWAY = 2.5
"""Pixels from an edge at which its two sides are looked at."""
_PLAIN = 0.35
"""Share of a step by which the sides may go on to change as far away again."""
_LEAST, _MOST = 0.35, 2.2
"""Steps of log luma between sunlight and a shadow: 70 % to 11 % of the light is left. Paint has any."""
_HUE, _GRAIN = 0.15, 0.03
"""Share of a step, and logarithm, by which the channels' steps may differ."""
_LIKE, _NEIGHBOURS = 0.15, 4
"""An edge goes on where so many of the 24 pixels around have a like step, up to this share of it."""
_WINDOW, _BESIDE, _STEPS = 1.35, 1.4, 12
"""Steps of one light differ by this factor at most, and there are few others within the second factor below and above;
how many such windows are tried."""


@dataclass(frozen=True)
class _Edges:
    """Pixels along edges [N]: their place, the step of log luma across, and whether light alone makes it."""

    row: np.ndarray[tuple[int], np.dtype[np.intp]]
    column: np.ndarray[tuple[int], np.dtype[np.intp]]
    step: Float
    lit: Mask


def hard_shadow(scene: Scene) -> float:
    """How hard a shadow lies on a cut-out subject, or on a whole photo; 0 without one, from about 0.5 on it is seen.

    Measured are edges at which light alone changes: the step of the logarithm of linear light is the same in all
    channels, it is steep, and both sides are even (Finlayson et al., "On the removal of shadows from images", 2006,
    tell shadows from paint by what such a step leaves the same). One light leaves the same share everywhere, so edges
    of like steps are taken together: their length over the root of the area, times the squares of their step and of
    their share among all edges of about such a step. Where a thing has one black and one white paint, or a sharp corner
    with light on one side, that looks the same.
    """
    light, shown = _reduced(scene)
    if min(shown.shape) < _SMALLEST:
        return 0.0
    edges = _edges(light, shown)
    joined = edges.lit & _goes_on(edges, shown.shape)
    best = 0.0
    for low in _LEAST * (_MOST / _LEAST / _WINDOW) ** np.linspace(0, 1, _STEPS):
        within = (edges.step >= low) & (edges.step < low * _WINDOW)
        count = int(np.count_nonzero(within & joined))
        if count:
            about = (edges.step >= low / _BESIDE) & (edges.step < low * _WINDOW * _BESIDE)
            pure = np.count_nonzero(within & edges.lit) / np.count_nonzero(about)
            best = max(best, count * float(np.square(pure * edges.step[within & joined].mean())))
    return best / float(np.sqrt(max(np.count_nonzero(shown), 1)))


def _reduced(scene: Scene) -> tuple[Float, Mask]:
    """Linear light [h, w, 3] of what is looked at, and where it counts [h, w]."""
    left, top, right, bottom = scene.box if scene.found is None else (0, 0, *scene.mask.shape[::-1])
    scale = min(1.0, _SIZE / max(right - left, bottom - top))
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    colours = Image.fromarray(scene.pixels[top:bottom, left:right]).convert("RGB").resize(size, Image.Resampling.BOX)
    mask = Image.fromarray(scene.alpha[top:bottom, left:right]).resize(size, Image.Resampling.BOX)
    opaque = (np.asarray(mask) > 250).astype(np.float32)
    if scene.found is None:
        # Beyond the subject's box there is nothing, as beyond its outline; a photo's frame is no outline.
        opaque = np.pad(opaque, _OUTLINE)
        return LINEAR[np.asarray(colours)], box_mean(opaque, _OUTLINE)[_OUTLINE:-_OUTLINE, _OUTLINE:-_OUTLINE] > 0.999
    around = box_mean((np.asarray(mask) > 5).astype(np.float32), _OUTLINE) < 0.001
    return LINEAR[np.asarray(colours)], (box_mean(opaque, _OUTLINE) > 0.999) | around


def _edges(light: Float, shown: Mask) -> _Edges:
    """The crests of the slope of log luma, and what is on both sides of them."""
    logs = np.log(box_mean(light, 1) + _DARKEST)
    luma = np.log(box_mean(light @ LUMA, 1) + _DARKEST).astype(np.float32)
    down, across = np.gradient(luma)
    slope = np.hypot(down, across)
    row, column = np.nonzero((slope > _STEEPEST) & shown)
    steep = slope[row, column]
    aim = np.stack([down[row, column], across[row, column]], -1) / steep[:, None]
    place = np.stack([row, column], -1).astype(np.float32)
    crest = np.ones(len(row), np.bool_)
    for side in (1, -1):
        crest &= steep >= _sample(slope[..., None], place + side * aim)[:, 0]
        crest &= _sample(shown.astype(np.float32)[..., None], place + side * _AWAY * aim)[:, 0] > 0.99
    row, column, steep, aim, place = row[crest], column[crest], steep[crest], aim[crest], place[crest]
    all_logs = np.concatenate([logs, luma[..., None]], -1)
    bright, dark = (_sample(all_logs, place + side * _AWAY * aim) for side in (1, -1))
    change = bright - dark
    step = change[:, 3]
    far = _sample(luma[..., None], place + 2 * _AWAY * aim) - _sample(luma[..., None], place - 2 * _AWAY * aim)
    # Channels that hardly shine say little.
    weight = np.exp(dark[:, :3])
    weight /= weight.sum(1, keepdims=True)
    mean = (weight * change[:, :3]).sum(1, keepdims=True)
    apart = np.sqrt((weight * np.square(change[:, :3] - mean)).sum(1))
    lit = (step > _LEAST) & (step < _MOST) & (apart < _HUE * step + _GRAIN)
    lit &= (steep > _STEEP * step) & (np.abs(far[:, 0] - step) < _PLAIN * np.abs(step))
    return _Edges(row, column, step, lit)


def _goes_on(edges: _Edges, shape: tuple[int, ...]) -> Mask:
    """Which pixels [N] have enough others of a like step around them."""
    steps = np.full((shape[0] + 4, shape[1] + 4), np.inf, np.float32)
    steps[edges.row[edges.lit] + 2, edges.column[edges.lit] + 2] = edges.step[edges.lit]
    count = np.zeros(len(edges.step), np.int32)
    for y in range(5):
        for x in range(5):
            other = steps[edges.row + y, edges.column + x]
            count += np.abs(other - edges.step) < _LIKE * edges.step
    return count > _NEIGHBOURS


def _sample(values: Float, place: Float) -> Float:
    """Look values [H, W, C] up between pixels, bilinearly: [N, C] at rows and columns [N, 2]."""
    high = np.array(values.shape[:2]) - 1
    place = np.clip(place, 0, high)
    first = np.minimum(place.astype(np.int32), np.maximum(high - 1, 0))
    second = np.minimum(first + 1, high)
    part = (place - first).astype(np.float32)[..., None]
    upper = values[first[:, 0], first[:, 1]] * (1 - part[:, 1]) + values[first[:, 0], second[:, 1]] * part[:, 1]
    lower = values[second[:, 0], first[:, 1]] * (1 - part[:, 1]) + values[second[:, 0], second[:, 1]] * part[:, 1]
    return upper * (1 - part[:, 0]) + lower * part[:, 0]

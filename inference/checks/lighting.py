"""Light on the subject: blown, drowned, cut by hard shadows or without contrast."""

from __future__ import annotations

import math

import numpy as np

from .finding import Finding, Level
from .scene import Scene, luma
from .shadows import hard_shadow

__all__ = ["SHADOW_UNIT", "check_lighting"]

SHADOW_UNIT = "probability"
"""Of a finding's value where it is that of a hard shadow."""

_FULL = 254
"""A channel from here on has lost what was brighter."""
_BLOWN = 0.5
"""Share of the subject with such a channel, where its brightest twentieth is white too: yellow things have them in good
light."""
_PALE, _PALER = 160.0, 178.0
"""Median luma of such subjects that are blown rather than have white parts."""
_LIFTED, _PALE_LIFTED, _NEARLY_FULL = 100.0, 150.0, 248
"""Luma of the darkest twentieth, the median and the brightest twentieth where light has washed out all shadows."""
_ALL_BLOWN = 0.95
"""Share of the subject with a full channel that no colour explains."""
_DIM, _DARK = 115.0, 75.0
"""Luma of the subject's brightest hundredth in too little light: even black things have a highlight."""
_FLAT = 30.0
_WORTH, _SUREST = 4.0, 1.5
"""What `hard_shadow` adds to the logarithm of the odds of one, and the measure from which it adds no more."""
_MAYBE, _CUT = 1.5, 2.5
"""The same logarithm, the shadow network's and `hard_shadow`'s together, from which there may be one, and from which it
is what is seen first."""


def check_lighting(scene: Scene, shadow: float) -> Finding:
    """Whether the subject's colours are within what a picture can hold, from the spread of its luma, and whether the
    light on it is of one piece; ``shadow``: the logarithm of the odds of its being cut by a hard shadow, as
    `shadow.ShadowModel` sees them."""
    colours, values = scene.pixels[scene.mask][:, :3], luma(scene.pixels)[scene.mask]
    low, middle, high, highest = np.percentile(values, [5, 50, 95, 99])
    blown = float((colours.max(axis=1) >= _FULL).mean())
    white = high >= _FULL
    washed_out = high >= _NEARLY_FULL and middle >= _PALE_LIFTED and low >= _LIFTED
    if washed_out or blown >= _ALL_BLOWN or (white and (blown >= _BLOWN or middle >= _PALER)):
        return _finding("poor", blown, "The subject is over-exposed, its colours and edges are lost: use less light")
    if highest < _DARK:
        return _finding(
            "poor", highest / 255, "The subject is far too dark, and so will its texture be: light it better", fix=True
        )
    odds = shadow + _WORTH * min(hard_shadow(scene), _SUREST)
    probability = 1 / (1 + math.exp(-max(odds, -30.0)))
    if odds >= _CUT:
        text = (
            "A shadow with a hard edge lies in the picture and stays in the texture: use softer light, as from the sky"
        )
        return _finding("poor", probability, text, SHADOW_UNIT)
    if white and middle >= _PALE:
        return _finding("fair", blown, "Bright parts of the subject are white: use a little less light")
    if odds >= _MAYBE:
        return _finding(
            "fair", probability, "There may be a hard-edged shadow: softer light gives a truer texture", SHADOW_UNIT
        )
    if highest < _DIM:
        return _finding("fair", highest / 255, "The subject is dark", fix=True)
    if high - low < _FLAT:
        return _finding("fair", (high - low) / 255, "The subject has little contrast: relief will be faint")
    return _finding("good", highest / 255, "The light is even")


def _finding(level: Level, value: float, text: str, unit: str = "share", fix: bool = False) -> Finding:
    advice = "." if level != "good" else ""
    return Finding("Lighting", level, round(float(value), 3), unit, text + advice, "expose" if fix else "")

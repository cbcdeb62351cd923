"""Light on the subject: blown, drowned or without contrast."""

from __future__ import annotations

import numpy as np

from .finding import Finding, Level
from .scene import Scene, luma

__all__ = ["check_lighting"]

_FULL = 254
"""A channel from here on has lost what was brighter."""
_BLOWN = 0.5
"""Share of the subject with such a channel, where its brightest twentieth is white too: yellow things have them in good
light."""
_PALE, _PALER = 160.0, 178.0
"""Median luma of such subjects that are blown rather than have white parts."""
_LIFTED, _PALE_LIFTED, _NEARLY_FULL = 100.0, 150.0, 252
"""Luma of the darkest twentieth, the median and the brightest twentieth where light has washed out all shadows."""
_DIM, _DARK = 115.0, 75.0
"""Luma of the subject's brightest hundredth in too little light: even black things have a highlight."""
_FLAT = 30.0


def check_lighting(scene: Scene) -> Finding:
    """Whether the subject's colours are within what a picture can hold, from the spread of its luma."""
    colours, values = scene.pixels[scene.mask][:, :3], luma(scene.pixels)[scene.mask]
    low, middle, high, highest = np.percentile(values, [5, 50, 95, 99])
    blown = float((colours.max(axis=1) >= _FULL).mean())
    white = high >= _FULL
    washed_out = high >= _NEARLY_FULL and middle >= _PALE_LIFTED and low >= _LIFTED
    if washed_out or (white and (blown >= _BLOWN or middle >= _PALER)):
        return _finding("poor", blown, "The subject is over-exposed: its bright parts have lost their colours")
    if highest < _DARK:
        return _finding("poor", highest / 255, "The subject is far too dark: light it better", fix=True)
    if white and middle >= _PALE:
        return _finding("fair", blown, "Bright parts of the subject are white: use a little less light")
    if highest < _DIM:
        return _finding("fair", highest / 255, "The subject is dark", fix=True)
    if high - low < _FLAT:
        return _finding("fair", (high - low) / 255, "The subject has little contrast: relief will be faint")
    return _finding("good", highest / 255, "The light is even")


def _finding(level: Level, value: float, text: str, fix: bool = False) -> Finding:
    advice = "." if level != "good" else ""
    return Finding("Lighting", level, round(float(value), 3), "share", text + advice, "expose" if fix else "")

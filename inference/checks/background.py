"""What lies around the subject."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ...contracts import Float
from ..cutout import OPAQUE
from ..grid import box_mean
from .finding import Finding, level_of
from .scene import Scene

__all__ = ["check_background"]

_SIZE = 64
"""Longest side at which edges are looked for: the grain of a floor is gone there, things are not."""
_FRAME = 8
"""Width of the picture's outermost part at that size, which is taken for background whatever the matte says."""
_EDGE = 30.0
"""Difference of neighbours' colours, of 255, at an edge."""
_FAIR, _POOR = 0.18, 0.3


def check_background(scene: Scene) -> Finding:
    """The share of the background that is edges between things."""
    if scene.found is None:
        return Finding("Background", "good", 0.0, "share", "The background is transparent")
    share = _edges(scene)
    level = level_of(share, _FAIR, _POOR)
    text = {
        "good": "The background is plain",
        "fair": "The background is a little busy: look at the cut-out, or use a plain one.",
        "poor": "The background is busy, so the cut-out may be wrong: use a plain one, or a picture with transparency.",
    }[level]
    return Finding("Background", level, round(share, 3), "share", text)


def _edges(scene: Scene) -> float:
    image = Image.fromarray(scene.pixels).convert("RGB")
    scale = min(1.0, _SIZE / max(image.size))
    size = (max(3, round(image.width * scale)), max(3, round(image.height * scale)))
    colours = np.asarray(image.resize(size, Image.Resampling.BOX)).astype(np.float32)
    subject = np.asarray(Image.fromarray(scene.alpha).resize(size, Image.Resampling.BOX)) >= OPAQUE
    around = box_mean(subject.astype(np.float32), 2) == 0
    around[:_FRAME] = around[-_FRAME:] = around[:, :_FRAME] = around[:, -_FRAME:] = True
    return float((_steepness(colours) > _EDGE)[around].mean())


def _steepness(colours: Float) -> Float:
    down, across = np.gradient(colours, axis=(0, 1))
    return np.sqrt((np.square(down) + np.square(across)).sum(-1)).astype(np.float32)

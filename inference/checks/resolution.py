"""How many pixels show the subject."""

from __future__ import annotations

from .finding import Finding, level_of
from .scene import Scene

__all__ = ["check_resolution"]

_FAIR, _POOR = 1000, 200


def check_resolution(scene: Scene) -> Finding:
    """The subject's longest side in pixels: what of the picture counts."""
    level = level_of(scene.longest, _FAIR, _POOR)
    text = f"The subject is {scene.longest:,} pixels long"
    if level != "good":
        text += "; 1,024 give the sharpest texture. Use a larger picture, or go nearer."
    return Finding("Resolution", level, float(scene.longest), "px", text, "" if level == "good" else "upscale")

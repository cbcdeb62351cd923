"""Whether the subject stands upright in the picture."""

from __future__ import annotations

from ..tilt import FAIR, tilt_of
from .finding import Finding
from .scene import Scene

__all__ = ["check_tilt"]


def check_tilt(scene: Scene) -> Finding:
    """How far the subject leans to one side, where its symmetry or its long edges show it; never worse than *fair*."""
    tilt = tilt_of(scene.pixels, scene.mask)
    degrees = round(tilt.degrees, 1)
    if not tilt.sure or abs(degrees) < FAIR:
        return Finding("Upright", "good", degrees if tilt.sure else 0.0, "degrees", "Nothing says that it leans")
    side = "right" if degrees > 0 else "left"
    text = f"The subject leans {abs(degrees):.0f} degrees to the {side}: straighten it, or the mesh stands tilted."
    return Finding("Upright", "fair", degrees, "degrees", text, "straighten")

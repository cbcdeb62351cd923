"""From where the picture was taken."""

from __future__ import annotations

import math

import numpy as np

from ...contracts import Surface
from .finding import Finding

__all__ = ["check_viewpoint"]

_HEAD_ON, _STEEP = 0.3, 50.0
"""Mean sideways tilt of the visible surface in a head-on view; degrees from above that hide how high things are."""


def check_viewpoint(surface: Surface) -> Finding:
    """The camera's elevation, and how much of the subject's sides it sees, as the depth network estimates them."""
    degrees = math.degrees(surface.camera.elevation)
    sideways = float(np.abs(surface.normals[surface.mask][:, 0]).mean()) if surface.mask.any() else 0.0
    if degrees > _STEEP:
        text = f"Seen from far above ({degrees:.0f} degrees): its height is guessed. 10 to 30 degrees are best."
        return Finding("Viewpoint", "fair", round(degrees, 1), "degrees", text)
    if sideways < _HEAD_ON:
        text = "Seen head-on: its depth is guessed. A view from the front corner shows more."
        return Finding("Viewpoint", "fair", round(degrees, 1), "degrees", text)
    text = f"Seen at an angle, from {abs(degrees):.0f} degrees {'above' if degrees >= 0 else 'below'}"
    return Finding("Viewpoint", "good", round(degrees, 1), "degrees", text)

"""The light model without its network: the fitted light alone, to compare with."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Subject, Surface
from ..inference.depth import shrink_subject
from ..inference.light import USUAL_METALLIC, USUAL_ROUGHNESS, Light, level_light
from ..inference.light_colour import to_linear
from ..inference.light_fit import fit_light

__all__ = ["FittedLight"]


class FittedLight:
    """Stands in for `inference.light.LightModel`; its light is white."""

    def estimate(self, subject: Subject, surface: Surface) -> Light:
        """The fitted light of a subject; nothing of its material."""
        rgb, mask = shrink_subject(subject, len(surface.mask))
        mask &= surface.mask
        logarithm: Float = np.zeros((*mask.shape, 3), np.float32)
        fitted = fit_light(to_linear(rgb[mask]), surface.normals[mask])
        logarithm[mask] = fitted.mean(1, keepdims=True)
        return Light(level_light(logarithm, rgb, mask), USUAL_ROUGHNESS, USUAL_METALLIC, "")

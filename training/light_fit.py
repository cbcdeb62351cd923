"""Light fitted to a picture without training: spherical harmonics of the second order over the normals (Ramamoorthi and
Hanrahan 2001), in the logarithm of the luminance, robustly, so that paint weighs little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Subject, Surface
from ..inference.depth import shrink_subject
from ..inference.light import USUAL_METALLIC, USUAL_ROUGHNESS, Light, level_light
from ..inference.light_colour import LUMA, to_linear

__all__ = ["FittedLight", "fit_light"]

ROUNDS, HUBER, DAMPING = 12, 0.1, 0.02
Array = npt.NDArray[np.float64]


def fit_light(colours: Array, normals: Array, occlusion: Array | None = None) -> Array:
    """Light [P], up to a factor, on points of linear ``colours`` [P, 3] with unit ``normals`` [P, 3].

    ``occlusion`` [P]: logarithm of the open share of the sky; what follows it counts as light too. Least squares
    reweighted after Huber 1964.
    """
    x, y, z = normals.T
    columns = [x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1]
    basis = np.stack([np.ones_like(x), *columns, *([] if occlusion is None else [occlusion])], 1)
    target = np.log(np.maximum(colours @ LUMA, 1e-3))
    weight, found = np.ones(len(target)), np.zeros(basis.shape[1])
    damping = np.eye(basis.shape[1]) * DAMPING * len(target)
    damping[0, 0] = 1e-9
    for _ in range(ROUNDS):
        weighted = basis * weight[:, None]
        found = np.linalg.solve(weighted.T @ basis + damping, weighted.T @ target)
        weight = HUBER / np.maximum(np.abs(target - basis @ found), HUBER)
    return np.exp(basis[:, 1:] @ found[1:])


class FittedLight:
    """Stands in for `inference.light.LightModel`, to compare with."""

    def estimate(self, subject: Subject, surface: Surface) -> Light:
        """The fitted light of a subject; nothing of its material."""
        rgb, mask = shrink_subject(subject, len(surface.mask))
        mask &= surface.mask
        linear = to_linear(rgb[mask]).astype(np.float64)
        logarithm: Float = np.zeros((*mask.shape, 3), np.float32)
        logarithm[mask] = np.log(fit_light(linear, surface.normals[mask].astype(np.float64)))[:, None]
        return Light(level_light(logarithm, rgb, mask), USUAL_ROUGHNESS, USUAL_METALLIC, "")

"""Light fitted to a picture: spherical harmonics of the second order over the normals (Ramamoorthi and Hanrahan 2001),
in the logarithm of the colours, robustly, so that paint weighs little."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .light_colour import LUMA

__all__ = ["fit_light"]

ROUNDS, HUBER, DAMPING = 8, 0.1, 0.02
DARKEST = 1e-3
"""Linear luminance below which a pixel is noise."""

Array = npt.NDArray[np.float64]


def fit_light(colours: npt.NDArray[Any], normals: npt.NDArray[Any], occlusion: Array | None = None) -> Array:
    """The light that explains a picture best if paint does not depend on where a surface faces.

    Least squares, reweighted after Huber 1964 by what the luminance leaves unexplained.

    Parameters
    ----------
    colours : NDArray
        [P, 3], linear.
    normals : NDArray
        [P, 3], unit.
    occlusion : Array or None
        float64 [P], logarithm of the open share of the sky; what follows it counts as light too.

    Returns
    -------
    Array
        float64 [P, 3], natural logarithm of the light, its mean over the points 0 in each channel.
    """
    x, y, z = np.asarray(normals, np.float64).T
    columns = [np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1]
    basis = np.stack([*columns, *([] if occlusion is None else [occlusion])], 1)
    basis[:, 1:] -= basis[:, 1:].mean(0)
    luminance = np.log(np.maximum(colours @ LUMA, DARKEST)).astype(np.float64)
    channels = np.log(np.maximum(colours, DARKEST)).astype(np.float64)
    targets = np.concatenate([luminance[:, None], channels], 1)
    weight = np.ones(len(targets))
    damping = np.eye(basis.shape[1]) * DAMPING * len(targets)
    damping[0, 0] = 1e-9
    found = np.zeros((basis.shape[1], 4))
    for _ in range(ROUNDS):
        weighted = basis * weight[:, None]
        found = np.linalg.solve(weighted.T @ basis + damping, weighted.T @ targets)
        weight = HUBER / np.maximum(np.abs(luminance - basis @ found[:, 0]), HUBER)
    return basis[:, 1:] @ found[1:, 1:]

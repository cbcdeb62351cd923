"""The camera behind a point map: its focal length, and how far the points stand before it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Mask

__all__ = ["recover_camera"]

MOST_POINTS = 4096
COARSE, FINE = 64, 40  # steps of the search: over the whole range, then between the best one's neighbours
GOLDEN = (5**0.5 - 1) / 2

Array = npt.NDArray[np.float64]


def recover_camera(points: Float, mask: Mask) -> tuple[float, float]:
    """Focal length and shift of a point map that is right up to a shift along the axis.

    Finds the shift s, and with it the focal length f in closed form, that bring ``f * xy / (z + s)`` nearest to the
    pixels' places in the mean square (Wang et al., "MoGe", CVPR 2025), by a search over all shifts that leave the
    points before the camera.

    Parameters
    ----------
    points : Float
        float32 [N, N, 3], OpenCV axes (X right, Y down, Z away from the camera), any unit.
    mask : Mask
        bool [N, N], at least one pixel; which points count.

    Returns
    -------
    focal : float
        In halves of the picture's side: one over the tangent of half the field of view.
    shift : float
        To be added to z.
    """
    size = len(points)
    line = (np.arange(size) + 0.5) / size * 2 - 1
    places = np.stack(np.meshgrid(line, line), -1)[mask]
    kept = points[mask].astype(np.float64)
    step = -(-len(kept) // MOST_POINTS)
    places, kept = places[::step], kept[::step]
    xy, z = kept[:, :2], kept[:, 2]
    extent = max(float(np.ptp(xy, axis=0).max()), float(np.ptp(z)), 1e-9)
    # How far before the nearest point the camera stands, in its logarithm: near ones need finer steps.
    low, high = float(np.log(1e-2 * extent)), float(np.log(1e2 * extent))

    def solve(gap: float) -> tuple[float, float]:
        plane = xy / (z - z.min() + np.exp(gap))[:, None]
        focal = float((plane * places).sum() / max(float((plane**2).sum()), 1e-12))
        return focal, float(((focal * plane - places) ** 2).mean())

    gaps = [low + (high - low) * k / (COARSE - 1) for k in range(COARSE)]
    best = int(np.argmin([solve(g)[1] for g in gaps]))
    left, right = gaps[max(best - 1, 0)], gaps[min(best + 1, COARSE - 1)]
    for _ in range(FINE):
        a, b = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
        if solve(a)[1] < solve(b)[1]:
            right = b
        else:
            left = a
    gap = (left + right) / 2
    return solve(gap)[0], float(np.exp(gap) - z.min())

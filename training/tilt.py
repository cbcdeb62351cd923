"""What tilts a result: the camera's elevation being off, and the visible surface being tilted against the true one.

Both turn the mesh about the same axis, level and across the view, so their sum is what the result lacks to be upright.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..contracts import Camera, Float
from ..geometry.axes import unproject
from ..inference.decode import decode_picture
from ..inference.depth import DepthModel
from ..inference.prepare import prepare_subject
from .defects import fit_similarity
from .true_depth import true_surface

__all__ = ["UPRIGHT", "measure_tilt", "tilt_text"]

UPRIGHT = 10.0  # degrees within which a result counts as upright


def _points(depth: Float, camera: Camera) -> Float:
    line = (np.arange(len(depth), dtype=np.float32) + 0.5) / len(depth) * 2 - 1
    return unproject(*np.meshgrid(line, -line), depth, camera)


def measure_tilt(model: DepthModel, evaluation: Path, name: str) -> tuple[float, float]:
    """Degrees by which the estimate for ``val/images/NAME.png`` is off: of the elevation, and of the surface's tilt.

    The surface's tilt is that of the similarity that fits the estimated points to the true ones, pixel by pixel.
    """
    picture = decode_picture(evaluation / "val" / "images" / f"{name}.png")
    found = model.estimate(prepare_subject(picture))
    true = true_surface(evaluation, name, len(found.depth))
    both = found.mask & true.mask
    source = _points(found.depth, found.camera)[both].astype(np.float64)
    target = _points(true.depth, true.camera)[both].astype(np.float64)
    _, turn, _ = fit_similarity(source, target)
    elevation = found.camera.elevation - true.camera.elevation
    return math.degrees(elevation), math.degrees(math.atan2(turn[2, 1], turn[1, 1]))


def tilt_text(tilts: list[tuple[float, float]]) -> str:
    """What the page says of all objects' tilts."""
    elevation, surface = np.array(tilts).T

    def share(angle: np.ndarray) -> str:
        return f"{(np.abs(angle) <= UPRIGHT).mean():.0%}"

    return (
        f"What tilts results: the estimated elevation is off by {np.abs(elevation).mean():.1f} degrees on average, and "
        f"the estimated surface is tilted against the true one by {np.abs(surface).mean():.1f}. Together they leave "
        f"{share(elevation + surface)} of the surfaces within {UPRIGHT:.0f} degrees of upright; with the true "
        f"elevation it would be {share(surface)}, without the tilt of the surface {share(elevation)}.\n"
    )

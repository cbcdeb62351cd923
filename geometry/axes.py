"""The one place that knows the frames of `contracts` and converts between them."""

from __future__ import annotations

import numpy as np

from ..contracts import Camera, Float

__all__ = ["place", "project", "unproject", "view_to_object"]


def unproject(u: Float, v: Float, y: Float, camera: Camera) -> Float:
    """View-frame points [..., 3] of crop positions ``u`` (right) and ``v`` (up), both in -1..1, at depth ``y``."""
    scale = 1 + y / camera.distance
    return np.stack([u * scale, y, v * scale], -1).astype(np.float32)


def project(points: Float, camera: Camera) -> tuple[Float, Float, Float]:
    """Crop positions ``u``, ``v`` and depth ``y`` of view-frame ``points`` [..., 3]; the inverse of `unproject`."""
    scale = 1 + points[..., 1] / camera.distance
    return points[..., 0] / scale, points[..., 2] / scale, points[..., 1]


def view_to_object(vectors: Float, elevation: float) -> Float:
    """Turn view-frame points or normals [..., 3] upright: undo the camera's ``elevation`` (radians)."""
    c, s = np.float32(np.cos(elevation)), np.float32(np.sin(elevation))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([x, c * y + s * z, c * z - s * y], -1).astype(np.float32)


def place(points: Float, height: float) -> Float:
    """Centre upright ``points`` [N, 3] on the origin, standing on Z = 0, scaled to ``height`` metres.

    A thing far wider than tall keeps to ``height`` with its longest side instead when it lies flat (its height under a
    tenth of its longest side), since scaling a coin up by its thickness helps nobody.
    """
    low, high = points.min(0), points.max(0)
    size = high - low
    reference = size[2] if size[2] >= 0.1 * size.max() else size.max()
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return ((points - base) * (height / max(float(reference), 1e-9))).astype(np.float32)

"""The embedded depth model: a cut-out crop to its visible surface."""

from __future__ import annotations

import numpy as np

from ..contracts import Camera, Float, Mask, Subject, Surface
from .session import Session

__all__ = ["DepthModel", "shrink_subject", "subject_array"]

# What the network has been trained on, and a little more (radians; tangent of half the crop's field of view).
ELEVATION_LIMITS, TANGENT_LIMITS = (-0.35, 1.1), (0.06, 0.7)


def shrink_subject(subject: Subject, size: int) -> tuple[Float, Mask]:
    """Crop averaged down to ``size``: RGB float32 [size, size, 3] in 0..1, colours weighted by alpha, and the mask."""
    crop = subject.rgba.astype(np.float32) / 255
    step = crop.shape[0] // size
    blocks = crop[: size * step, : size * step].reshape(size, step, size, step, 4)
    alpha = blocks[..., 3:]
    weight = alpha.sum((1, 3))
    rgb = (blocks[..., :3] * alpha).sum((1, 3)) / np.maximum(weight, 1e-6)
    mask = weight[..., 0] >= 0.5 * step * step
    if not mask.any():  # a subject of hairlines: take what there is
        mask = weight[..., 0] > 0
    return rgb * mask[..., None], mask


def subject_array(rgb: Float, mask: Mask) -> Float:
    """What a network takes that looks at a shrunk subject: RGB in -1..1 times the mask, and the mask, float32 [1, 4,
    size, size]."""
    array = np.concatenate([(rgb * 2 - 1) * mask[..., None], mask[..., None]], -1, dtype=np.float32)
    return array.transpose(2, 0, 1)[None]


class DepthModel:
    """Wraps a network of task ``depth`` with outputs ``depth``, ``normals``, ``confidence`` and ``camera``."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _run(self, rgb: Float, mask: Mask) -> tuple[Float, Float, Float, Float]:
        out = self.session.run(subject_array(rgb, mask))
        return out["depth"][0, 0], out["normals"][0].transpose(1, 2, 0), out["confidence"][0, 0], out["camera"][0]

    def estimate(self, subject: Subject, both_ways: bool = True) -> Surface:
        """The visible surface at the network's own resolution; with ``both_ways`` the mean of the picture and its
        mirror image."""
        rgb, mask = shrink_subject(subject, self.session.card.input_size)
        depth, normals, confidence, camera = self._run(rgb, mask)
        if both_ways:
            depth2, normals2, confidence2, camera2 = self._run(rgb[:, ::-1], mask[:, ::-1])
            depth = (depth + depth2[:, ::-1]) / 2
            normals = normals + normals2[:, ::-1] * np.array([-1, 1, 1], np.float32)
            confidence = (confidence + confidence2[:, ::-1]) / 2
            camera = (camera + camera2) / 2
        depth = np.where(mask, depth - depth[mask].mean(), 0).astype(np.float32)
        normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
        elevation = float(np.clip(camera[0], *ELEVATION_LIMITS))
        tangent = float(np.clip(camera[1], *TANGENT_LIMITS))
        confidence = (confidence * mask).astype(np.float32)
        return Surface(depth, normals.astype(np.float32), mask, confidence, Camera(elevation, 1 / tangent))

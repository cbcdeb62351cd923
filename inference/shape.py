"""The embedded shape model: the visible surface to the complete solid in the camera's frustum."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Surface, Volume
from .session import Session

__all__ = ["DEPTH", "FRONT_PERCENTILE", "MARGIN", "ShapeModel"]

# The network's frame, which its training takes from here: depth counts from the front-most visible point (robustly), in
# half crop sides at that point's plane. Its bins share DEPTH, starting MARGIN before that point.
MARGIN, DEPTH = 0.06, 2.736
FRONT_PERCENTILE = 1.0

# Channels of the network's input; mirrored left and right, the first component of the normals changes its sign.
MIRROR = np.array([1, 1, 1, 1, -1, 1, 1, 1], np.float32)[:, None, None]


class ShapeModel:
    """Wraps a network of task ``shape`` with the output ``solid``, a logit per depth bin and ray."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def complete(self, surface: Surface, both_ways: bool = True) -> Volume:
        """The complete shape; with ``both_ways`` the mean of the surface and its mirror image."""
        camera, mask = surface.camera, surface.mask
        tangent = 1 / camera.distance
        front = float(np.percentile(surface.depth[mask], FRONT_PERCENTILE))
        # Depth in the view frame counts from the mean plane; a plane nearer to the camera shows the same crop at a
        # smaller scale.
        scale = 1 + front * tangent
        behind = (surface.depth - front) / scale
        every = np.ones_like(behind)
        planes = [behind, every, every * tangent, every * camera.elevation]
        planes += [*np.moveaxis(surface.normals, -1, 0), surface.confidence]
        array = (np.stack(planes) * mask).astype(np.float32)
        field: Float = self.session.run(array[None])["solid"][0]
        if both_ways:
            mirrored = self.session.run((array * MIRROR)[None, ..., ::-1])["solid"][0]
            field = (field + mirrored[..., ::-1]) / 2
        return Volume(np.ascontiguousarray(field), front - MARGIN * scale, DEPTH / len(field) * scale, camera)

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


class ShapeModel:
    """Wraps a network of task ``shape`` with the output ``solid``, a logit per depth bin and ray."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def complete(self, surface: Surface, both_ways: bool = True) -> Volume:
        """The complete shape; with ``both_ways`` the mean of the surface and its mirror image."""
        tangent = 1 / surface.camera.distance
        front = float(np.percentile(surface.depth[surface.mask], FRONT_PERCENTILE))
        # Depth in the view frame counts from the mean plane; a plane nearer to the camera shows the same crop at a
        # smaller scale.
        scale = 1 + front * tangent
        depth = np.where(surface.mask, (surface.depth - front) / scale, 0)
        array = np.stack([depth, surface.mask, surface.mask * tangent]).astype(np.float32)[None]
        field: Float = self.session.run(array)["solid"][0]
        if both_ways:
            field = (field + self.session.run(array[..., ::-1])["solid"][0][..., ::-1]) / 2
        return Volume(np.ascontiguousarray(field), front - MARGIN * scale, DEPTH / len(field) * scale, surface.camera)

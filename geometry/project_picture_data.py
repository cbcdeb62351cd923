"""What a projection works on: a mesh as it stands in the world, and the camera that looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..contracts import Float, Int
from ..errors import MeshError
from .arrays import Points, dot
from .triangles import unit

__all__ = ["PlacedMesh", "Projector"]

_TINY = 1e-12


@dataclass(frozen=True)
class PlacedMesh:
    """A mesh in the world's frame.

    ``points`` float64 [V, 3]; ``triangles`` int32 [T, 3], counter-clockwise seen from outside; ``normals`` float32
    [T, 3, 3], unit, of each corner as it is shaded.
    """

    points: Points
    triangles: Int
    normals: Float


@dataclass(frozen=True)
class Projector:
    """A pinhole or orthographic camera and the picture it takes.

    ``matrix`` float64 [4, 4] takes points of the world to clip coordinates: what is in the picture has -w <= x, y, z
    <= w, with x to the right, y up and z away from the camera (OpenGL's convention, and Blender's). ``width`` and
    ``height`` of the picture in pixels; pixel positions are continuous, x to the right, y down from the upper edge.

    Raises
    ------
    MeshError
        The matrix cannot be that of a camera.
    """

    matrix: Points
    width: int
    height: int

    def __post_init__(self) -> None:
        linear: Points = self.matrix[[0, 1, 3 if self._perspective else 2], :3]
        lengths: Points = np.linalg.norm(linear, axis=1)
        scale = float(lengths.prod()) if np.isfinite(self.matrix).all() else 0.0
        if not scale or abs(np.linalg.det(linear)) < _TINY * scale:
            raise MeshError("This camera shows nothing: check its lens, its scale and its clipping distances.")

    def resized(self, longest: int) -> Projector:
        """The same camera with a picture of ``longest`` pixels along its longer side."""
        scale = longest / max(self.width, self.height)
        return Projector(self.matrix, max(1, round(self.width * scale)), max(1, round(self.height * scale)))

    def clip(self, points: Points) -> Points:
        """Clip coordinates [..., 4] of points [..., 3]."""
        return points @ self.matrix[:, :3].T + self.matrix[:, 3]

    def pixels(self, clip: Points) -> Points:
        """Pixel positions [..., 2] of clip coordinates [..., 4] in front of the camera."""
        depth = clip[..., 3]
        x = (clip[..., 0] / depth + 1) * (self.width / 2)
        y = (1 - clip[..., 1] / depth) * (self.height / 2)
        return np.stack([x, y], -1)

    def towards(self, points: Points) -> Points:
        """Unit vectors [N, 3] from points [N, 3] to the camera."""
        if self._perspective:
            return unit(self._eye - points)
        return np.broadcast_to(self._eye, points.shape)

    def distance(self, points: Points) -> Points:
        """How far points [N, 3] lie from the camera, [N]; of an orthographic one only differences mean something."""
        if self._perspective:
            return np.linalg.norm(points - self._eye, axis=-1)
        return -dot(points, np.broadcast_to(self._eye, points.shape))

    @property
    def pixels_per_unit(self) -> float:
        """Pixels along a unit of length, at distance 1 in front of a perspective camera, anywhere for another."""
        return float(np.linalg.norm(self.matrix[0, :3])) * self.width / 2

    @property
    def _perspective(self) -> bool:
        return bool(np.abs(self.matrix[3, :3]).max() > _TINY)

    @cached_property
    def _eye(self) -> Points:
        """Where the camera stands; of an orthographic one the unit vector towards it."""
        x, y, z, w = self.matrix
        if self._perspective:
            rows = np.stack([x, y, w])
            return np.linalg.solve(rows[:, :3], -rows[:, 3])
        way = unit(np.cross(x[:3], y[:3]))
        return way if float(way @ z[:3]) < 0 else -way

"""Light for the preview: a key with soft shadow, fill, rim, ambient occlusion, and a floor that catches a shadow.

All colours here are linear. Directions and points are in the frame of the mesh, Z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int
from .arrays import Points, dot
from .filters import box_mean, sample
from .raster import barycentric, face_map
from .triangles import unit

__all__ = ["Lights", "Sun", "contact_shadow", "floor_light", "occlusion", "shade"]

_SUN_SIZE = 768
_FLOOR_SIZE = 192
# Half the side of the floor's shadow map, in radii of the mesh.
_FLOOR_REACH = 2.0
_KEY, _FILL, _RIM, _GLOSS = 0.66, 0.16, 0.12, 0.04
_SKY = np.array([0.50, 0.51, 0.53])
_GROUND = np.array([0.28, 0.27, 0.26])
# Reaches of ambient occlusion, in sides of the picture, and how dark it gets.
_HOLLOWS = (0.012, 0.035)
_HOLLOW_SHADE = 0.6
# The key lamp's disc, as offsets in pixels of the shadow map along a sunflower spiral: the softness of its shadow.
_TURN = np.arange(16) * np.pi * (3 - np.sqrt(5))
_LAMP = (7 * np.sqrt((np.arange(16) + 0.5) / 16) * np.stack([np.cos(_TURN), np.sin(_TURN)])).T.tolist()


@dataclass(frozen=True)
class Sun:
    """A shadow map of the key light.

    ``frame`` float64 [3, 3]: rows right, up, towards the light. ``height`` float32 [n, n]: how far towards the light
    the nearest surface lies, -inf where nothing is; a point p is at column and row ``(frame[:2] @ p - low) * scale``.
    """

    frame: Points
    height: Float
    low: Points
    scale: float

    @classmethod
    def over(cls, points: Points, triangles: Int, towards: Points) -> Sun:
        """Look at a mesh from the light."""
        right = unit(np.cross([0.0, 0.0, 1.0], towards))
        frame = np.stack([right, np.cross(towards, right), towards])
        local = points @ frame.T
        low = local[:, :2].min(0) - 1e-6
        scale = (_SUN_SIZE - 4) / max(float(np.ptp(local[:, :2], axis=0).max()), 1e-12)
        low -= 2 / scale
        height = _height_map((local[:, :2] - low) * scale, local[:, 2], triangles, _SUN_SIZE)
        return cls(frame, height, low, scale)

    def reaches(self, points: Points, slack: float) -> Float:
        """How much of the light arrives at points [N, 3] on the mesh: float32 [N] in 0..1."""
        local = points @ self.frame.T
        place = (local[:, :2] - self.low) * self.scale
        lit = np.zeros(len(points), np.float32)
        for across, down in _LAMP:
            column = np.clip(place[:, 0] + across, 0, _SUN_SIZE - 1).astype(np.int32)
            row = np.clip(place[:, 1] + down, 0, _SUN_SIZE - 1).astype(np.int32)
            lit += self.height[row, column] <= local[:, 2] + slack
        return lit / len(_LAMP)


@dataclass(frozen=True)
class Lights:
    """Unit directions towards the key and fill lights, which turn with the camera."""

    key: Points
    fill: Points

    @classmethod
    def around(cls, right: Points, towards: Points) -> Lights:
        """Key from the upper left of the camera, fill from its right; ``towards`` points to the camera."""
        up = np.array([0.0, 0.0, 1.0])
        return cls(unit(-0.62 * right + 0.85 * up + 0.75 * towards), unit(0.9 * right + 0.15 * up + 0.5 * towards))


def shade(albedo: Points, normals: Points, to_camera: Points, lights: Lights, sun: Float, open_sky: Float) -> Points:
    """Light leaving surface points: float64 [N, 3].

    ``albedo``, unit ``normals`` and ``to_camera`` [N, 3]; ``sun`` and ``open_sky`` [N]: how much of the key light and
    of the ambient light arrives.
    """
    up = 0.5 + 0.5 * normals[:, 2:]
    ambient = (_GROUND + (_SKY - _GROUND) * up) * open_sky[:, None]
    key = np.clip(dot(normals, lights.key), 0, None) * sun
    # Wrapped around, as from a large soft lamp.
    fill = np.clip((dot(normals, lights.fill) + 0.3) / 1.3, 0, None) * open_sky
    facing = np.clip(dot(normals, to_camera), 0, 1)
    rim = _RIM * (1 - facing) ** 4 * up[:, 0] * open_sky
    half = unit(to_camera + lights.key)
    gloss = _GLOSS * np.clip(dot(normals, half), 0, None) ** 24 * sun
    light = ambient + (_KEY * key + _FILL * fill)[:, None]
    return albedo * light + (rim + gloss)[:, None]


def occlusion(distance: Float, radius: float) -> Float:
    """How open each pixel lies, from the depths around it alone.

    Between each two pixels on opposite sides runs a line; a point behind that line lies in a hollow. Flat and bulging
    surfaces thus stay open. ``distance`` float32 [h, w] from the camera, inf where nothing is; ``radius`` the size of
    the mesh in the same unit. Returns float32 [h, w] in 0..1, 1 open.
    """
    closed = np.zeros_like(distance)
    for reach in _HOLLOWS:
        step = max(round(reach * len(distance)), 1)
        # Closeness, not distance, is affine over a flat surface.
        padded = np.pad(1 / distance, step)
        for down, across in ((0, 1), (1, 0), (0.7, 0.7), (0.7, -0.7)):
            one = _shifted(padded, round(down * step), round(across * step), step)
            other = _shifted(padded, -round(down * step), -round(across * step), step)
            both = (one > 0) & (other > 0)
            behind = distance - 2 / np.where(both, one + other, 1)
            closed += np.where(both & np.isfinite(distance), np.clip(behind / (radius * reach), 0, 1), 0)
    return 1 - _HOLLOW_SHADE * np.minimum(closed / (2 * len(_HOLLOWS)), 1)


def _shifted(padded: Float, down: int, across: int, margin: int) -> Float:
    height, width = padded.shape
    return padded[margin + down : height - margin + down, margin + across : width - margin + across]


def contact_shadow(points: Points, triangles: Int, middle: Points, radius: float) -> Float:
    """Light on the floor under a mesh: float32 [n, n] in 0..1 over a square around ``middle``, see `floor_light`."""
    scale = _FLOOR_SIZE / (2 * _FLOOR_REACH * radius)
    place = (points[:, :2] - middle[:2]) * scale + _FLOOR_SIZE / 2
    ground = points[:, 2].min()
    above = -_height_map(place, -(points[:, 2] - ground), triangles, _FLOOR_SIZE)
    light = np.ones((_FLOOR_SIZE, _FLOOR_SIZE), np.float32)
    for height, reach, strength in ((0.04, 2, 0.50), (0.2, 5, 0.38), (0.9, 12, 0.36)):
        shadow = np.exp(-above / (height * radius)).astype(np.float32)
        # Three box windows in a row are close to a Gaussian.
        for _ in range(3):
            shadow = box_mean(shadow, reach)
        light *= 1 - strength * shadow
    return light


def floor_light(shadow: Float, points: Points, middle: Points, radius: float) -> Float:
    """Look `contact_shadow` up at points [N, 3] of the floor: float32 [N]."""
    scale = _FLOOR_SIZE / (2 * _FLOOR_REACH * radius)
    place = (points[:, :2] - middle[:2]) * scale + _FLOOR_SIZE / 2
    return sample(shadow, place[:, 0].astype(np.float32), place[:, 1].astype(np.float32))


def _height_map(place: Points, height: Points, triangles: Int, size: int) -> Float:
    """Largest height over each pixel of a parallel projection: float32 [size, size], -inf where nothing is."""
    corners = place[triangles]
    index = face_map(corners, (size, size), -height[triangles])
    rows, columns = np.nonzero(index >= 0)
    triangle = index[rows, columns]
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    result = np.full((size, size), -np.inf, np.float32)
    result[rows, columns] = (weights * height[triangles[triangle]]).sum(1)
    return result

"""What a camera sees of a mesh, pixel by pixel: the triangle, the point on it, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Indices, Points, dot
from .filters import box_extreme, box_mean
from .project_picture_data import PlacedMesh, Projector
from .raster import face_map

__all__ = ["Sight", "facing", "look"]

# As shares of the mesh's diagonal: the slack of the depth test, and a step in depth that parts two surfaces.
_BIAS, _JUMP = 0.002, 0.02
# How many times deeper than wide a pixel's piece of surface may be.
_STEEPEST = 6.0
# Half the reach of distrust from such a step, in pixels of a picture of 1024: before it, and behind it.
_NEAR_REACH, _FAR_REACH = 1, 2


@dataclass(frozen=True)
class Sight:
    """A mesh seen by a camera, on the pixels of the camera's picture, row 0 at the top.

    ``pixel`` int64 [N]: flat index of each pixel that shows the mesh, with its ``triangle`` int32 [N] and ``weights``
    float64 [N, 3] of the triangle's corners there. ``farthest`` float32 [H, W]: the distance up to which a surface is
    still seen, slack included; -inf where the mesh is not. ``trust`` float32 [H, W]: 1 inside of what is seen, down to
    0 at the picture's border, at outlines and behind nearer parts.
    """

    projector: Projector
    pixel: Indices
    triangle: Int
    weights: Points
    farthest: Float
    trust: Float

    def shows(self, x: Float, y: Float, distance: Points) -> Mask:
        """Whether the surface at pixel positions ``x``, ``y`` inside the picture is not behind another: bool [N]."""
        row = np.clip(y, 0, self.projector.height - 1).astype(np.int64)
        column = np.clip(x, 0, self.projector.width - 1).astype(np.int64)
        return distance <= self.farthest[row, column]


def look(mesh: PlacedMesh, projector: Projector) -> Sight:
    """Rasterise a mesh, from both sides, as a camera sees it; parts behind or too near to the camera are cut off."""
    clip = projector.clip(mesh.points)
    corners, owner = _cut(clip[mesh.triangles])
    depth = corners[:, :, 2] / corners[:, :, 3]
    # Spread over the whole range: rasterising compares depths in single precision.
    low, high = (float(depth.min()), float(depth.max())) if len(depth) else (0.0, 1.0)
    depth = (depth - low) / max(high - low, 1e-30)
    shown = face_map(projector.pixels(corners), (projector.height, projector.width), depth).ravel()
    pixel = np.flatnonzero(shown >= 0)
    triangle = owner[shown[pixel]]
    weights = _weights(clip[mesh.triangles], triangle, *_rays(pixel, projector))
    points = (mesh.points[mesh.triangles[triangle]] * weights[:, :, None]).sum(1)
    distance = np.full(projector.height * projector.width, np.inf, np.float32)
    distance[pixel] = projector.distance(points)
    distance = distance.reshape(projector.height, projector.width)
    diagonal = float(np.linalg.norm(np.ptp(mesh.points, axis=0)))
    farthest = box_extreme(np.where(np.isfinite(distance), distance, -np.inf), 1, largest=True)
    farthest += np.float32(_BIAS * diagonal)
    # A step between pixels that a slope of the surface explains parts nothing.
    depth = projector.clip(points)[:, 3]
    pixel_size = float(np.median(depth)) / projector.pixels_per_unit if len(depth) else 0.0
    trust = _trust(distance, _JUMP * diagonal + _STEEPEST * pixel_size)
    return Sight(projector, pixel, triangle.astype(np.int32), weights, farthest, trust)


def _cut(corners: Points) -> tuple[Points, Indices]:
    """Cut triangles in clip coordinates [T, 3, 4] at the near plane; returns the pieces and whose they are."""
    ahead = corners[:, :, 2] + corners[:, :, 3]
    inside = (ahead > 0).sum(1)
    whole = np.flatnonzero(inside == 3)
    pieces, owners = [corners[whole]], [whole]
    for count in (1, 2):
        crossing = np.flatnonzero(inside == count)
        # The odd corner first, the others in their order.
        odd = np.argmax((ahead[crossing] > 0) == (count == 1), axis=1)
        order = (odd[:, None] + np.arange(3)) % 3
        a, b, c = np.moveaxis(corners[crossing[:, None], order], 1, 0)
        first, second = _meet(a, b), _meet(a, c)
        pieces += [np.stack([a, first, second], 1)] if count == 1 else []
        pieces += [np.stack([first, b, c], 1), np.stack([first, c, second], 1)] if count == 2 else []
        owners += [crossing] * count
    return np.concatenate(pieces), np.concatenate(owners)


def _meet(start: Points, end: Points) -> Points:
    """Where edges [N, 4] from one side of the near plane to the other cross it, a hair within."""
    before, after = start[:, 2] + start[:, 3], end[:, 2] + end[:, 3]
    share = before / (before - after)
    return start + share[:, None] * (end - start)


def _rays(pixel: Indices, projector: Projector) -> tuple[Points, Points]:
    """Middles of pixels in the clip coordinates' x and y at w = 1."""
    rows, columns = np.divmod(pixel, projector.width)
    return (columns + 0.5) * (2 / projector.width) - 1, 1 - (rows + 0.5) * (2 / projector.height)


def _weights(corners: Points, triangle: Indices, x: Points, y: Points) -> Points:
    """Weights of the corners where rays meet their triangles: float64 [N, 3], sum 1.

    Olano and Greer 1997, "Triangle scan conversion using 2D homogeneous coordinates": right under perspective, and also
    where a corner lies behind the camera.
    """
    flat = corners[:, :, [0, 1, 3]]
    weights = np.empty((len(triangle), 3))
    for k in range(3):
        edge = np.cross(flat[:, (k + 1) % 3], flat[:, (k + 2) % 3])[triangle]
        weights[:, k] = edge[:, 0] * x + edge[:, 1] * y + edge[:, 2]
    total = weights.sum(1, keepdims=True)
    weights /= np.where(total == 0, 1.0, total)
    # A centre on an edge may come out a rounding error outside.
    weights = np.clip(weights, 0, 1)
    return weights / np.maximum(weights.sum(1, keepdims=True), 1e-30)


def _trust(distance: Float, jump: float) -> Float:
    """Less trust near steps in distance and the border: float32 [H, W]; the farther side of a step loses more."""
    near, far = np.zeros((2, *distance.shape), np.bool_)
    near[[0, -1]] = near[:, [0, -1]] = True
    for before, after in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        with np.errstate(invalid="ignore"):
            step = distance[after] - distance[before]
        near[before] |= step > jump
        near[after] |= step < -jump
        far[after] |= (step > jump) & np.isfinite(distance[after])
        far[before] |= (step < -jump) & np.isfinite(distance[before])
    scale = max(distance.shape) / 1024
    trust = _ramp(near, max(round(_NEAR_REACH * scale), 1)) * _ramp(far, max(round(_FAR_REACH * scale), 1))
    return np.where(np.isfinite(distance), trust, 0).astype(np.float32)


def _ramp(edge: Mask, reach: int) -> Float:
    """From 0 on the marked pixels to 1 at about twice the reach from them: float32."""
    return box_mean(box_extreme((~edge).astype(np.float32), reach, largest=False), reach)


def facing(mesh: PlacedMesh, projector: Projector) -> Points:
    """Cosine between each triangle's own normal and the way to the camera: float64 [T], negative from behind."""
    a, b, c = (mesh.points[mesh.triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    length = np.linalg.norm(across, axis=1)
    return dot(across, projector.towards((a + b + c) / 3)) / np.where(length > 0, length, 1.0)

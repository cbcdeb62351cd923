"""What the camera sees of a mesh, pixel by pixel of the crop, and how far each pixel's colour can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Camera, Float, Int, Mask
from .arrays import Indices, Points, dot
from .axes import project
from .raster import barycentric, face_map, undo_perspective
from .triangles import area_vectors, triangulate, unit

__all__ = ["LEAST_FACING", "View", "facing_camera", "look_at", "seen_vertices", "to_pixels"]

LEAST_FACING = 0.08
"""Cosine between normal and line of sight below which a surface counts as not seen."""

_WELL_FACING = 0.25
# A step in depth between neighbouring pixels that no slope explains, in the view frame's unit.
_JUMP = 0.04
# Reach of distrust from an edge, in pixels of a crop of 512: at outlines, and behind something nearer.
_NEAR_REACH, _FAR_REACH = 2.0, 5.0
# Slack of the depth test, in the view frame's unit.
_BIAS = 0.012


@dataclass(frozen=True)
class View:
    """The mesh seen from the camera, on a grid of R x R pixels over the crop, row 0 at the top.

    ``pixel`` int64 [N]: flat index of each pixel that shows the mesh, with its ``triangle`` int32 [N] and ``weights``
    float32 [N, 3] of the triangle's corners. ``depth`` float32 [R, R]: the farthest Y that is still seen there, slack
    included; -inf where the mesh is not. ``trust`` float32 [R, R]: 0..1, small at outlines, behind nearer parts
    and where the surface turns away.
    """

    pixel: Indices
    triangle: Int
    weights: Float
    depth: Float
    trust: Float

    @property
    def size(self) -> int:
        """The grid's side R in pixels."""
        return len(self.depth)

    def shows(self, u: Float, v: Float, y: Float) -> Mask:
        """Whether the surface at crop position ``u``, ``v`` and depth ``y`` is not behind another: bool [N]."""
        column = np.clip((u + 1) * (self.size / 2), 0, self.size - 1).astype(np.int32)
        row = np.clip((1 - v) * (self.size / 2), 0, self.size - 1).astype(np.int32)
        return y <= self.depth[row, column]

    def distance(self, u: Float, v: Float, y: Float) -> Float:
        """How far in depth from the surface seen at crop position ``u``, ``v`` the depth ``y`` lies: float32 [N], inf
        where nothing is seen."""
        column = np.clip((u + 1) * (self.size / 2), 0, self.size - 1).astype(np.int32)
        row = np.clip((1 - v) * (self.size / 2), 0, self.size - 1).astype(np.int32)
        return np.abs(y - (self.depth[row, column] - np.float32(_BIAS)))


def to_pixels(u: Float, v: Float, size: int) -> Points:
    """Continuous pixel coordinates [..., 2] (x right, y down) of crop positions on a grid of ``size``."""
    return np.stack([(u + 1) * (size / 2), (1 - v) * (size / 2)], -1).astype(np.float64)


def facing_camera(vertices: Float, triangles: Int, camera: Camera) -> Points:
    """Cosine between each triangle's normal and the direction to the camera: float64 [T], negative from behind."""
    middle = vertices[triangles].mean(1).astype(np.float64)
    to_camera = unit(np.array([0.0, -camera.distance, 0.0]) - middle)
    return dot(unit(area_vectors(vertices, triangles)), to_camera)


def look_at(vertices: Float, triangles: Int, camera: Camera, size: int) -> View:
    """Rasterise a mesh of the view frame from its camera.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame, all in front of the camera
    triangles : int32 [T, 3]
    camera : where the picture was taken from
    size : side of the grid over the crop, in pixels
    """
    u, v, y = project(vertices, camera)
    corners = to_pixels(u, v, size)[triangles]
    # The inverse of the distance is affine over the picture, the distance is not.
    closeness = 1.0 / np.maximum(camera.distance + y.astype(np.float64), 1e-3)
    shown = face_map(corners, (size, size), -closeness[triangles])
    pixel = np.flatnonzero(shown >= 0)
    triangle = shown.ravel()[pixel]
    rows, columns = np.divmod(pixel, size)
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    weights, distance = undo_perspective(weights, closeness[triangles[triangle]])
    depth = np.full(size * size, np.inf, np.float32)
    depth[pixel] = distance - camera.distance
    depth = depth.reshape(size, size)
    facing = facing_camera(vertices, triangles, camera)
    trust = np.zeros(size * size, np.float32)
    trust[pixel] = _smooth_step((facing[triangle] - LEAST_FACING) / (_WELL_FACING - LEAST_FACING))
    trust = trust.reshape(size, size) * _trust_at_edges(depth)
    return View(pixel, triangle, weights, _farthest_seen(depth), trust)


def seen_vertices(vertices: Float, faces: Int, camera: Camera, size: int = 512) -> Float:
    """Which vertices [V, 3] of a mesh in the view frame its camera sees: float32 [V], 1 for seen and 0 for hidden.

    ``faces`` int32 [F, 3 or 4]; ``size`` is the side of the depth buffer in pixels.
    """
    triangles, _, _ = triangulate(faces)
    towards = triangles[facing_camera(vertices, triangles, camera) > LEAST_FACING]
    seen = np.zeros(len(vertices), np.float32)
    seen[towards] = 1
    return seen * look_at(vertices, triangles, camera, size).shows(*project(vertices, camera))


def _smooth_step(x: Points) -> Points:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _trust_at_edges(depth: Float) -> Float:
    """Little trust near steps in depth: float32 [R, R] in 0..1; the farther side of a step loses more."""
    near, far = np.zeros((2, *depth.shape), np.bool_)
    for before, after in _neighbours():
        with np.errstate(invalid="ignore"):
            step = depth[after] - depth[before]
        near[before] |= step > _JUMP
        near[after] |= step < -_JUMP
        far[after] |= (step > _JUMP) & np.isfinite(depth[after])
        far[before] |= (step < -_JUMP) & np.isfinite(depth[before])
    scale = len(depth) / 512
    return _distance(near, _NEAR_REACH * scale) * _distance(far, _FAR_REACH * scale)


def _neighbours() -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Slices of a picture that line up each pixel with the one right of it, and with the one below."""
    every, but_last, but_first = slice(None), slice(None, -1), slice(1, None)
    return [((every, but_last), (every, but_first)), ((but_last, every), (but_first, every))]


def _distance(edge: Mask, reach: float) -> Float:
    """Distance from the marked pixels as a part of ``reach`` pixels, at most 1: float32, 1 / (reach + 1) on them."""
    steps = max(round(reach), 1)
    clear = (~edge).astype(np.float32)
    total = clear.copy()
    grown = edge
    for step in range(steps - 1):
        grown = _grow(grown, diagonal=bool(step % 2))
        total += ~grown
    # Never quite nothing, so that a part too thin to have an inside still keeps its own colour.
    return (total + 1) / (steps + 1)


def _grow(mask: Mask, diagonal: bool) -> Mask:
    """Grow a mask by one pixel; alternating ``diagonal`` makes octagons."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    wide = grown if diagonal else mask
    result = grown.copy()
    result[:, 1:] |= wide[:, :-1]
    result[:, :-1] |= wide[:, 1:]
    return result


def _farthest_seen(depth: Float) -> Float:
    """Largest depth of each pixel and its eight neighbours, with slack; -inf where none shows the mesh."""
    farthest = np.where(np.isfinite(depth), depth, -np.inf).astype(np.float32)
    for axis in (0, 1):
        here = np.moveaxis(farthest, axis, 0)
        wide = here.copy()
        np.maximum(wide[1:], here[:-1], out=wide[1:])
        np.maximum(wide[:-1], here[1:], out=wide[:-1])
        farthest = np.moveaxis(wide, 0, axis)
    return farthest + np.float32(_BIAS)

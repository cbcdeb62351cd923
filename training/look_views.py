"""Textured meshes rendered without light, as their colours are: from the input's camera and from all around."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from ..contracts import Camera, Float, Int, Mask, MeshArrays, Pixels, Subject
from ..geometry.axes import project, view_to_object
from ..geometry.filters import sample
from ..geometry.raster import barycentric, face_map, undo_perspective
from ..geometry.triangles import triangulate

__all__ = ["Render", "render_around", "render_back"]

Array = npt.NDArray[np.float64]

FINE = 2
"""Samples a pixel along each axis when rendering back."""
TURNS, LOOK_DOWN, DISTANCE = 8, math.radians(10), 5.0
FOREIGN = 48
"""Difference in a channel from the nearest texel of a face that makes a texel between the faces foreign."""


@dataclass(frozen=True)
class Render:
    """A picture of a mesh: ``colour`` float32 [H, W, 3] sRGB in 0..255, ``cover`` bool [H, W] where the mesh is,
    ``seen`` float32 [H, W] the share that the input shows, ``foreign`` bool [H, W] where the lookup meets an unfilled
    texel, ``share`` float32 [H, W] of each pixel that the mesh covers."""

    colour: Float
    cover: Mask
    seen: Float
    foreign: Mask
    share: Float


@dataclass(frozen=True)
class _Paint:
    """A mesh's triangles [T, 3], their corners float64 [T, 3, 2] in texels from the top left, its texture, which texels
    bool [S, S] lie in no face and are unlike the nearest that does, and how far each vertex was seen."""

    triangles: Int
    corners: Array
    texture: Pixels
    unlike: Mask
    seen: Float


def render_back(mesh: MeshArrays, subject: Subject, camera: Camera) -> Render:
    """Render a mesh of the view frame onto the pixels of the subject's picture."""
    half = subject.side / 2
    return _render(
        _paint_of(mesh),
        mesh.vertices,
        camera,
        (subject.left + half, subject.top + half),
        half,
        subject.picture.shape[:2],
    )


def render_around(mesh: MeshArrays, camera: Camera, size: int) -> list[Render]:
    """Eight views of a mesh of the view frame, all around it and from slightly above, the input's side first."""
    upright = view_to_object(mesh.vertices, camera.elevation)
    middle = (upright.min(0) + upright.max(0)) / 2
    upright = (upright - middle) / np.linalg.norm(upright - middle, axis=1).max()
    paint, views = _paint_of(mesh), list[Render]()
    for turn in range(TURNS):
        angle = 2 * math.pi * turn / TURNS
        c, s = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        x, y = c * upright[:, 0] + s * upright[:, 1], c * upright[:, 1] - s * upright[:, 0]
        turned = view_to_object(np.stack([x, y, upright[:, 2]], 1), -LOOK_DOWN)
        views.append(_render(paint, turned, Camera(0.0, DISTANCE), (size / 2, size / 2), size / 2, (size, size)))
    return views


def _paint_of(mesh: MeshArrays) -> _Paint:
    if mesh.uv is None or mesh.texture is None:
        raise ValueError("The mesh has no texture.")
    triangles, owner, corner = triangulate(mesh.faces)
    size = len(mesh.texture)
    flat = mesh.uv[owner[:, None], corner].astype(np.float64) * size
    flat[:, :, 1] = size - flat[:, :, 1]
    covered = face_map(flat, (size, size)) >= 0
    nearest = distance_transform_edt(~covered, return_distances=False, return_indices=True)
    unlike = np.abs(mesh.texture.astype(np.int16) - mesh.texture[nearest[0], nearest[1]]).max(2) > FOREIGN
    return _Paint(triangles, flat, mesh.texture, unlike, mesh.attributes["seen"])


def _render(
    paint: _Paint, vertices: Float, camera: Camera, centre: tuple[float, float], half: float, shape: tuple[int, ...]
) -> Render:
    """Render onto ``shape`` pixels: the crop's middle lies at ``centre``, and half its side measures ``half``."""
    height, width = shape[0] * FINE, shape[1] * FINE
    u, v, y = project(vertices, camera)
    place = np.stack([centre[0] + u * half, centre[1] - v * half], 1).astype(np.float64) * FINE
    closeness = 1 / (camera.distance + y.astype(np.float64))[paint.triangles]
    index = face_map(place[paint.triangles], (height, width), -closeness).ravel()
    pixel = np.flatnonzero(index >= 0)
    found = index[pixel]
    rows, columns = np.divmod(pixel, width)
    weights = barycentric(place[paint.triangles], found, columns + 0.5, rows + 0.5)
    weights, _ = undo_perspective(weights, closeness[found])
    at = (paint.corners[found] * weights[:, :, None]).sum(1).astype(np.float32)
    values = np.zeros((height * width, 5), np.float32)
    values[pixel, :3] = sample(paint.texture, at[:, 0], at[:, 1])
    values[pixel, 3] = (paint.seen[paint.triangles[found]] * weights).sum(1)
    values[pixel, 4] = sample(paint.unlike.astype(np.float32), at[:, 0], at[:, 1])
    mean = values.reshape(shape[0], FINE, shape[1], FINE, 5).mean((1, 3))
    share = (index >= 0).reshape(shape[0], FINE, shape[1], FINE).mean((1, 3)).astype(np.float32)
    mean /= np.maximum(share, 1e-6)[:, :, None]
    return Render(mean[:, :, :3], share >= 0.5, mean[:, :, 3], mean[:, :, 4] > 0, share)

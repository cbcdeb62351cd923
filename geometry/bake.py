"""The texture: the picture's own colours where it shows the surface, spread smoothly to where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Camera, Float, Int, Mask, Pixels, Subject, Surface
from ..errors import MeshError
from .arrays import Points
from .axes import project
from .edges import check_mesh
from .filters import sample
from .foreground import Foreground, extend_foreground
from .pad import pad_texture
from .raster import barycentric, face_map
from .reflection import Reflection, find_reflection
from .triangles import area_vectors, triangulate
from .vertex_colours import vertex_colours
from .visibility import LEAST_FACING, View, facing_camera, look_at

__all__ = ["bake_texture"]

_TEXELS_AT_ONCE = 1 << 18
_VIEW_SIZES = (512, 1024)
_SMALLEST_CROP = 256
# No real surface is perfectly black or white; light has nothing to work with there.
_DARKEST, _BRIGHTEST = 4, 251


@dataclass(frozen=True)
class _Scene:
    """What the texels look their colours up in."""

    triangles: Int
    points: Float
    base: Float
    direct: Mask
    camera: Camera
    view: View
    foreground: Foreground
    reflection: Reflection | None
    mirrored: Mask


def bake_texture(
    vertices: Float, faces: Int, uv: Float, subject: Subject, surface: Surface, size: int
) -> tuple[Pixels, Float]:
    """Paint a mesh with the picture it was made from.

    A texel takes the picture's colour as far as the camera sees its surface well, and fades elsewhere to that of its
    mirror image, where the subject is symmetric in shape and colours, or to a colour spread over the mesh from the seen
    parts.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column
    uv : float32 [F, 3 or 4, 2] in 0..1, origin at the bottom left, without overlaps
    subject : the picture and its crop
    surface : its ``camera`` is used
    size : side of the texture in texels

    Returns
    -------
    texture : uint8 [size, size, 3] sRGB, first row at the top, every texel filled
    seen : float32 [V] in 0..1, the share of the surface around each vertex that the picture shows

    Raises
    ------
    MeshError
        The mesh is empty or not finite, or the UVs do not fit its faces.
    """
    check_mesh(vertices, faces)
    if uv.shape != (*faces.shape, 2):
        raise MeshError("The UV coordinates do not fit the faces: unwrap the mesh again.")
    triangles, owner, corner = triangulate(faces)
    corners = uv[owner[:, None], corner].astype(np.float64)
    corners = np.stack([corners[:, :, 0], 1 - corners[:, :, 1]], 2) * size
    side = int(np.clip(round(subject.side), *_VIEW_SIZES))
    view = look_at(vertices, triangles, surface.camera, side)
    foreground = extend_foreground(subject, _crop_texels(vertices, triangles, corners))
    facing = facing_camera(vertices, triangles, surface.camera)
    reflection = find_reflection(vertices, triangles, surface.camera, view, foreground)
    base, seen = vertex_colours(vertices, triangles, facing, view, foreground, surface.camera, reflection)
    direct = (facing > LEAST_FACING) & (seen[triangles] > 0).any(1)
    mirrored = np.zeros(len(triangles), np.bool_)
    if reflection:
        mirrored = ((reflection.colours(vertices)[1] > 0) & (reflection.hidden > 0))[triangles].any(1)
    scene = _Scene(triangles, vertices, base, direct, surface.camera, view, foreground, reflection, mirrored)
    return _paint(scene, corners, size), seen


def _crop_texels(vertices: Float, triangles: Int, corners: Points) -> int:
    """How many texels lie along a length of the crop's side on the surface."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    texels = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum()
    area = np.linalg.norm(area_vectors(vertices, triangles), axis=1).sum()
    return max(int(2 * np.sqrt(texels / max(area, 1e-12))), _SMALLEST_CROP)


def _paint(scene: _Scene, corners: Points, size: int) -> Pixels:
    """Colour all texels of the charts, and what lies between them."""
    index = face_map(corners, (size, size)).ravel()
    covered = np.flatnonzero(index >= 0)
    mean = np.clip(np.rint(scene.base.mean(0)), _DARKEST, _BRIGHTEST)
    texture = np.full((size * size, 3), mean, np.uint8)
    if not len(covered):
        return texture.reshape(size, size, 3)
    for begin in range(0, len(covered), _TEXELS_AT_ONCE):
        texel = covered[begin : begin + _TEXELS_AT_ONCE]
        triangle = index[texel]
        rows, columns = np.divmod(texel, size)
        weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
        texture[texel] = np.clip(np.rint(_texel_colours(scene, triangle, weights)), _DARKEST, _BRIGHTEST)
    return pad_texture(texture.reshape(size, size, 3), (index >= 0).reshape(size, size))


def _texel_colours(scene: _Scene, triangle: Int, weights: Float) -> Float:
    """Colours float32 [N, 3] of points given by triangle and weights of its corners."""
    colour = _interpolate(scene.base, scene.triangles[triangle], weights)
    if scene.reflection:
        hidden = np.flatnonzero(scene.mirrored[triangle])
        corners, share = scene.triangles[triangle[hidden]], weights[hidden]
        image, trust = scene.reflection.colours(_interpolate(scene.points, corners, share))
        trust *= (scene.reflection.hidden[corners] * share).sum(1)
        colour[hidden] += trust[:, None] * (image - colour[hidden])
    near = np.flatnonzero(scene.direct[triangle])
    points = _interpolate(scene.points, scene.triangles[triangle[near]], weights[near])
    u, v, depth = project(points, scene.camera)
    shown = scene.view.shows(u, v, depth)
    near, u, v = near[shown], u[shown], v[shown]
    x, y = scene.foreground.position(u, v)
    half = scene.view.size / 2
    trust = sample(scene.view.trust, (u + 1) * half, (1 - v) * half) * sample(scene.foreground.presence, x, y)
    colour[near] += trust[:, None] * (sample(scene.foreground.colour, x, y) - colour[near])
    return colour


def _interpolate(values: Float, corners: Int, weights: Float) -> Float:
    """Values float32 [V, C] at points inside triangles ``corners`` [N, 3]: float32 [N, C]."""
    return (
        values[corners[:, 0]] * weights[:, :1]
        + values[corners[:, 1]] * weights[:, 1:2]
        + values[corners[:, 2]] * weights[:, 2:]
    )

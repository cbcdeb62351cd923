"""The texture: the picture's own colours where it shows the surface, spread smoothly to where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..contracts import Camera, Float, Int, Mask, Pixels, Subject, Surface
from ..errors import MeshError
from .arrays import Points
from .axes import project
from .edges import check_mesh
from .filters import sample
from .foreground import Foreground, extend_foreground
from .grain import Grain, find_grain
from .layers import extend_layers, stack_layers
from .pad import Texture, pad_texture, to_kind
from .raster import barycentric, face_map
from .reflection import Reflection, find_reflection
from .triangles import area_vectors, triangulate
from .vertex_colours import vertex_colours
from .visibility import LEAST_FACING, View, facing_camera, look_at

__all__ = ["LARGEST_MAP", "Baked", "bake_texture"]

LARGEST_MAP = 1024
"""Largest side of a map baked beside the texture, in texels: the crop that it comes from has fewer pixels."""

_TEXELS_AT_ONCE = 1 << 18
_VIEW_SIZES = (512, 1024)
_SMALLEST_CROP = 256
# Texels guessed by more than this get detail.
_PLAIN = 0.02
# No real surface is perfectly black or white; light has nothing to work with there.
_DARKEST, _BRIGHTEST = 4, 251


@dataclass(frozen=True)
class Baked:
    """What was painted.

    ``texture`` uint8 [T, T, 3] sRGB, first row at the top, every texel filled. ``seen`` float32 [V] in 0..1: the share
    of the surface around each vertex that the picture shows. ``maps``: float32 [M, M, C] by name, laid out as the
    texture, every texel filled and within the range of the layer it was baked from; M at most `LARGEST_MAP`.
    """

    texture: Pixels
    seen: Float
    maps: Mapping[str, Float] = field(default_factory=dict[str, Float])


@dataclass(frozen=True)
class _Scene:
    """What the texels look their colours, or other values, up in; ``base`` has those of the vertices."""

    triangles: Int
    points: Float
    base: Float
    direct: Mask
    camera: Camera
    view: View
    foreground: Foreground
    reflection: Reflection | None
    mirrored: Mask
    grain: Grain | None


def bake_texture(
    vertices: Float,
    faces: Int,
    uv: Float,
    subject: Subject,
    surface: Surface,
    size: int,
    layers: Mapping[str, Float] | None = None,
) -> Baked:
    """Paint a mesh with the picture it was made from.

    A texel takes the picture's colour as far as the camera sees its surface well, and fades elsewhere to that of its
    mirror image, where the subject is symmetric in shape and colours, or to a colour spread over the mesh from the seen
    parts. Further pictures in the crop's frame are baked the same way.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column
    uv : float32 [F, 3 or 4, 2] in 0..1, origin at the bottom left, without overlaps
    subject : the picture and its crop
    surface : its ``camera`` is used
    size : side of the texture in texels
    layers : float32 [S, S] or [S, S, C] by name, pixel by pixel as ``subject.rgba``, such as shading or roughness; what
        they hold outside the subject is not used

    Raises
    ------
    MeshError
        The mesh is empty or not finite, or the UVs do not fit its faces.
    ModelError
        A layer does not fit the crop, or is not finite.
    """
    check_mesh(vertices, faces)
    if uv.shape != (*faces.shape, 2):
        raise MeshError("The UV coordinates do not fit the faces: unwrap the mesh again.")
    triangles, owner, corner = triangulate(faces)
    corners = uv[owner[:, None], corner].astype(np.float64)
    corners = np.stack([corners[:, :, 0], 1 - corners[:, :, 1]], 2)
    side = int(np.clip(round(subject.side), *_VIEW_SIZES))
    view = look_at(vertices, triangles, surface.camera, side)
    foreground = extend_foreground(subject, _crop_texels(vertices, triangles, corners * size))
    facing = facing_camera(vertices, triangles, surface.camera)
    reflection = find_reflection(vertices, triangles, surface.camera, view, foreground)
    base = vertex_colours(vertices, triangles, facing, view, foreground, surface.camera, reflection)
    direct = (facing > LEAST_FACING) & (base.seen[triangles] > 0).any(1)
    mirrored = np.zeros(len(triangles), np.bool_)
    if reflection:
        mirrored = ((reflection.colours(vertices)[1] > 0) & (reflection.hidden > 0))[triangles].any(1)
    grain = None
    if base.palette:
        grain = find_grain(vertices, triangles, base.palette[1], base.palette[0], view, foreground)
    scene = _Scene(
        triangles, vertices, base.values, direct, surface.camera, view, foreground, reflection, mirrored, grain
    )
    texture = _paint(scene, corners * size, np.empty((size, size, 3), np.uint8), (_DARKEST, _BRIGHTEST))
    return Baked(
        texture.astype(np.uint8, copy=False),
        base.seen,
        _paint_layers(scene, facing, corners, subject, min(size, LARGEST_MAP), layers or {}),
    )


def _paint_layers(
    scene: _Scene, facing: Points, corners: Points, subject: Subject, size: int, layers: Mapping[str, Float]
) -> dict[str, Float]:
    """Bake all layers at once, as if they were one picture of many channels."""
    if not layers:
        return {}
    stack, ends = stack_layers(subject, layers)
    values = extend_layers(subject, stack)
    reflection = replace(scene.reflection, foreground=values) if scene.reflection else None
    base = vertex_colours(scene.points, scene.triangles, facing, scene.view, values, scene.camera, reflection, False)
    scene = replace(scene, base=base.values, foreground=values, reflection=reflection, grain=None)
    inside = values.colour.reshape(-1, stack.shape[2])
    blank = np.empty((size, size, stack.shape[2]), np.float32)
    painted = _paint(scene, corners * size, blank, (inside.min(0), inside.max(0)))
    parts = np.split(painted, ends[:-1], axis=2)
    return {name: part.astype(np.float32, order="C") for name, part in zip(layers, parts, strict=True)}


def _crop_texels(vertices: Float, triangles: Int, corners: Points) -> int:
    """How many texels lie along a length of the crop's side on the surface."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    texels = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum()
    area = np.linalg.norm(area_vectors(vertices, triangles), axis=1).sum()
    return max(int(2 * np.sqrt(texels / max(area, 1e-12))), _SMALLEST_CROP)


def _paint(scene: _Scene, corners: Points, texture: Texture, limits: tuple[float | Points, float | Points]) -> Texture:
    """Fill a texture [T, T, C]: all texels of the charts, and what lies between them; values are kept to ``limits``."""
    size = len(texture)
    index = face_map(corners, (size, size)).ravel()
    covered = np.flatnonzero(index >= 0)
    texels = texture.reshape(size * size, -1)
    texels[:] = to_kind(np.clip(scene.base.mean(0), *limits), texture.dtype)
    if not len(covered):
        return texture
    for begin in range(0, len(covered), _TEXELS_AT_ONCE):
        texel = covered[begin : begin + _TEXELS_AT_ONCE]
        triangle = index[texel]
        rows, columns = np.divmod(texel, size)
        weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
        texels[texel] = to_kind(np.clip(_texel_colours(scene, triangle, weights), *limits), texture.dtype)
    return pad_texture(texture, (index >= 0).reshape(size, size))


def _texel_colours(scene: _Scene, triangle: Int, weights: Float) -> Float:
    """Colours float32 [N, 3] of points given by triangle and weights of its corners."""
    colour = _interpolate(scene.base, scene.triangles[triangle], weights)
    guessed = np.ones(len(triangle), np.float32)
    if scene.reflection:
        hidden = np.flatnonzero(scene.mirrored[triangle])
        corners, share = scene.triangles[triangle[hidden]], weights[hidden]
        image, trust = scene.reflection.colours(_interpolate(scene.points, corners, share))
        trust *= (scene.reflection.hidden[corners] * share).sum(1)
        colour[hidden] += trust[:, None] * (image - colour[hidden])
        guessed[hidden] -= trust
    near = np.flatnonzero(scene.direct[triangle])
    points = _interpolate(scene.points, scene.triangles[triangle[near]], weights[near])
    u, v, depth = project(points, scene.camera)
    shown = scene.view.shows(u, v, depth)
    near, u, v = near[shown], u[shown], v[shown]
    x, y = scene.foreground.position(u, v)
    half = scene.view.size / 2
    trust = sample(scene.view.trust, (u + 1) * half, (1 - v) * half) * sample(scene.foreground.presence, x, y)
    colour[near] += trust[:, None] * (sample(scene.foreground.colour, x, y) - colour[near])
    guessed[near] *= 1 - trust
    if scene.grain:
        plain = np.flatnonzero((guessed > _PLAIN) & scene.grain.covers(triangle))
        points = _interpolate(scene.points, scene.triangles[triangle[plain]], weights[plain])
        colour[plain] += guessed[plain, None] * scene.grain.look_up(points, triangle[plain])
    return colour


def _interpolate(values: Float, corners: Int, weights: Float) -> Float:
    """Values float32 [V, C] at points inside triangles ``corners`` [N, 3]: float32 [N, C]."""
    return (
        values[corners[:, 0]] * weights[:, :1]
        + values[corners[:, 1]] * weights[:, 1:2]
        + values[corners[:, 2]] * weights[:, 2:]
    )

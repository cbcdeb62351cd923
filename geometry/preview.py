"""Pictures of a finished mesh, rendered in numpy: for ``--preview`` and the documentation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..contracts import Float, Int, MeshArrays, Pixels
from .arrays import Indices, Points, dot
from .edges import check_mesh
from .filters import box_mean, sample
from .raster import barycentric, face_map, undo_perspective
from .studio import Lights, Sun, contact_shadow, floor_light, occlusion, shade
from .triangles import area_vectors, triangulate, unit, vertex_normals

__all__ = ["THREE_QUARTER", "contact_sheet", "render_view", "turntable"]

THREE_QUARTER = (math.radians(35), math.radians(20))
"""Azimuth and elevation of the usual view: from the right of the front, slightly above."""

_SHEET = ((0.0, math.radians(8)), THREE_QUARTER, (math.radians(90), math.radians(8)), (math.pi, math.radians(8)))
_FIELD_OF_VIEW = math.radians(26)
_FILL = 0.78
# Cosine between a face and the mean of the faces around its corner from which the corner is smooth.
_SMOOTH = 0.72
_CLAY = np.array([0.60, 0.56, 0.52])
_BACKDROP = np.array([0.86, 0.865, 0.875])


@dataclass(frozen=True)
class _Camera:
    """Where a view is taken from: the rows of ``axes`` are right, down and away from the viewer.

    A point at (x, y, z) of these axes, from ``position``, is at pixel ``x / z * zoom + centre`` of the picture.
    """

    position: Points
    axes: Points
    zoom: float
    centre: Points

    def see(self, points: Points) -> tuple[Points, Points]:
        """Pixel coordinates [..., 2] and distance [...] along the viewing direction of points [..., 3]."""
        local = (points - self.position) @ self.axes.T
        return local[..., :2] / local[..., 2:] * self.zoom + self.centre, local[..., 2]


@dataclass(frozen=True)
class _Model:
    """A mesh ready to be looked at: its triangles, with normals [T, 3, 3] and UVs [T, 3, 2] of their corners."""

    points: Points
    triangles: Int
    normals: Points
    uv: Float | None
    texture: Pixels | None
    middle: Points
    radius: float

    @cached_property
    def shadow(self) -> Float:
        """The soft shadow on the floor, alike from all sides."""
        return contact_shadow(self.points, self.triangles, self.middle, self.radius)


def render_view(
    mesh: MeshArrays,
    azimuth: float = THREE_QUARTER[0],
    elevation: float = THREE_QUARTER[1],
    size: int = 768,
    backdrop: bool = True,
) -> Pixels:
    """Render a mesh of the object frame, textured or, without a texture, in clay.

    Parameters
    ----------
    mesh : object frame (Z up, front towards -Y), any scale
    azimuth : radians from the front, towards the object's +X side, which lies to the right seen from the front
    elevation : radians above the horizon, less than a right angle
    size : side of the picture in pixels
    backdrop : a light studio floor with a soft shadow; otherwise clear around the mesh

    Returns
    -------
    uint8 [size, size, 4] sRGB with straight alpha

    Raises
    ------
    MeshError
        The mesh is empty or not finite.
    """
    model = _prepare(mesh)
    return _render(model, _aim(model, azimuth, elevation, 2 * size), size, backdrop)


def contact_sheet(mesh: MeshArrays, picture: Pixels | None = None, size: int = 384) -> Pixels:
    """Front, three-quarter, side and back of a mesh in a row, all to one scale, behind the picture it came from.

    ``picture`` uint8 [H, W, 3 or 4] sRGB, fitted into the first square; left out when None. Returns uint8
    [size, size * 4 or 5, 4].
    """
    model = _prepare(mesh)
    zoom = min(_aim(model, azimuth, elevation, 2 * size).zoom for azimuth, elevation in _SHEET)
    cells = [] if picture is None else [_fitted(picture, size)]
    for azimuth, elevation in _SHEET:
        cells.append(_render(model, _aim(model, azimuth, elevation, 2 * size, zoom), size, backdrop=True))
    return np.concatenate(cells, axis=1)


def turntable(mesh: MeshArrays, views: int = 12, size: int = 240) -> Pixels:
    """A mesh turned once around, its views in a row, all to one scale: the frames of an animation that loops.

    The first view is `THREE_QUARTER`; each goes ``2 pi / views`` further around the object. Returns uint8
    [size, size * views, 4]; errors as `render_view`.
    """
    model = _prepare(mesh)
    first, elevation = THREE_QUARTER
    azimuths = [first + 2 * math.pi * view / views for view in range(views)]
    cameras = [_aim(model, azimuth, elevation, 2 * size) for azimuth in azimuths]
    zoom = min(camera.zoom for camera in cameras)
    # One centre for all: what turns must not sway.
    cameras = [replace(camera, zoom=zoom, centre=np.full(2, float(size))) for camera in cameras]
    return np.concatenate([_render(model, camera, size, backdrop=True) for camera in cameras], axis=1)


def _prepare(mesh: MeshArrays) -> _Model:
    check_mesh(mesh.vertices, mesh.faces)
    triangles, owner, corner = triangulate(mesh.faces)
    points = mesh.vertices.astype(np.float64)
    used = points[triangles.ravel()]
    middle = (used.min(0) + used.max(0)) / 2
    radius = max(float(np.linalg.norm(used - middle, axis=1).max()), 1e-9)
    textured = mesh.uv is not None and mesh.texture is not None
    uv = mesh.uv[owner[:, None], corner] if textured and mesh.uv is not None else None
    texture = mesh.texture if textured else None
    return _Model(points, triangles, _corner_normals(points, triangles), uv, texture, middle, radius)


def _corner_normals(points: Points, triangles: Int) -> Points:
    """Normals float64 [T, 3, 3] for smooth shading, except at sharp edges, where each face keeps its own."""
    flat = unit(area_vectors(points, triangles))[:, None]
    smooth = vertex_normals(points, triangles)[triangles]
    return np.where(dot(smooth, flat)[:, :, None] > _SMOOTH, smooth, flat)


def _aim(model: _Model, azimuth: float, elevation: float, size: int, zoom: float | None = None) -> _Camera:
    """Point a camera at a model so that it fills the picture, or at a given ``zoom``."""
    flat = math.cos(elevation)
    towards = np.array([math.sin(azimuth) * flat, -math.cos(azimuth) * flat, math.sin(elevation)])
    right = np.array([math.cos(azimuth), math.sin(azimuth), 0.0])
    axes = np.stack([right, np.cross(right, towards), -towards])
    position = model.middle + towards * (model.radius / math.sin(_FIELD_OF_VIEW / 2))
    place, _ = _Camera(position, axes, 1.0, np.zeros(2)).see(model.points[model.triangles.ravel()])
    low, high = place.min(0), place.max(0)
    zoom = zoom or _FILL * size / max(float((high - low).max()), 1e-9)
    centre = size / 2 - (low + high) / 2 * zoom
    # A little above the middle, which leaves room for the shadow.
    return _Camera(position, axes, zoom, centre - [0, 0.01 * size])


def _render(model: _Model, camera: _Camera, size: int, backdrop: bool) -> Pixels:
    """Render at twice the size and average."""
    fine = 2 * size
    pixel, triangle, weights, distance = _visible(model, camera, fine)
    depth = np.full(fine * fine, np.inf, np.float32)
    depth[pixel] = distance
    colour = np.zeros((fine * fine, 3), np.float32)
    colour[pixel] = _surface_light(model, camera, triangle, weights, _openness(depth, pixel, fine, model.radius))
    alpha = _halved(np.isfinite(depth).astype(np.float32).reshape(fine, fine))
    colour = _halved(colour.reshape(fine, fine, 3))
    if backdrop:
        colour += (1 - alpha)[:, :, None] * _backdrop(model, camera, size)
        alpha = np.ones_like(alpha)
    else:
        colour /= np.maximum(alpha, 1e-6)[:, :, None]
    rgba = np.concatenate([_to_srgb(colour), alpha[:, :, None]], axis=2)
    return np.rint(rgba * 255).astype(np.uint8)


def _visible(model: _Model, camera: _Camera, size: int) -> tuple[Indices, Int, Float, Float]:
    """Flat pixels that show the mesh, their triangles, weights of the corners, and distances."""
    place, distance = camera.see(model.points)
    corners = place[model.triangles]
    closeness = 1 / distance[model.triangles]
    index = face_map(corners, (size, size), -closeness).ravel()
    pixel = np.flatnonzero(index >= 0)
    triangle = index[pixel]
    rows, columns = np.divmod(pixel, size)
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    return pixel, triangle, *undo_perspective(weights, closeness[triangle])


def _openness(depth: Float, pixel: Indices, size: int, radius: float) -> Float:
    """Ambient occlusion of the given pixels, worked out at a quarter of the resolution."""
    coarse = depth.reshape(size, size)[::4, ::4]
    rows, columns = np.divmod(pixel, size)
    x, y = (columns + 0.5) / 4, (rows + 0.5) / 4
    return sample(box_mean(occlusion(coarse, radius), 1), x.astype(np.float32), y.astype(np.float32))


def _surface_light(model: _Model, camera: _Camera, triangle: Int, weights: Float, open_sky: Float) -> Points:
    """Linear colours [N, 3] of the visible points."""
    points = _blend(model.points[model.triangles], triangle, weights)
    to_camera = unit(camera.position - points)
    normals = unit(_blend(model.normals, triangle, weights))
    # Open meshes show their inside too: light it as if it faced us.
    normals *= np.where(dot(normals, to_camera) < -0.2, -1.0, 1.0)[:, None]
    lights = Lights.around(camera.axes[0], -camera.axes[2])
    sun = Sun.over(model.points, model.triangles, lights.key)
    lit = sun.reaches(points + normals * (0.012 * model.radius), 0.012 * model.radius)
    return shade(_albedo(model, triangle, weights), normals, to_camera, lights, lit, open_sky)


def _blend(corners: Points | Float, triangle: Int, weights: Float) -> Points:
    """Values [N, k] inside triangles, from those of all corners [T, 3, k]."""
    first, second, third = (corners[triangle, corner] * weights[:, corner, None] for corner in range(3))
    return first + second + third


def _halved(picture: Float) -> Float:
    """Means of two by two pixels."""
    rows = picture[::2] + picture[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) / 4


def _albedo(model: _Model, triangle: Int, weights: Float) -> Points:
    """Linear surface colours [N, 3]."""
    if model.uv is None or model.texture is None:
        return np.broadcast_to(_CLAY, (len(triangle), 3))
    height, width = model.texture.shape[:2]
    uv = _blend(model.uv, triangle, weights)
    found = sample(model.texture, uv[:, 0] * width, (1 - uv[:, 1]) * height)
    return _to_linear(found / 255).astype(np.float64)


def _backdrop(model: _Model, camera: _Camera, size: int) -> Points:
    """Linear colours [size, size, 3] of an endless light floor, darker under the mesh."""
    centres = np.arange(size) + 0.5
    x, y = np.meshgrid(centres, centres)
    plane = np.stack([2 * x, 2 * y], 2) - camera.centre
    rays = np.concatenate([plane / camera.zoom, np.ones((size, size, 1))], 2).reshape(-1, 3) @ camera.axes
    ground = model.points[model.triangles.ravel(), 2].min()
    down = np.flatnonzero(rays[:, 2] < -1e-3)
    reach = (ground - camera.position[2]) / rays[down, 2]
    hit = camera.position + rays[down] * reach[:, None]
    light = np.ones(size * size)
    light[down] = np.where(reach > 0, floor_light(model.shadow, hit, model.middle, model.radius), 1.0)
    return _wall(size) * light.reshape(size, size, 1)


def _wall(size: int) -> Points:
    """Linear colours [size, 1, 3] of the backdrop by itself, alike from side to side so that views join seamlessly."""
    away = (np.arange(size) + 0.5) / size - 0.42
    return (_BACKDROP * (1.02 - 0.5 * away[:, None] ** 2))[:, None]


def _fitted(picture: Pixels, size: int) -> Pixels:
    """A picture scaled to fit a square, in front of the backdrop: uint8 [size, size, 4]."""
    height, width = picture.shape[:2]
    scale = max(height, width) / size
    rgba = np.full((height + 2, width + 2, 4), 255, np.float32)
    rgba[1:-1, 1:-1, : picture.shape[2]] = picture
    # A clear frame around, and colours weighted by alpha: nothing from beyond the matte shows.
    rgba[[0, -1]] = rgba[:, [0, -1]] = 0
    rgba[:, :, :3] *= rgba[:, :, 3:] / 255
    reach = int(scale / 2)
    if reach:
        rgba = np.stack([box_mean(rgba[:, :, k], reach) for k in range(4)], 2)
    centres = (np.arange(size) + 0.5 - size / 2) * scale
    x, y = np.meshgrid(centres + width / 2 + 1, centres + height / 2 + 1)
    found = sample(rgba, x.ravel(), y.ravel()).reshape(size, size, 4)
    rgb = found[:, :, :3] + _to_srgb(_wall(size)) * (255 - found[:, :, 3:])
    return np.concatenate([np.rint(rgb), np.full((size, size, 1), 255)], 2).astype(np.uint8)


def _to_linear(srgb: Float) -> Float:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: Points | Float) -> Points:
    linear = np.clip(linear, 0, 1, dtype=np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)

"""Fine detail as pictures: what a mesh of many faces has and one of few lacks, in the texture space of the latter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int, Mask, Pixels
from ..errors import MeshError
from .arrays import Indices, dot
from .bake_detail_data import Detail, DetailMesh
from .bake_detail_match import Matches, Progress, at_corners, find_matches, in_parts
from .bake_detail_sky import sky_share
from .edges import check_mesh
from .pad import fill_gaps, pad_texture
from .raster import barycentric, covered_pixels, face_map
from .tangents import corner_tangents
from .triangles import unit, vertex_normals

__all__ = ["MAPS", "bake_detail", "smooth_mesh_of"]

MAPS = frozenset({"normal", "displacement", "occlusion"})
MIDLEVEL = 0.5
_FLAT = np.array([128, 128, 255], np.uint8)
_WHITEST = 65535


@dataclass(frozen=True)
class _Texels:
    """The texels in use: their places in the flat map, low triangles and weights of the corners there."""

    size: int
    place: Indices
    triangle: Int
    weights: Float
    overlap: float

    @property
    def covered(self) -> Mask:
        flat = np.zeros(self.size * self.size, np.bool_)
        flat[self.place] = True
        return flat.reshape(self.size, self.size)


def smooth_mesh_of(points: npt.NDArray[np.floating[Any]], triangles: Int, uv: Float | None = None) -> DetailMesh:
    """A mesh with smooth normals everywhere, of arrays as in `DetailMesh`."""
    normals = vertex_normals(points, triangles)[triangles]
    return DetailMesh(points.astype(np.float64), triangles, normals.astype(np.float32), uv)


def bake_detail(
    low: DetailMesh,
    high: DetailMesh,
    size: int,
    reach: float,
    maps: frozenset[str] = MAPS,
    progress: Progress | None = None,
) -> Detail:
    """Bake the detail of a mesh into maps of another one, see `bake_detail_match.find_matches` for what goes where.

    Parameters
    ----------
    low : DetailMesh
        With UVs, better without overlaps.
    high : DetailMesh
        In the same place as ``low``.
    size : int
        Side of the maps in texels.
    reach : float
        How far detail may lie from the low mesh, either way, in metres.
    maps : some of `MAPS`
    progress : told how far it is.

    Raises
    ------
    MeshError
        A mesh is empty or not finite, or there are no UVs, or they cover no texel.
    """
    report = progress or _tell_nobody
    check_mesh(high.points.astype(np.float32), high.triangles)
    texels = _texels(low, size)
    found = find_matches(low, high, texels.triangle, texels.weights, reach, lambda share: report(0.6 * share))
    covered = texels.covered
    scale = max(2.0 * float(np.abs(found.distance).max()), 1e-9)
    normal = displacement = occlusion = None
    if "normal" in maps:
        normal = pad_texture(_normal_colours(low, texels, found), covered)
    if "displacement" in maps:
        displacement = _heights(texels, found, scale)
    if "occlusion" in maps:
        share = sky_share(high.points, high.triangles, found.points, found.normals, lambda at: report(0.6 + 0.4 * at))
        grey = np.full((size * size, 1), 255, np.uint8)
        grey[texels.place, 0] = np.rint(share * 255)
        occlusion = pad_texture(grey.reshape(size, size, 1), covered)[:, :, 0]
    met, near = float(found.met.mean()), float(found.near.mean())
    return Detail(normal, displacement, occlusion, covered, scale, MIDLEVEL, met, near, texels.overlap)


def _tell_nobody(_share: float) -> None:
    """The progress of a bake that nobody follows."""


def _texels(low: DetailMesh, size: int) -> _Texels:
    """Lay the low mesh out on its texture."""
    check_mesh(low.points.astype(np.float32), low.triangles)
    if low.uv is None or low.uv.shape != (*low.triangles.shape, 2):
        raise MeshError("The low-poly mesh has no UVs: unwrap it first.")
    corners = np.stack([low.uv[:, :, 0], 1.0 - low.uv[:, :, 1]], 2).astype(np.float64) * size
    index = face_map(corners, (size, size)).ravel()
    place = np.flatnonzero(index >= 0)
    if not len(place):
        raise MeshError("The UVs of the low-poly mesh cover no part of the picture: unwrap it again.")
    claims = int(covered_pixels(corners, (size, size)).sum())
    rows, columns = np.divmod(place, size)
    triangle = index[place]
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    return _Texels(size, place, triangle, weights, (claims - len(place)) / len(place))


def _normal_colours(low: DetailMesh, texels: _Texels, found: Matches) -> Pixels:
    """The normals found as colours: uint8 [S, S, 3].

    Renderers read ``x * tangent + y * bitangent + z * normal``, all three interpolated and not of length one; this
    solves for x, y and z.
    """
    assert low.uv is not None
    tangents, signs = corner_tangents(low.points, low.triangles, low.normals, low.uv)
    colours = np.tile(_FLAT, (texels.size * texels.size, 1))
    for part in in_parts(len(texels.place)):
        triangle, weights = texels.triangle[part], texels.weights[part]
        tangent, normal = at_corners(tangents[triangle], weights), at_corners(low.normals[triangle], weights)
        bitangent = np.cross(normal, tangent) * signs[triangle, None]
        wanted = found.normals[part].astype(np.float64)
        rows = [np.cross(bitangent, normal), np.cross(normal, tangent), np.cross(tangent, bitangent)]
        local = np.stack([dot(wanted, row) for row in rows], 1) * signs[triangle, None]
        local[:, 2] = np.maximum(local[:, 2], 0.0)
        colours[texels.place[part]] = np.rint(unit(local) * 127.5 + 127.5)
    return colours.reshape(texels.size, texels.size, 3)


def _heights(texels: _Texels, found: Matches, scale: float) -> npt.NDArray[np.uint16]:
    """The distances found as uint16 [S, S]."""
    height = np.zeros((texels.size * texels.size, 1), np.float32)
    height[texels.place, 0] = found.distance / scale + MIDLEVEL
    whole = fill_gaps(height.reshape(texels.size, texels.size, 1), texels.covered.astype(np.float32))
    return np.rint(np.clip(whole[:, :, 0], 0, 1) * _WHITEST).astype(np.uint16)

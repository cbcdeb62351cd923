"""A texture of colours that are known at any point of the surface."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..contracts import Float, Int, Pixels
from ..errors import MeshError
from .edges import check_mesh
from .pad import pad_texture
from .raster import barycentric, face_map
from .sample_field import CHUNK, Tick
from .triangles import triangulate

__all__ = ["bake_points"]


def bake_points(
    vertices: Float, faces: Int, uv: Float, size: int, colours: Callable[[Float], Float], tick: Tick
) -> Pixels:
    """Paint each texel with the colour of its point on the surface.

    Parameters
    ----------
    vertices : float32 [V, 3]
    faces : int32 [F, 3], or [F, 4] where a triangle has -1 in its last column
    uv : float32 [F, 3 or 4, 2] in 0..1, origin at the bottom left, without overlaps
    size : side of the texture in texels
    colours : from points float32 [N, 3], in the frame of ``vertices``, to sRGB float32 [N, 3] in 0..1
    tick : see `Tick`

    Returns
    -------
    uint8 [size, size, 3]
        First row at the top, every texel filled.

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
    index = face_map(corners, (size, size)).ravel()
    covered = np.flatnonzero(index >= 0)
    texels = np.zeros((size * size, 3), np.uint8)
    for begin in range(0, len(covered), CHUNK):
        tick(begin / len(covered))
        texel = covered[begin : begin + CHUNK]
        rows, columns = np.divmod(texel, size)
        weights = barycentric(corners, index[texel], columns + 0.5, rows + 0.5)
        points = (weights[:, :, None] * vertices[triangles[index[texel]]]).sum(1)
        texels[texel] = np.rint(255 * np.clip(colours(points), 0, 1)).astype(np.uint8)
    return pad_texture(texels.reshape(size, size, 3), (index >= 0).reshape(size, size))

"""Values of a mesh's vertices as a picture over its UVs."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Pixels
from .pad import pad_texture
from .project_picture import to_texels
from .raster import barycentric, face_map

__all__ = ["bake_values"]


def bake_values(values: Float, triangles: Int, uv: Float, size: int) -> Pixels:
    """Paint a value per vertex over the UVs.

    Parameters
    ----------
    values : float32 [V] in 0..1
    triangles : int32 [T, 3]
    uv : float32 [T, 3, 2], origin at the bottom left
    size : side of the picture in pixels

    Returns
    -------
    uint8 [size, size], first row at the top; beyond the charts the values of those near by go on.
    """
    corners, owner = to_texels(uv, np.ones(len(uv), np.bool_), (size, size))
    index = face_map(corners, (size, size))
    rows, columns = np.nonzero(index >= 0)
    picture = np.zeros((size, size, 1), np.uint8)
    if not len(rows):
        return picture[..., 0]
    triangle = index[rows, columns]
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    shade = (np.clip(values, 0, 1)[triangles[owner[triangle]]] * weights).sum(1)
    picture[rows, columns, 0] = np.rint(shade * 255).astype(np.uint8)
    return pad_texture(picture, index >= 0)[..., 0].astype(np.uint8)

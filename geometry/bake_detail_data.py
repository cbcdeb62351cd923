"""What goes into a bake of detail and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int, Mask, Pixels
from .arrays import Points

__all__ = ["Detail", "DetailMesh"]


@dataclass(frozen=True)
class DetailMesh:
    """A mesh of triangles as it is shown: ``normals`` and ``uv`` (origin at the bottom left) are of the corners.

    ``points`` float64 [V, 3] in metres, ``triangles`` int32 [T, 3], ``normals`` float32 [T, 3, 3] unit, ``uv`` float32
    [T, 3, 2] or None.
    """

    points: Points
    triangles: Int
    normals: Float
    uv: Float | None = None


@dataclass(frozen=True)
class Detail:
    """Maps, first row at the top, None where not asked for, and how well the two meshes fitted.

    ``normal`` uint8 [S, S, 3]: tangent space, X right, Y up (OpenGL), Z out, -1..1 as 0..255. ``displacement`` uint16
    [S, S]: ``(value / 65535 - midlevel) * scale`` metres along the smooth normal. ``occlusion`` uint8 [S, S]: 255 where
    the whole sky is seen. ``covered`` bool [S, S]: the texels in use; the rest is padding. ``met``, ``near``: the
    shares of the texels in use that took the detail along the normal and, failing that, from the nearest point; the
    others found none within reach and show the mesh's own surface. ``overlap``: the share that more than one face
    claims.
    """

    normal: Pixels | None
    displacement: npt.NDArray[np.uint16] | None
    occlusion: Pixels | None
    covered: Mask
    scale: float
    midlevel: float
    met: float
    near: float
    overlap: float

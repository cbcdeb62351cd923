"""Silhouettes blown up to soft solids."""

from __future__ import annotations

import numpy as np

from ...contracts import Float, Mask, MeshArrays, Pixels
from ...errors import PictureError
from ..arrays import Points
from .drawn import Drawn
from .flat_texture import drawing_texture
from .height_grid import clipped_grid, cut_share, side_crossings

__all__ = ["inflate"]

_STEPS = 3000
_EXACT = 1e-8


def inflate(
    alpha: Pixels,
    *,
    depth: float = 0.4,
    height: float = 1.0,
    faces: int = 40_000,
    pixels: Pixels | None = None,
    texture_size: int = 2048,
) -> Drawn:
    """Blow a silhouette up like a cushion, the same to the front and to the back.

    The thickness is the root of a membrane's sag under even pressure (Poisson's equation), which makes a disc a ball
    or an ellipsoid and meets the outline upright.

    Parameters
    ----------
    alpha : uint8 [H, W], the silhouette
    depth : thickness in metres where it is thickest
    height : of the silhouette, in metres
    faces : triangles at most
    pixels : uint8 [H, W, 4] or None: the picture to be projected on front and back as a texture
    texture_size : side of the texture at most

    Returns
    -------
    Drawn
        Closed, facing -Y, standing on Z = 0.

    Raises
    ------
    PictureError
        The silhouette is empty.
    """
    solid = alpha > 127
    if not solid.any():
        raise PictureError("The silhouette is empty; use a picture with a subject in front of its background.")
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    crop = np.pad(alpha[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255, 2)
    cells = float(np.sqrt(faces / (4.0 * float(crop.mean())) * crop.shape[1] / crop.shape[0]))
    share, step = cut_share(crop, cells)
    places, triangles = clipped_grid(share)
    while 2 * len(triangles) > faces and cells > 4:
        cells *= min(float(np.sqrt(faces / (2 * len(triangles)))), 0.99)
        share, step = cut_share(crop, cells)
        places, triangles = clipped_grid(share)
    if not len(triangles):
        raise PictureError("The silhouette is too small to be blown up; use a larger one, or more faces.")
    nodes = np.rint(places).astype(np.int64)
    inner = (places == nodes).all(axis=1)
    sag = np.zeros(len(places))
    sag[inner] = np.sqrt(_membrane(share)[nodes[inner, 1], nodes[inner, 0]])
    sag *= depth / 2 / sag.max()
    # The rim is shared; front and back have points of their own within.
    back = np.arange(len(places), dtype=np.int64)
    back[inner] = len(places) + np.arange(np.count_nonzero(inner), dtype=np.int64)
    all_faces = np.concatenate([triangles, back[triangles][:, ::-1]]).astype(np.int32)
    both = np.concatenate([places, places[inner]])
    y = np.concatenate([-sag, sag[inner]])
    low, high = both.min(axis=0), both.max(axis=0)
    flat = (both - np.array([(low[0] + high[0]) / 2, low[1]])) * (height / float(high[1] - low[1]))
    vertices = np.stack([flat[:, 0], y, flat[:, 1]], axis=1).astype(np.float32)
    if pixels is None:
        return Drawn(MeshArrays(vertices, all_faces))
    origin = np.array([columns[0] - 2, len(alpha) - rows[-1] - 3])
    texture, uv = drawing_texture(pixels, alpha, (both * step + origin).astype(np.float32), all_faces, texture_size)
    return Drawn(MeshArrays(vertices, all_faces, uv, texture))


def _membrane(share: Float) -> Points:
    """Sag of a membrane held along the outline, under even pressure: float64, above zero at all nodes inside.

    Conjugate gradients on the five-point Laplacian; a side cut by the outline pulls as much more as it is shorter
    (F. Gibou et al., 2002).
    """
    inside = share > 0.5
    right, up = side_crossings(share)
    diagonal = np.zeros(share.shape)
    for axis, cut in ((1, right), (0, up)):
        lower = inside[:, :-1] if axis else inside[:-1]
        upper = inside[:, 1:] if axis else inside[1:]
        here = diagonal[:, :-1] if axis else diagonal[:-1]
        here += np.where(lower, np.where(upper, 1.0, 1.0 / cut), 0.0)
        there = diagonal[:, 1:] if axis else diagonal[1:]
        there += np.where(upper, np.where(lower, 1.0, 1.0 / (1.0 - cut)), 0.0)
    return _solve(diagonal, inside)


def _solve(diagonal: Points, inside: Mask) -> Points:
    """Solve for a right side of ones, preconditioned by the diagonal."""
    scale = np.where(inside, 1.0 / np.where(inside, diagonal, 1.0), 0.0)
    found = np.zeros(inside.shape)
    residual = inside.astype(np.float64)
    way = scale * residual
    energy = first = float((residual * way).sum())
    for _ in range(_STEPS):
        pulled = diagonal * way
        pulled[:, 1:] -= way[:, :-1]
        pulled[:, :-1] -= way[:, 1:]
        pulled[1:] -= way[:-1]
        pulled[:-1] -= way[1:]
        pulled *= inside
        share = energy / float((way * pulled).sum())
        found += share * way
        residual -= share * pulled
        scaled = scale * residual
        before, energy = energy, float((residual * scaled).sum())
        if energy < _EXACT * first:
            break
        way = scaled + (energy / before) * way
    return np.where(inside, np.maximum(found, 1e-9), 0.0)

"""Reliefs: pictures as height fields with a flat base, such as lithophanes, coins and terrain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...contracts import Float, MeshArrays, Pixels
from ...errors import PictureError
from ..arrays import Indices, Points
from .delaunay import triangulate_inside
from .drawn import Drawn
from .height_grid import (
    clipped_grid,
    cut_share,
    disc_places,
    grid_shape,
    lattice,
    lattice_triangles,
    sampled_mean,
)
from .simplify import to_units

__all__ = ["PRESETS", "relief"]

Shape = Literal["rectangle", "disc", "alpha"]
Mode = Literal["lithophane", "height"]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "lithophane": {"mode": "lithophane", "shape": "rectangle", "thickness_mm": 3.0, "base_mm": 0.8, "border_mm": 3.0},
    "coin": {
        "mode": "height",
        "shape": "disc",
        "width_mm": 30.0,
        "thickness_mm": 2.5,
        "base_mm": 1.5,
        "border_mm": 1.5,
    },
    "terrain": {"mode": "height", "shape": "rectangle", "thickness_mm": 20.0, "base_mm": 3.0, "upright": False},
    "slice": {"mode": "height", "shape": "rectangle", "thickness_mm": 8.0, "base_mm": 1.0, "smooth": 2.0},
}
"""Arguments of `relief` for common uses; ``slice`` is for medical slices, where bright tissue stands out."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LEAST_RANGE, _LEAST_FINE_RANGE = 2.5 / 255, 2.5 / 65535
_THINNEST = 0.05
_FEWEST_FACES = 100
_MILLIMETRE = 1e-3
_ROWS = 256


def relief(
    pixels: Pixels | npt.NDArray[np.floating[Any]],
    *,
    width_mm: float = 100.0,
    thickness_mm: float = 3.0,
    base_mm: float = 0.8,
    invert: bool = False,
    smooth: float = 1.0,
    faces: int = 200_000,
    border_mm: float = 0.0,
    shape: Shape = "rectangle",
    mode: Mode = "lithophane",
    upright: bool = True,
) -> Drawn:
    """Make a closed height field with a flat base from a picture.

    Heights follow the sRGB values (ITU-R BT.709 luma) in equal steps, stretched so that the picture's extremes are at
    ``base_mm`` and ``thickness_mm``.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha; or float [H, W] in 0..1, for heights finer than 8 bits, NaN
        where nothing is known: there the relief is as thin as it gets
    width_mm : of the picture, of the disc, or of what alpha leaves
    thickness_mm, base_mm : at the thickest and at the thinnest place
    invert : turn thick and thin around
    smooth : spread of the smoothing in grid cells, 0 for none
    faces : triangles at most; the grid is as fine as that allows
    border_mm : a rim as thick as the thickest place, over the picture's edge; not with ``shape="alpha"``
    shape : "disc" takes the circle in the picture's middle; "alpha" cuts along the picture's alpha
    mode : in a "lithophane" dark is thick, to be seen with light behind; in "height" bright is
    upright : facing -Y, as a picture on an easel; otherwise lying, heights along Z

    Returns
    -------
    Drawn
        In metres.

    Raises
    ------
    PictureError
        The picture has one brightness, or alpha leaves nothing; or sizes make no sense.
    """
    if width_mm <= 0 or base_mm < _THINNEST or thickness_mm <= base_mm:
        raise PictureError(
            f"A relief needs a width, a base of at least {_THINNEST} mm and more thickness than that; change the sizes."
        )
    heights, alpha = _heights(pixels, mode == "lithophane")
    if invert:
        heights = 1.0 - heights
    builder = {"rectangle": _rectangle, "disc": _disc, "alpha": _cut_out}[shape]
    places, triangles, values = builder(heights, alpha, max(faces, _FEWEST_FACES), smooth)
    span = float(values.max() - values.min())
    if span < (_LEAST_RANGE if pixels.ndim == 3 else _LEAST_FINE_RANGE):
        raise PictureError("The picture has the same brightness all over; use one with light and dark parts.")
    values = (values - values.min()) / span
    low = places.min(axis=0)
    places = (places - low) * (width_mm / float(places[:, 0].max() - low[0]))
    if border_mm > 0 and shape != "alpha":
        values[_from_rim(places, shape) < border_mm] = 1.0
    vertices, all_faces = _solid(places, triangles, base_mm + values * (thickness_mm - base_mm))
    return Drawn(MeshArrays(_placed(vertices, upright), all_faces))


def _heights(pixels: Pixels | npt.NDArray[np.floating[Any]], dark_is_thick: bool) -> tuple[Float, Float]:
    """Heights and alpha, float32 [H, W] in 0..1; what is transparent or not known is thin."""
    if pixels.ndim == 2:
        values = pixels.astype(np.float32)
        values = 1.0 - values if dark_is_thick else values
        known = np.isfinite(values)
        thin = float(values[known].min()) if known.any() else 0.0
        return np.where(known, values, np.float32(thin)), np.ones(values.shape, np.float32)
    heights = np.empty(pixels.shape[:2], np.float32)
    alpha = np.empty_like(heights)
    for begin in range(0, len(pixels), _ROWS):
        rows = slice(begin, begin + _ROWS)
        part = pixels[rows].astype(np.float32) / np.float32(255)
        luma = part[:, :, :3] @ _LUMA
        alpha[rows] = part[:, :, 3]
        heights[rows] = (1.0 - luma if dark_is_thick else luma) * part[:, :, 3]
    return heights, alpha


def _rectangle(heights: Float, alpha: Float, faces: int, smooth: float) -> tuple[Points, Indices, Float]:
    """Places in pixels, triangles and values of a grid over the whole picture."""
    del alpha
    size = np.array(heights.shape[::-1], np.float64)
    rows, columns = grid_shape(faces, size[1] / size[0])
    places = lattice(rows, columns) * size
    return places, lattice_triangles(rows, columns), sampled_mean(heights, places, size[0] / columns, smooth)


def _disc(heights: Float, alpha: Float, faces: int, smooth: float) -> tuple[Points, Indices, Float]:
    """The same over the circle in the picture's middle."""
    del alpha
    size = np.array(heights.shape[::-1], np.float64)
    rows, columns = grid_shape(faces, 1.0)
    side = float(size.min())
    places = size / 2 + (disc_places(lattice(rows, columns)) - 0.5) * side
    return places, lattice_triangles(rows, columns), sampled_mean(heights, places, side / columns, smooth)


def _cut_out(heights: Float, alpha: Float, faces: int, smooth: float) -> tuple[Points, Indices, Float]:
    """The same over what alpha leaves."""
    solid = alpha > 0.5
    if not solid.any():
        raise PictureError("The picture is transparent all over; use another one, or another shape.")
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    crop = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    heights, alpha = np.pad(heights[crop], 1), np.pad(alpha[crop], 1)
    size = np.array(heights.shape[::-1], np.float64)
    # Heights of half transparent pixels are too low: beyond the edge those within go on.
    heights = np.divide(heights, alpha, out=heights, where=alpha > 0)
    weight = (alpha > 0.5).astype(np.float32)
    cells = float(np.sqrt(faces / (2.0 * float(weight.mean())) * size[0] / size[1]))
    places, triangles, step = _cut_grid(alpha, cells)
    while cells >= 4 and (count := len(triangles) + 3 * len(_rim(triangles))) > faces:
        cells *= min(float(np.sqrt(faces / count)), 0.99)
        places, triangles, step = _cut_grid(alpha, cells)
    weighted = sampled_mean(heights * weight, places, step, smooth)
    values = weighted / np.maximum(sampled_mean(weight, places, step, smooth), 1e-3)
    return places, triangles, values


def _cut_grid(alpha: Float, cells: float) -> tuple[Points, Indices, float]:
    """A grid about ``cells`` columns wide, cut along alpha's edge: places in pixels, triangles, a cell's width."""
    share, step = cut_share(alpha, cells)
    places, triangles = clipped_grid(share)
    if not len(triangles):
        raise PictureError("What alpha leaves of the picture is too small for a relief; use another picture or shape.")
    return places * step, triangles, step


def _from_rim(places: Points, shape: Shape) -> Points:
    """How far inside places lie, from the rectangle's or disc's rim."""
    high = places.max(axis=0)
    if shape == "disc":
        return high[0] / 2 - np.linalg.norm(places - high / 2, axis=1)
    return np.minimum(places, high - places).min(axis=1)


def _rim(triangles: Indices) -> Indices:
    """The sides of triangles that have no other beside them, int64 [R, 2], as the triangles run."""
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    limit = int(triangles.max()) + 1
    lone = ~np.isin(start * limit + end, end * limit + start)
    return np.stack([start[lone], end[lone]], axis=1)


def _solid(places: Points, triangles: Indices, heights: Float) -> tuple[Points, npt.NDArray[np.int32]]:
    """Close a height field with walls and a base: vertices (x, height, y) and faces."""
    rim = _rim(triangles)
    outer = np.unique(rim[:, 0])
    number = np.full(len(places), -1, np.int64)
    number[outer] = np.arange(len(outer), dtype=np.int64)
    n = len(places)
    base = triangulate_inside(to_units(places[outer]), number[rim])
    below = number[rim] + n
    walls = [
        np.stack([rim[:, 0], below[:, 0], below[:, 1]], axis=1),
        np.stack([rim[:, 0], below[:, 1], rim[:, 1]], axis=1),
    ]
    vertices = np.concatenate([np.insert(places, 1, heights, axis=1), np.insert(places[outer], 1, 0.0, axis=1)])
    return vertices, np.concatenate([triangles, *walls, base[:, ::-1] + n]).astype(np.int32)


def _placed(vertices: Points, upright: bool) -> Float:
    """Vertices (x, height, y) in millimetres, put into the object frame."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    x = vertices[:, 0] - (low[0] + high[0]) / 2
    if upright:
        found = np.stack([x, (low[1] + high[1]) / 2 - vertices[:, 1], vertices[:, 2] - low[2]], axis=1)
    else:
        found = np.stack([x, vertices[:, 2] - (low[2] + high[2]) / 2, vertices[:, 1]], axis=1)
    return (found * _MILLIMETRE).astype(np.float32)

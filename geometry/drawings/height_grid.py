"""Grids of triangles over a rectangle, a disc or any outline, for height fields."""

from __future__ import annotations

import math

import numpy as np

from ...contracts import Float
from ..arrays import Indices, Points
from ..filters import box_mean, sample

__all__ = [
    "clipped_grid",
    "cut_share",
    "disc_places",
    "grid_shape",
    "lattice",
    "lattice_triangles",
    "sampled_mean",
    "side_crossings",
]

_NEAREST = 0.15
"""Where an outline cuts a grid's side it stays this share of the side away from its ends: no slivers."""


def grid_shape(faces: int, aspect: float) -> tuple[int, int]:
    """Rows and columns of cells, so that the closed solid over the grid has at most so many triangles.

    ``aspect`` is height by width. The solid has two triangles a cell, two a side of the rim for its walls, and the
    rim's polygon below, which has two less than it has sides.
    """
    columns = max(int(math.sqrt(max(faces, 1) / (2.0 * aspect))), 1)
    while columns > 1:
        rows = max(round(columns * aspect), 1)
        if 2 * rows * columns + 6 * (rows + columns) - 2 <= faces:
            break
        columns -= 1
    return max(round(columns * aspect), 1), columns


def lattice(rows: int, columns: int) -> Points:
    """Corners of the cells of the unit square, row after row from the bottom: float64 [(rows + 1) (columns + 1), 2]."""
    x, y = np.meshgrid(np.linspace(0.0, 1.0, columns + 1), np.linspace(0.0, 1.0, rows + 1))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def lattice_triangles(rows: int, columns: int) -> Indices:
    """Two triangles a cell, int64 [2 rows columns, 3], counter-clockwise; the diagonals alternate."""
    r, c = np.divmod(np.arange(rows * columns, dtype=np.int64), columns)
    a = r * (columns + 1) + c
    b, d = a + 1, a + columns + 1
    e = d + 1
    even = ((r + c) % 2 == 0)[:, None]
    one = np.where(even, np.stack([a, b, e], axis=1), np.stack([a, b, d], axis=1))
    other = np.where(even, np.stack([a, e, d], axis=1), np.stack([b, e, d], axis=1))
    return np.stack([one, other], axis=1).reshape(-1, 3)


def disc_places(unit: Points) -> Points:
    """Move places of the unit square onto its inscribed disc, squares around the middle to circles, all areas alike.

    P. Shirley and K. Chiu, "A low distortion map between disk and square", 1997.
    """
    x, y = (2.0 * unit - 1.0).T
    flat = np.abs(x) > np.abs(y)
    radius = np.where(flat, x, y)
    ratio = np.where(flat, y, x) / np.where(radius == 0, 1.0, radius) * (math.pi / 4)
    near, far = radius * np.cos(ratio), radius * np.sin(ratio)
    return 0.5 + 0.5 * np.stack([np.where(flat, near, far), np.where(flat, far, near)], axis=1)


def clipped_grid(share: Float) -> tuple[Points, Indices]:
    """Cut a grid along the outline of what is inside.

    Parameters
    ----------
    share : float32 [rows + 1, columns + 1]
        At the cells' corners, the first row at the bottom: inside above 0.5.

    Returns
    -------
    places : float64 [V, 2]
        In cells, from the lower left corner.
    triangles : int64 [T, 3]
        Counter-clockwise; where two corners across from each other are inside, they hang together.
    """
    height, width = share.shape
    inside = share > 0.5
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    right, up = side_crossings(share)
    places = np.concatenate(
        [
            np.stack([x.ravel(), y.ravel()], axis=1),
            np.stack([(x[:, :-1] + right).ravel(), y[:, :-1].ravel()], axis=1),
            np.stack([x[:-1].ravel(), (y[:-1] + up).ravel()], axis=1),
        ]
    )
    corner = np.arange(height * width, dtype=np.int64).reshape(height, width)
    across = height * width + np.arange(height * (width - 1), dtype=np.int64).reshape(height, width - 1)
    down = height * (2 * width - 1) + np.arange((height - 1) * width, dtype=np.int64).reshape(height - 1, width)
    # Around each cell, counter-clockwise: a corner, the crossing after it, and so on.
    ring = np.stack(
        [corner[:-1, :-1], across[:-1], corner[:-1, 1:], down[:, 1:],
         corner[1:, 1:], across[1:], corner[1:, :-1], down[:, :-1]], axis=2,
    ).reshape(-1, 8)  # fmt: skip
    corners_in = np.stack([inside[:-1, :-1], inside[:-1, 1:], inside[1:, 1:], inside[1:, :-1]], axis=2).reshape(-1, 4)
    case = corners_in @ np.array([1, 2, 4, 8])
    triangles = [_fans(ring[case == kind], kind) for kind in range(1, 16)]
    faces = np.concatenate(triangles)
    used, faces = np.unique(faces, return_inverse=True)
    return places[used], faces.reshape(-1, 3).astype(np.int64)


def side_crossings(share: Float) -> tuple[Points, Points]:
    """How far along the grid's sides, to the right and up, the outline cuts them; without meaning where it does not."""
    level = share.astype(np.float64) - 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        right = np.clip(level[:, :-1] / (level[:, :-1] - level[:, 1:]), _NEAREST, 1 - _NEAREST)
        up = np.clip(level[:-1] / (level[:-1] - level[1:]), _NEAREST, 1 - _NEAREST)
    return right, up


def sampled_mean(picture: Float, places: Points, step: float, smooth: float) -> Float:
    """Look a picture's values up, each the mean over a grid's cell.

    Parameters
    ----------
    picture : float32 [H, W]
    places : float64 [N, 2], drawing frame
    step : a cell's width in pixels
    smooth : spread of a smoothing in cells, 0 for none

    Returns
    -------
    float32 [N]
    """
    height, factor = len(picture), max(int(step), 1)
    if factor > 1:
        # Fine pictures are reduced first, which saves time and memory.
        tall, wide = (-side % factor for side in picture.shape)
        padded = np.pad(picture, ((0, tall), (0, wide)), mode="edge")
        rows, columns = (side // factor for side in padded.shape)
        picture = padded.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
        step /= factor
    reach = (step - 1.0) / 2.0
    if reach >= 0.5:
        picture = box_mean(picture, int(reach + 0.5))
    if smooth > 0:
        # Three boxes are as good as a bell curve; a box of reach r has the variance r (r + 1) / 3.
        wide = round((math.sqrt(1 + 4 * (smooth * step) ** 2) - 1) / 2)
        for _ in range(3 if wide else 0):
            picture = box_mean(picture, wide)
    x, y = places.astype(np.float32).T
    return sample(picture, x / factor, (height - y) / factor)


def cut_share(alpha: Float, cells: float) -> tuple[Float, float]:
    """A grid about ``cells`` columns wide over a picture's alpha, float32 [H, W] in 0..1.

    Returns
    -------
    share : float32 [rows + 1, columns + 1], for `clipped_grid`; nothing is inside along its rim
    step : a cell's width in pixels
    """
    size = np.array(alpha.shape[::-1], np.float64)
    step = float(size[0] / max(int(cells), 2))
    columns, rows = (int(np.ceil(side / step)) for side in size)
    grid = lattice(rows, columns) * np.array([columns, rows]) * step
    share = sampled_mean(alpha, grid, step, 0.0).reshape(rows + 1, columns + 1)
    share[[0, -1]], share[:, [0, -1]] = 0, 0
    return share, step


def _fans(ring: Indices, kind: int) -> Indices:
    """The triangles of cells [N, 8] whose inside corners are the bits of ``kind``."""
    bits = [bool(kind >> corner & 1) for corner in range(4)]
    slots = [s for k in range(4) for s, used in ((2 * k, bits[k]), (2 * k + 1, bits[k] != bits[k - 3])) if used]
    # From a corner that is inside, no triangle has all its corners on the outline.
    begin = next(k for k, slot in enumerate(slots) if slot % 2 == 0)
    slots = slots[begin:] + slots[:begin]
    fan = [ring[:, [slots[0], slots[k], slots[k + 1]]] for k in range(1, len(slots) - 1)]
    return np.concatenate(fan) if len(ring) else np.zeros((0, 3), np.int64)

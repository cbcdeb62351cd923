"""Which triangle covers which pixel: a scanline rasteriser, vectorised over all triangles at once.

Pixel coordinates: x to the right, y down, the centre of pixel (column c, row r) at (c + 0.5, r + 0.5). A pixel belongs
to a triangle when its centre lies inside; on a shared edge exactly one of the two triangles gets it, because both
compute the crossing of the edge with the row from the same end of the edge, and spans are half open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Float, Int
from ..errors import MeshError

__all__ = ["barycentric", "covered_pixels", "face_map", "undo_perspective"]

# Rows and pixels worked on at once: bounds the memory, whatever the picture's size.
_ROWS_AT_ONCE = 1 << 19
_PIXELS_AT_ONCE = 1 << 21

_Array = npt.NDArray[Any]


def face_map(
    corners: npt.NDArray[np.floating[Any]], size: tuple[int, int], depth: npt.NDArray[np.floating[Any]] | None = None
) -> Int:
    """Find the triangle at each pixel centre.

    Parameters
    ----------
    corners : [T, 3, 2] corner positions in pixels (x right, y down).
    size : (height, width) of the picture.
    depth : [T, 3] depth of each corner, or None. The smallest wins. It is interpolated linearly over the picture, so
        under perspective pass something affine there, such as -1 / distance.

    Returns
    -------
    int32 [height, width], -1 where nothing covers the pixel. Without depth the last triangle wins.

    Raises
    ------
    MeshError : a corner or depth is not finite.
    """
    _check(corners, depth)
    index = np.full(size[0] * size[1], -1, np.int32)
    if depth is None:
        for triangle, row, start, stop in _spans(corners, size, np.arange(len(corners))):
            for span, pixel, _ in _pixels(row * size[1] + start, stop - start):
                index[pixel] = triangle[span]
    else:
        _nearest(corners, size, depth, index)
    return index.reshape(size)


def covered_pixels(corners: npt.NDArray[np.floating[Any]], size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Count the pixel centres inside each triangle, hidden or not: int64 [T]."""
    _check(corners, None)
    count = np.zeros(len(corners), np.int64)
    for triangle, _, start, stop in _spans(corners, size, np.arange(len(corners))):
        count += np.bincount(triangle, stop - start, len(corners)).astype(np.int64)
    return count


def barycentric(
    corners: npt.NDArray[np.floating[Any]],
    triangle: npt.NDArray[np.integer[Any]],
    x: npt.NDArray[np.floating[Any]],
    y: npt.NDArray[np.floating[Any]],
) -> Float:
    """Weights of the three corners at points of given triangles.

    ``corners`` [T, 3, 2] in pixels; ``triangle``, ``x``, ``y`` [N]. Returns float32 [N, 3], each in 0..1, sum 1.
    """
    origin = corners[:, 0].astype(np.float64)
    first = corners[:, 1] - origin
    second = corners[:, 2] - origin
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area[area == 0] = np.inf
    rows = np.stack(
        [
            origin[:, 0],
            origin[:, 1],
            second[:, 1] / area,
            -second[:, 0] / area,
            -first[:, 1] / area,
            first[:, 0] / area,
        ],
        1,
    ).astype(np.float32)
    found = rows[triangle]
    dx = x.astype(np.float32) - found[:, 0]
    dy = y.astype(np.float32) - found[:, 1]
    weights = np.empty((len(triangle), 3), np.float32)
    # A centre on an edge may come out a rounding error outside: pull it back in.
    np.clip(dx * found[:, 2] + dy * found[:, 3], 0, 1, out=weights[:, 1])
    np.clip(dx * found[:, 4] + dy * found[:, 5], 0, 1 - weights[:, 1], out=weights[:, 2])
    weights[:, 0] = 1 - weights[:, 1] - weights[:, 2]
    return weights


def undo_perspective(weights: Float, closeness: npt.NDArray[np.floating[Any]]) -> tuple[Float, Float]:
    """Turn weights that hold in the picture into those that hold on the surface.

    ``weights`` float32 [N, 3]; ``closeness`` [N, 3]: one over the distance along the camera's axis, at the corners.
    Returns the surface's weights float32 [N, 3], and its distance at each point, float32 [N].
    """
    weighted = weights * closeness.astype(np.float32)
    total = weighted.sum(1)
    return weighted / total[:, None], 1 / total


def _check(corners: _Array, depth: _Array | None) -> None:
    if not np.isfinite(corners).all() or (depth is not None and not np.isfinite(depth).all()):
        raise MeshError("The mesh has coordinates that are not finite: clean it up first.")


def _spans(corners: _Array, size: tuple[int, int], order: _Array) -> Iterator[tuple[_Array, _Array, _Array, _Array]]:
    """Yield (triangle, row, start, stop): in this row the triangle covers the columns start <= column < stop."""
    height, width = size
    points = corners[order].astype(np.float64)
    points = np.take_along_axis(points, np.argsort(points[:, :, 1], axis=1)[:, :, None], axis=1)
    x, y = points[:, :, 0], points[:, :, 1]
    first = np.clip(np.ceil(y[:, 0] - 0.5), 0, height).astype(np.int64)
    rows = np.clip(np.ceil(y[:, 2] - 0.5), 0, height).astype(np.int64) - first
    rows[(x.max(1, initial=-np.inf) < 0) | (x.min(1, initial=np.inf) > width)] = 0
    long_slope = _slope(x[:, 2] - x[:, 0], y[:, 2] - y[:, 0])
    upper_slope = _slope(x[:, 1] - x[:, 0], y[:, 1] - y[:, 0])
    lower_slope = _slope(x[:, 2] - x[:, 1], y[:, 2] - y[:, 1])
    bend = x[:, 1] - (x[:, 0] + (y[:, 1] - y[:, 0]) * long_slope)
    rows[bend == 0] = 0
    ends = np.cumsum(rows)
    begin = 0
    while begin < len(rows):
        done = ends[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(ends, done + _ROWS_AT_ONCE, "right")))
        part = np.repeat(np.arange(begin, stop), rows[begin:stop])
        row = np.arange(len(part)) - np.repeat(ends[begin:stop] - rows[begin:stop] - done, rows[begin:stop])
        row += first[part]
        centre = row + 0.5
        long_side = x[part, 0] + (centre - y[part, 0]) * long_slope[part]
        short_side = np.where(
            centre < y[part, 1],
            x[part, 0] + (centre - y[part, 0]) * upper_slope[part],
            x[part, 1] + (centre - y[part, 1]) * lower_slope[part],
        )
        bends_right = bend[part] > 0
        left = np.where(bends_right, long_side, short_side)
        right = np.where(bends_right, short_side, long_side)
        left = np.clip(np.ceil(left - 0.5), 0, width).astype(np.int64)
        right = np.clip(np.ceil(right - 0.5), 0, width).astype(np.int64)
        full = np.flatnonzero(right > left)
        yield order[part[full]], row[full], left[full], right[full]
        begin = stop


def _slope(dx: _Array, dy: _Array) -> _Array:
    """Columns per row along an edge; zero for horizontal ones, which no row crosses."""
    return dx / np.where(dy > 0, dy, np.inf)


def _pixels(base: _Array, length: _Array) -> Iterator[tuple[_Array, _Array, _Array]]:
    """Yield (span, pixel, step) for all pixels of spans that begin at flat pixel ``base``."""
    ends = np.cumsum(length)
    begin = 0
    while begin < len(length):
        done = ends[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(ends, done + _PIXELS_AT_ONCE, "right")))
        count = length[begin:stop]
        span = np.repeat(np.arange(begin, stop), count)
        step = np.arange(len(span)) - np.repeat(ends[begin:stop] - count - done, count)
        yield span, step + base[span], step
        begin = stop


def _nearest(corners: _Array, size: tuple[int, int], depth: _Array, index: Int) -> None:
    """Fill ``index`` (flat) with the nearest triangle of each pixel."""
    depth = depth.astype(np.float64)
    across, down, at_origin = _planes(corners.astype(np.float64), depth)
    nearest = np.full(len(index), np.inf, np.float32)
    # Far ones first: then most pixels are right after one write, and few rounds are left.
    order = np.argsort(-depth.sum(1), kind="stable")
    for triangle, row, start, stop in _spans(corners, size, order):
        begin = at_origin[triangle] + across[triangle] * (start + 0.5) + down[triangle] * (row + 0.5)
        for span, pixel, step in _pixels(row * size[1] + start, stop - start):
            found = triangle[span]
            value = (begin[span] + across[found] * step).astype(np.float32)
            while True:
                closer = np.flatnonzero(value < nearest[pixel])
                if not len(closer):
                    break
                value, pixel, found = value[closer], pixel[closer], found[closer]
                # Where a pixel comes more than once the last is kept; a nearer one among them goes into the next round.
                nearest[pixel] = value
                index[pixel] = found


def _planes(corners: _Array, depth: _Array) -> tuple[_Array, _Array, _Array]:
    """Depth as an affine function of x and y, one per triangle: its two slopes and its value at (0, 0)."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area[area == 0] = np.inf
    rise = depth[:, 1:] - depth[:, :1]
    across = (rise[:, 0] * second[:, 1] - rise[:, 1] * first[:, 1]) / area
    down = (rise[:, 1] * first[:, 0] - rise[:, 0] * second[:, 0]) / area
    return across, down, depth[:, 0] - across * corners[:, 0, 0] - down * corners[:, 0, 1]

"""Packing charts into a square: bitmaps as long integers, every free position found with a few shifts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..contracts import Mask
from .arrays import Indices, Points
from .raster import face_map

__all__ = ["bounds", "lay_out", "pack_charts"]

# A cell of the bitmaps is two texels of a 1024 texture: cells kept free between charts are the margin.
_CELLS = 512
_EXPECTED_COVERAGE = 0.72
# Charts of fewer cells than this are tried upright and turned once only: more would not make the square smaller.
_SMALL = 40
_GROWTH = 1.01
_LARGEST_GROWTH = 1.4


@dataclass(frozen=True)
class _Shape:
    """One way to lay a chart: its bitmap's runs (row, first cell, length), size in cells, and quarter turns."""

    runs: list[tuple[int, int, int]]
    width: int
    height: int
    turns: int


def pack_charts(corners: Points, chart: Indices) -> Points:
    """Place charts side by side in the unit square.

    The margin between two charts is at least one cell of 1/512 to 1/600 of the square (about two texels of a 1024
    texture, eight of a 4096 one), and half of that to the square's border.

    Parameters
    ----------
    corners : float64 [T, 3, 2]
        The charts' triangles, all charts to the same scale, each anywhere.
    chart : int64 [T]
        The chart of each triangle, 0, 1, ... without gaps.

    Returns
    -------
    float64 [T, 3, 2] in 0..1; charts are moved, turned by quarters and scaled all alike.
    """
    low, high = bounds(corners, chart)
    corners = corners - low[chart][:, None]
    cell = _cell_size(corners, high - low)
    corners = corners / cell
    masks = _bitmaps(corners, chart, np.ceil((high - low) / cell + 1e-9).astype(np.int64))
    side, places = _place_all(masks)
    heights = np.array([mask.shape[0] for mask in masks])[chart][:, None]
    widths = np.array([mask.shape[1] for mask in masks])[chart][:, None]
    # Half a cell of the margin goes to either side of the chart.
    x, y = corners[:, :, 0] + 0.5, corners[:, :, 1] + 0.5
    turns = places[chart, 2][:, None]
    turned_x = np.choose(turns, [x, heights - y, widths - x, y])
    turned_y = np.choose(turns, [y, x, heights - y, widths - x])
    placed = np.stack([turned_x, turned_y], 2) + places[chart, None, :2]
    return np.clip(placed / side, 0.0, 1.0)


def bounds(corners: Points, chart: Indices) -> tuple[Points, Points]:
    """Lowest and highest corner of each chart's box: float64 [C, 2] each; arguments as `pack_charts`."""
    order = np.argsort(chart, kind="stable")
    first = np.searchsorted(chart[order], np.arange(int(chart.max()) + 1))
    low = np.minimum.reduceat(corners[order].min(1), first, axis=0)
    high = np.maximum.reduceat(corners[order].max(1), first, axis=0)
    return low, high


def lay_out(sizes: Indices) -> tuple[Indices, tuple[int, int]]:
    """Set boxes on shelves, side by side without overlap, quickly rather than tightly.

    ``sizes`` int64 [N, 2] (width, height). Returns the corners nearest to the origin, int64 [N, 2], and the (height,
    width) of all.
    """
    total_width = max(int(sizes[:, 0].max()), int(np.sqrt(sizes.prod(1).sum() * 1.2)) + 1)
    origin = np.zeros_like(sizes)
    x = y = shelf = 0
    for box in np.argsort(-sizes[:, 1], kind="stable"):
        width, height = int(sizes[box, 0]), int(sizes[box, 1])
        if x + width > total_width:
            x, y, shelf = 0, y + shelf, 0
        origin[box] = x, y
        x, shelf = x + width, max(shelf, height)
    return origin, (y + shelf, total_width)


def _cell_size(corners: Points, extents: Points) -> float:
    """Size of a bitmap's cell such that the packed square comes out at about `_CELLS` cells."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum()
    return max(np.sqrt(area / _EXPECTED_COVERAGE), float(extents.max()), 1e-12) / _CELLS


def _bitmaps(corners: Points, chart: Indices, sizes: Indices) -> list[Mask]:
    """Bool bitmap [height, width] of each chart: the cells it touches and, for the margin, those right and below."""
    origin, (height, width) = lay_out(sizes + 1)
    moved = corners + origin[chart][:, None]
    filled = face_map(moved, (height, width)) >= 0
    # Cells whose centre is missed: walk along all sides in steps of a third of a cell.
    start, end = moved.reshape(-1, 2), np.roll(moved, -1, axis=1).reshape(-1, 2)
    steps = np.ceil(np.abs(end - start).max(1) * 3).astype(np.int64) + 1
    side = np.repeat(np.arange(len(steps)), steps)
    nth = np.arange(len(side)) - np.repeat(np.cumsum(steps) - steps, steps)
    points = start[side] + (end - start)[side] * (nth / steps[side])[:, None]
    filled[points[:, 1].astype(np.int64), points[:, 0].astype(np.int64)] = True
    spread = filled.copy()
    spread[:, 1:] |= filled[:, :-1]
    spread[1:] |= spread[:-1].copy()
    return [
        spread[y : y + h + 1, x : x + w + 1] for (x, y), (w, h) in zip(origin.tolist(), sizes.tolist(), strict=True)
    ]


def _place_all(masks: list[Mask]) -> tuple[int, Indices]:
    """Place all bitmaps in a square, beginning with the smallest thinkable one.

    Beginning again elsewhere to find a smaller one takes as long again, and gains at most 3 % of a texel's side.

    Returns the square's side in cells, and int64 [C, 3]: column, row and quarter turns of each chart.
    """
    areas = np.array([np.count_nonzero(mask) for mask in masks])
    order = np.argsort(-areas, kind="stable").tolist()
    shapes = [list(_shapes(mask, 4 if area >= _SMALL else 2)) for mask, area in zip(masks, areas, strict=True)]
    start = max(int(np.sqrt(areas.sum() * 1.05)) + 1, max(min(mask.shape) for mask in masks))
    best = None
    while best is None:
        best = _place(shapes, order, start)
        start = int(start * _LARGEST_GROWTH) + 1
    return best


def _place(shapes: list[list[_Shape]], order: list[int], side: int) -> tuple[int, Indices] | None:
    """Place all charts in the given order in a square that grows where it must; None when it grew too much."""
    stride = 8 * (int(side * _LARGEST_GROWTH) // 8 + 1)
    places = np.zeros((len(shapes), 3), np.int64)
    occupied = 0
    for chart in order:
        blocked = _blocked(occupied, shapes[chart], stride)
        found = _lowest(shapes[chart], blocked, side, stride)
        while found is None:
            side = int(side * _GROWTH) + 1
            if side > stride:
                return None
            found = _lowest(shapes[chart], blocked, side, stride)
        shape, x, y = found
        for row, first, length in shape.runs:
            occupied |= ((1 << length) - 1) << ((y + row) * stride + x + first)
        places[chart] = x, y, shape.turns
    return side, places


def _shapes(mask: Mask, count: int) -> Iterator[_Shape]:
    """The ways to lay a chart: ``count`` quarter turns, as runs of cells."""
    for turns in range(count):
        # A quarter turn from x to y: the transpose, mirrored along x.
        turned = np.rot90(mask, -turns)
        edges = np.diff(np.pad(turned, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        rows, first = np.nonzero(edges == 1)
        last = np.nonzero(edges == -1)[1]
        runs = list(zip(rows.tolist(), first.tolist(), (last - first).tolist(), strict=True))
        yield _Shape(runs, turned.shape[1], turned.shape[0], turns)


def _blocked(occupied: int, shapes: list[_Shape], stride: int) -> list[int]:
    """For each shape the positions where it would lie on something, as bits (row * stride + column)."""
    longest = max(length for shape in shapes for _, _, length in shape.runs)
    # spread[k]: the positions from which a run of 2**k cells hits something.
    spread = [occupied]
    while 2 ** len(spread) <= longest:
        last = spread[-1]
        spread.append(last | (last >> 2 ** (len(spread) - 1)))
    result: list[int] = []
    for shape in shapes:
        blocked = 0
        for row, first, length in shape.runs:
            power = length.bit_length() - 1
            start = row * stride + first
            blocked |= (spread[power] >> start) | (spread[power] >> (start + length - 2**power))
        result.append(blocked)
    return result


def _lowest(shapes: list[_Shape], blocked: list[int], side: int, stride: int) -> tuple[_Shape, int, int] | None:
    """The shape and free position within the square that keep lowest, or None where nothing fits."""
    best: tuple[int, int, _Shape, int] | None = None
    for shape, hits in zip(shapes, blocked, strict=True):
        if shape.width > side or shape.height > side:
            continue
        row = (1 << (side - shape.width + 1)) - 1
        inside = int.from_bytes(_row_bytes(row, stride) * (side - shape.height + 1), "little")
        free = inside ^ (inside & hits)
        if free:
            y, x = divmod((free & -free).bit_length() - 1, stride)
            if best is None or (y + shape.height, x) < best[:2]:
                best = (y + shape.height, x, shape, y)
    return None if best is None else (best[2], best[1], best[3])


def _row_bytes(row: int, stride: int) -> bytes:
    """One row of the square as bytes; ``stride`` is a multiple of eight."""
    return row.to_bytes(stride // 8, "little")

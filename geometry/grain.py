"""Fine detail for the guessed side: what is common on the seen surface of each of the subject's colours.

A tile of detail is put together for each colour, of patches that overlap, each chosen among a few for how well it goes
with those laid before (as image quilting does, Efros and Freeman 2001), blended so that contrast is kept (Heitz and
Neyret 2018). Patches that stand out are left alone: an eye, a letter, an edge is no texture and must not come back
elsewhere. The tiles then repeat in space along the three axes, so charts have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int, Mask
from .arrays import Indices
from .filters import box_extreme, box_mean, sample
from .foreground import Foreground
from .palette import Palette
from .triangles import vertex_normals
from .visibility import View

__all__ = ["Grain", "find_grain"]

# The crop is looked at with so many pixels a side; its detail with twice as many where the picture has them.
_GRID, _SHARP = 512, 724
# Half the side of a patch, patches along a tile, and half the window whose mean is no detail, in pixels of the grid.
_HALF, _PATCHES, _COARSE = 10, 13, 9
_TRIES = 4
# A patch is taken where the picture is trusted all over and mostly shows one colour, from the calmer part of such
# places, if they are at least so many.
_TRUSTED, _SURE, _PURE, _CALM, _FEWEST = 0.3, 0.6, 0.75, 0.6, 260
# The most a tile may differ from its mean, root mean square of the distance in sRGB.
_STRONGEST = 7.0
# How sharply one axis gives way to the next as the surface turns, and the least weight that is looked up.
_SHARPNESS, _LEAST = 8, 0.15
# The axes' planes: the coordinate that runs across a tile and the one that runs up.
_PLANES = ((1, 2), (0, 2), (0, 1))


@dataclass(frozen=True)
class Grain:
    """``tiles`` float32 [K, t, t, 3] of sRGB differences, one per colour of the palette, ``scale`` pixels to a unit of
    the view frame; ``tile`` int32 [T] and ``share`` float32 [T, 3]: which tile a triangle takes, and how much along
    each axis, all 0 where there is none."""

    tiles: Float
    scale: float
    tile: Int
    share: Float

    def covers(self, triangle: Int) -> Mask:
        """Whether triangles [N] have any detail: bool [N]."""
        return self.share.any(1)[triangle]

    def look_up(self, points: Float, triangle: Int) -> Float:
        """The detail at points [N, 3] of the view frame on given triangles [N]: float32 [N, 3]."""
        detail = np.zeros((len(points), 3), np.float32)
        place = points * np.float32(self.scale)
        for axis, (across, up) in enumerate(_PLANES):
            share = self.share[triangle, axis]
            there = np.flatnonzero(share)
            found = self._sample(self.tile[triangle[there]], place[there, across], -place[there, up])
            detail[there] += share[there, None] * found
        return detail

    def _sample(self, tile: Int, x: Float, y: Float) -> Float:
        """Between the pixels of a tile that repeats."""
        side = np.int32(self.tiles.shape[1])
        column, row = np.floor(x), np.floor(y)
        across, down = (x - column)[:, None], (y - row)[:, None]
        column, row = column.astype(np.int32) % side, row.astype(np.int32) % side
        right = (column + 1) % side
        first, second = (tile * side + row) * side, (tile * side + (row + 1) % side) * side
        flat = self.tiles.reshape(-1, 3)
        upper = flat[first + column] * (1 - across) + flat[first + right] * across
        lower = flat[second + column] * (1 - across) + flat[second + right] * across
        return upper + (lower - upper) * down


def find_grain(
    vertices: Float, triangles: Int, label: Int, palette: Palette, view: View, foreground: Foreground
) -> Grain | None:
    """Gather the detail of each colour where the picture shows it well.

    Parameters
    ----------
    vertices : float32 [V, 3], view frame
    triangles : int32 [T, 3]
    label : int32 [V], the palette's colour at each vertex
    palette, view, foreground : the subject's colours, and the picture on the mesh

    Returns
    -------
    Grain or None
        None where no colour covers enough of the picture.
    """
    factor = 2 if 2 * foreground.half > _SHARP else 1
    colour, trust = _looked_at(view, foreground, factor)
    smooth, detail = _split(colour, trust > _TRUSTED, factor)
    centres = _calm_places(smooth, detail[::factor, ::factor], trust, palette)
    if not any(len(places) for places in centres):
        return None
    side = _PATCHES * _HALF * factor
    tiles = np.zeros((len(centres), side, side, 3), np.float32)
    for k, places in enumerate(centres):
        if len(places):
            tiles[k] = _tile(detail, places, factor, np.random.default_rng(k))
    tile = label[triangles[:, 0]]
    share = np.abs(vertex_normals(vertices, triangles)[triangles].mean(1)).astype(np.float32) ** _SHARPNESS
    share /= np.maximum(share.sum(1, keepdims=True), 1e-12)
    share[share < _LEAST] = 0
    # Independent details add up by the squares of their weights.
    share /= np.sqrt(np.maximum((share**2).sum(1, keepdims=True), 1e-12))
    share *= np.array([len(places) > 0 for places in centres])[tile, None]
    return Grain(tiles, _GRID * factor / 2, tile, share)


def _looked_at(view: View, foreground: Foreground, factor: int) -> tuple[Float, Float]:
    """The picture's colours over the crop, [G, G, 3] with ``factor`` times the grid's pixels, 0 where not trusted, and
    how far each of the grid's is, [g, g]."""
    u, v = _positions(_GRID)
    half = view.size / 2
    trust = sample(view.trust, (u + 1) * half, (1 - v) * half)
    trust *= sample(foreground.presence, *foreground.position(u, v)) > 0.9
    trust = trust.reshape(_GRID, _GRID)
    fine = np.flatnonzero((trust > _TRUSTED).repeat(factor, 0).repeat(factor, 1))
    u, v = _positions(_GRID * factor)
    colour = np.zeros(((_GRID * factor) ** 2, 3), np.float32)
    colour[fine] = sample(foreground.colour, *foreground.position(u[fine], v[fine]))
    return colour.reshape(_GRID * factor, _GRID * factor, 3), trust


def _positions(size: int) -> tuple[Float, Float]:
    """Crop positions (u, v) of the pixels of a grid, row by row: float32 [size * size] each."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(2 / size)
    return np.tile(steps - 1, size), np.repeat(1 - steps, size)


def _split(colour: Float, solid: Mask, factor: int) -> tuple[Float, Float]:
    """The colours around each of the grid's pixels, [g, g, 3], and what the picture [G, G, 3] adds to them."""
    coarse = colour.reshape(_GRID, factor, _GRID, factor, 3).mean((1, 3))
    inside = np.maximum(solid, np.float32(1e-4))
    weight = _blurred(inside)
    smooth = np.stack([_blurred(coarse[:, :, k] * inside) / weight for k in range(3)], 2)
    wide = smooth.repeat(factor, 0).repeat(factor, 1) if factor > 1 else smooth
    return smooth, colour - wide


def _blurred(values: Float) -> Float:
    return box_mean(box_mean(values, _COARSE), _COARSE)


def _calm_places(smooth: Float, detail: Float, trust: Float, palette: Palette) -> list[Indices]:
    """For each colour of the palette the middles of patches that show it and do not stand out: flat indices into the
    grid, none where there are too few."""
    solid = np.flatnonzero(trust > _TRUSTED)
    label = np.full(_GRID * _GRID, -1)
    label[solid] = palette.shares(smooth.reshape(-1, 3)[solid].astype(np.float64)).argmax(1)
    label = label.reshape(_GRID, _GRID)
    whole = box_extreme((trust > _SURE).astype(np.uint8), _HALF, largest=False) > 0
    # Whole patches only, also at the crop's border.
    whole[:_HALF] = whole[-_HALF:] = whole[:, :_HALF] = whole[:, -_HALF:] = False
    strength = box_mean((detail**2).sum(2), _HALF).ravel()
    result = list[Indices]()
    for k in range(len(palette.means)):
        alike = box_mean((label == k).astype(np.float32), _HALF) > _PURE
        places = np.flatnonzero(whole & alike)
        calm = places[strength[places] <= np.quantile(strength[places], _CALM)] if len(places) else places
        result.append(calm if len(places) >= _FEWEST else places[:0])
    return result


def _tile(detail: Float, places: Indices, factor: int, rng: np.random.Generator) -> Float:
    """One tile [t, t, 3] of patches around ``places`` of the picture's ``detail``."""
    half, side = _HALF * factor, _PATCHES * _HALF * factor
    ramp = (1 - np.abs((np.arange(2 * half) + 0.5) / half - 1)).astype(np.float32)
    window = (ramp[:, None] * ramp)[:, :, None]
    total, squares = np.zeros((side, side, 3), np.float32), np.zeros((side, side, 1), np.float32)
    rows, columns = np.divmod(places, _GRID)
    for row in range(_PATCHES):
        for column in range(_PATCHES):
            at = np.ix_((np.arange(2 * half) + row * half) % side, (np.arange(2 * half) + column * half) % side)
            tried = (rng.random(_TRIES) * len(places)).astype(np.int64)
            tops, lefts = rows[tried] * factor - half, columns[tried] * factor - half
            patches = [detail[y : y + 2 * half, x : x + 2 * half] for y, x in zip(tops, lefts, strict=True)]
            laid = (total[at] / np.sqrt(np.maximum(squares[at], 1e-6)))[::2, ::2]
            weight = ((squares[at] > 0) * window)[::2, ::2]
            apart = [float((weight * (patch[::2, ::2] - laid) ** 2).sum()) for patch in patches]
            total[at] += window * patches[int(np.argmin(apart))]
            squares[at] += window**2
    tile = total / np.sqrt(np.maximum(squares, 1e-6))
    tile -= tile.mean((0, 1))
    strength = float(np.sqrt((tile**2).sum(2).mean()))
    return tile * min(1.0, _STRONGEST / max(strength, 1e-6))

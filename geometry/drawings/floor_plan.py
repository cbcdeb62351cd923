"""Floor plans as buildings: walls, doors, windows and the floor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...contracts import Float, Mask, MeshArrays, Pixels
from ...errors import PictureError
from ..arrays import Indices, Points
from .contours import Loops, keep_loops, signed_areas, trace_contours
from .crossings import touching_links
from .delaunay import constrained_delaunay
from .drawn import Drawn
from .openings import Opening, find_openings
from .prisms import stack_prisms
from .raster_steps import open_round, reduce_pixels
from .simplify import CUT_OFF, simplify_loops, to_units
from .straighten import main_direction, straighten, turn
from .wall_mask import WallMask, find_walls, ink_of

__all__ = ["Heights", "floor_plan"]

_LONGEST_SIDE = 2400
_LEAST_PIECE_M, _LEAST_WALL_M, _SLENDER = 1.0, 0.5, 2.5
"""Separate pieces shorter than the first are text or furniture, unless they are slender and longer than the second, or
filled pillars:"""
_PILLAR_M, _PILLAR_FILL = 0.14, 0.85
_MOST_SIDES, _MOST_OPENINGS = 4000, 300
"""No plan has more sides of walls, and more gaps in them."""
_BUSY = "The walls in the picture cannot be told apart; use a clean floor plan."
_AT_ONCE = 1 << 21
_TURNED = math.radians(0.5)


@dataclass(frozen=True)
class Heights:
    """Heights in metres above the floor, and the thickness of the slab below it."""

    wall: float = 2.5
    door: float = 2.0
    sill: float = 0.9
    window: float = 2.1
    slab: float = 0.1


def floor_plan(
    pixels: Pixels,
    *,
    metres_per_pixel: float | None = None,
    width_m: float | None = None,
    heights: Heights | None = None,
) -> Drawn:
    """Build the walls and the floor of a plan.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha: dark walls on light paper, filled or as two lines
    metres_per_pixel, width_m : the scale, or how wide the building is from the left to the right of its outer walls,
        once they are straight; the scale counts where both are given
    heights : of walls, doors and windows

    Returns
    -------
    Drawn
        One closed mesh, in metres, seen from above as the plan is drawn, turned so that most walls are along X and Y;
        the slab stands on Z = 0. Gaps up to 1.9 m are doors with a lintel, wider ones reach the ceiling, and gaps
        with the lines of a window get a sill as well. The notes count them.

    Raises
    ------
    PictureError
        There are no walls, or neither a scale nor a width is given.
    """
    heights = heights or Heights()
    if not min(heights.wall, heights.slab) > 0 or not 0 < heights.sill < heights.window:
        raise PictureError("Walls and floor need a height above zero, and windows a sill below their top; change them.")
    if (metres_per_pixel or 0) <= 0 and (width_m or 0) <= 0:
        raise PictureError("Give the plan's scale, or how many metres wide the building is.")
    factor = -(-max(pixels.shape[:2]) // _LONGEST_SIDE)
    ink = ink_of(reduce_pixels(pixels, factor))
    scale = metres_per_pixel * factor if metres_per_pixel else _guess_scale(ink, width_m or 0.0)
    walls = find_walls(ink, scale)
    loops = _outlines(walls, scale)
    angle = main_direction(loops)
    loops = straighten(Loops(turn(loops.points, -angle), loops.first), walls.thickness)
    if touching_links(to_units(loops.points), loops.links).any():
        raise PictureError(_BUSY)
    if not metres_per_pixel:
        scale = (width_m or 0.0) / float(np.ptp(loops.points[:, 0]))
    openings = find_openings(loops, ink, angle, scale)
    if len(openings) > _MOST_OPENINGS:
        raise PictureError(_BUSY)
    places, triangles, solid, levels, built = _built(loops, openings, heights)
    centre = (loops.points.min(axis=0) + loops.points.max(axis=0)) / 2
    vertices, faces = stack_prisms((places - centre) * scale, triangles, levels + heights.slab, solid)
    return Drawn(MeshArrays(vertices, faces), tuple(_notes(built, len(openings), angle, walls.outlined)))


def _guess_scale(ink: Float, width_m: float) -> float:
    """Metres per pixel from the extent of the strokes that are not the thinnest, or of all ink."""
    dark = ink > 0.5
    thick = open_round(dark, 2)
    some = thick if thick.sum() > 0.2 * dark.sum() else dark
    columns = np.flatnonzero(some.any(axis=0))
    if not len(columns):
        raise PictureError("The picture shows no walls; use a plan with walls thicker than its other lines.")
    return width_m / float(columns[-1] - columns[0] + 1)


def _outlines(walls: WallMask, scale: float) -> Loops:
    """Outlines of the walls without specks, text and furniture."""
    loops = trace_contours(walls.share)
    if len(loops.first) > _MOST_SIDES:
        raise PictureError(_BUSY)
    areas = signed_areas(loops)
    points, first = loops.points, loops.first[:-1]
    extent = np.maximum.reduceat(points, first, axis=0) - np.minimum.reduceat(points, first, axis=0)
    narrow, long = extent.min(axis=1) * scale, extent.max(axis=1) * scale
    pillar = (narrow >= _PILLAR_M) & (areas >= _PILLAR_FILL * extent.prod(axis=1)) & (not walls.outlined)
    keep = (long >= _LEAST_PIECE_M) | ((long >= _LEAST_WALL_M) & (long >= _SLENDER * narrow)) | pillar | (areas < 0)
    # Holes narrower than a wall are gaps in its filling.
    keep &= (areas > 0) | (np.abs(areas) >= walls.thickness**2)
    if not (keep & (areas > 0)).any():
        raise PictureError("The picture shows no walls; use a plan with walls thicker than its other lines.")
    if not keep.all():
        # What was left out takes its holes along.
        keep &= (areas > 0) | ~_within(points[first], keep_loops(loops, ~keep & (areas > 0)))
    tolerance = max(0.5, 0.12 * walls.thickness)
    simple = simplify_loops(keep_loops(loops, keep), tolerance, CUT_OFF + 0.8 * walls.radius)
    if len(simple.points) > _MOST_SIDES:
        raise PictureError(_BUSY)
    return simple


def _built(
    loops: Loops, openings: list[Opening], heights: Heights
) -> tuple[Points, Indices, Mask, Points, list[Opening]]:
    """Places, triangles, which layers are solid over them, the levels between, and the openings that could be built."""
    points, links, built = _network(loops, openings)
    triangles, depth, _ = constrained_delaunay(to_units(points), links)
    middle = points[triangles].mean(axis=1)
    wall = _within(middle, loops)
    levels = np.unique([-heights.slab, 0.0, heights.sill, heights.door, heights.window, heights.wall])
    levels = levels[levels <= heights.wall]
    low, high = levels[:-1], levels[1:]
    solid = np.zeros((len(triangles), len(low)), np.bool_)
    solid[depth > 0] = high <= 0
    solid[wall] = True
    for opening in built:
        inside = ~wall & _within(middle, Loops(opening.corners, np.array([0, 4], np.int64)))
        if opening.kind == "door":
            solid[inside] |= low >= heights.door
        elif opening.kind == "window":
            solid[inside] |= (high <= heights.sill) | (low >= heights.window)
    return points, triangles, solid, levels, built


def _network(loops: Loops, openings: list[Opening]) -> tuple[Points, Indices, list[Opening]]:
    """Points and links of walls and openings; openings whose sides would cross anything are left out."""
    built: list[Opening] = []
    points, links = loops.points, loops.links
    for opening in openings:
        tried = _joined(loops, [*built, opening])
        if not touching_links(to_units(tried[0]), tried[1]).any():
            points, links = tried
            built.append(opening)
    return points, links, built


def _joined(loops: Loops, openings: list[Opening]) -> tuple[Points, Indices]:
    """The outlines with the openings' far corners put into their sides, and the openings' sides."""
    number = {(x, y): k for k, (x, y) in enumerate(to_units(loops.points).tolist())}
    points = loops.points.tolist()
    on_side: dict[int, list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for opening in openings:
        a, b, c, d = opening.corners
        for near, far in ((a, d), (b, c)):
            ends: list[int] = []
            for place in (near, far):
                x, y = to_units(place).tolist()
                key = (x, y)
                if key not in number:
                    number[key] = len(points)
                    points.append(place.tolist())
                    on_side.setdefault(opening.far, []).append(number[key])
                ends.append(number[key])
            pairs.append((ends[0], ends[1]))
    found = np.array(points, np.float64)
    links: list[tuple[int, int]] = []
    for side, (p, q) in enumerate(loops.links.tolist()):
        between = on_side.get(side, [])
        between = sorted(between, key=lambda k: float((found[k] - found[p]) @ (found[k] - found[p])))
        row = [p, *between, q]
        links += list(pairwise(row))
    return found, np.array([*links, *dict.fromkeys(pairs)], np.int64)


def _within(places: Points, loops: Loops) -> Mask:
    """Tell which places are inside outlines, by counting sides to their right."""
    a, b = loops.points, loops.points[loops.after]
    rise = np.where(a[:, 1] == b[:, 1], 1.0, b[:, 1] - a[:, 1])
    found = np.zeros(len(places), np.bool_)
    step = max(_AT_ONCE // max(len(a), 1), 1)
    for begin in range(0, len(places), step):
        x, y = places[begin : begin + step, :1], places[begin : begin + step, 1:]
        spans = (a[:, 1] <= y) != (b[:, 1] <= y)
        right = x < a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
        found[begin : begin + step] = (spans & right).sum(axis=1) % 2 == 1
    return found


def _notes(openings: list[Opening], n_found: int, angle: float, outlined: bool) -> list[str]:
    """What was found, for the user to check; some of the openings found may not have been built."""
    kinds = [opening.kind for opening in openings]
    counts = [(kinds.count("door"), "door"), (kinds.count("window"), "window"), (kinds.count("passage"), "passage")]
    listed = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)
    notes = [f"Found {listed}; walls drawn {'as two lines' if outlined else 'filled'}."]
    if (left_out := n_found - len(openings)) > 0:
        gaps = "1 gap has" if left_out == 1 else f"{left_out} gaps have"
        notes.append(f"{gaps} other walls in between and stayed open up to the ceiling.")
    if abs(angle) > _TURNED:
        notes.append(f"The plan was turned by {abs(math.degrees(angle)):.1f} degrees to lie straight.")
    return notes

"""Logos and silhouettes as solids: traced outlines, extruded and bevelled."""

from __future__ import annotations

import numpy as np

from ...contracts import MeshArrays, Pixels
from ...errors import PictureError
from ..arrays import Indices, Points
from .bevel import inset_loops
from .contours import Loops, keep_loops, signed_areas, trace_contours
from .coverage import Coverage, foreground_coverage
from .delaunay import triangulate_inside
from .drawn import Drawn
from .flat_texture import drawing_texture
from .simplify import simplify_loops, to_units

__all__ = ["clean_loops", "extrude_logo", "extrude_loops"]

SMOOTH, STAIRCASE = 0.25, 1.0
"""How far outlines may be from the traced ones in pixels: of pictures with smooth edges, and with hard ones."""
MOST_POINTS = 20_000
"""Drawings with more points are noise or texture."""
SPECK = 4.0
_SPECK_SHARE = 2e-6
_QUARTER = 0.5 * np.pi


def extrude_logo(
    pixels: Pixels,
    *,
    depth: float = 0.1,
    height: float = 1.0,
    bevel: float = 0.15,
    bevel_steps: int = 3,
    bevel_back: bool = True,
    invert: bool = False,
    texture_size: int = 2048,
) -> Drawn:
    """Make a solid from a logo or silhouette.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha
    depth : thickness in metres
    height : of the drawing, in metres
    bevel : how far the bevel takes from the front, and as wide where the shape allows: a share of the depth, up to 0.5
        (0.45 with one on the back as well); 0 for none
    bevel_steps : faces across the bevel: 1 for a flat one, more for a round one
    bevel_back : bevel the back too
    invert : take the background for the drawing
    texture_size : longest side of the texture in pixels

    Returns
    -------
    Drawn
        Facing -Y, standing on Z = 0, with UVs and the drawing's colours as its texture. Closed, without faults of the
        kinds that `measure` counts.

    Raises
    ------
    PictureError
        Nothing to trace in the picture.
    """
    found = foreground_coverage(pixels, invert)
    loops, notes = clean_loops(found)
    low, high = loops.points.min(axis=0), loops.points.max(axis=0)
    scale = height / float(high[1] - low[1])
    rise = min(max(bevel, 0.0), 0.45 if bevel_back else 0.5) * depth
    bevelled = inset_loops(loops, rise / scale) if rise > 0 else None
    loops, inner = bevelled or (loops, None)
    if rise > 0 and inner is None:
        notes.append("The outlines are too fine for a bevel, so the edges are square.")
    mesh = extrude_loops(loops, inner, depth, rise, bevel_steps, bevel_back)
    texture, uv = drawing_texture(pixels, found.share, mesh.vertices[:, [0, 2]], mesh.faces, texture_size)
    offset = np.array([(low[0] + high[0]) / 2, 0.0, low[1]])
    vertices = (mesh.vertices - offset) * np.array([scale, 1.0, scale])
    return Drawn(MeshArrays(vertices.astype(np.float32), mesh.faces, uv, texture), tuple(notes))


def clean_loops(found: Coverage) -> tuple[Loops, list[str]]:
    """Trace a drawing's outlines without specks, simplified; and what there is to say about it.

    Raises
    ------
    PictureError
        There is no outline but of specks.
    """
    loops = trace_contours(found.share)
    if not len(loops.points):
        raise PictureError("The picture shows no shape to trace; use one with a drawing on a plain background.")
    areas = np.abs(signed_areas(loops))
    big = areas >= max(SPECK, _SPECK_SHARE * found.share.size)
    if not big.any():
        raise PictureError("The picture shows nothing but specks; use a larger drawing.")
    notes: list[str] = []
    if not big.all():
        n_specks = int(np.count_nonzero(~big))
        notes.append(f"{n_specks} {'speck was' if n_specks == 1 else 'specks were'} left out.")
    simple = simplify_loops(keep_loops(loops, big), STAIRCASE if found.hard else SMOOTH)
    if len(simple.points) > MOST_POINTS:
        raise PictureError("The drawing has too many small shapes for a clean solid; use a simpler one without noise.")
    return simple, notes


def extrude_loops(
    loops: Loops, inner: Points | None, depth: float, rise: float = 0.0, steps: int = 1, both: bool = True
) -> MeshArrays:
    """Extrude outlines along Y, from -depth / 2 (the front) to depth / 2.

    Parameters
    ----------
    loops : in pixels
    inner : float64 [N, 2] or None: the outlines of the front face, moved inwards
    depth, rise : of the solid and of the bevel, in units along Y
    steps : faces across the bevel
    both : bevel the back as well

    Returns
    -------
    MeshArrays
        Vertices (x, y, z) with x and z in the drawing frame's pixels.
    """
    profile = [(0.0, rise)] if inner is not None else [(0.0, 0.0)]
    if inner is not None:
        # A quarter of a circle, or with one step its chord.
        angle = _QUARTER * np.arange(1, steps + 1) / steps
        profile += list(zip((1 - np.cos(angle)).tolist(), (rise * (1 - np.sin(angle))).tolist(), strict=True))
    front = [(share, -depth / 2 + below) for share, below in profile]
    back = [(share, depth / 2 - below) for share, below in (profile if both else [(0.0, 0.0)])]
    rings = [*front[::-1], *back]
    target = loops.points if inner is None else inner
    layers = [loops.points + share * (target - loops.points) for share, _ in rings]
    n = len(loops.points)
    vertices = np.concatenate([np.insert(layer, 1, y, axis=1) for layer, (_, y) in zip(layers, rings, strict=True)])
    cap = triangulate_inside(to_units(layers[0]), loops.links)
    lid = cap if both or inner is None else triangulate_inside(to_units(layers[-1]), loops.links)
    faces = [cap, lid[:, ::-1] + (len(rings) - 1) * n]
    faces += [_band(loops.after, k * n, (k + 1) * n) for k in range(len(rings) - 1)]
    return MeshArrays(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))


def _band(after: Indices, near: int, far: int) -> Indices:
    """The triangles between two rings, the second of them farther back."""
    here = np.arange(len(after), dtype=np.int64)
    one = np.stack([here + near, here + far, after + far], axis=1)
    return np.concatenate([one, np.stack([here + near, after + far, after + near], axis=1)])

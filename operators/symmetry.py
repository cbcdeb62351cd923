"""Symmetry for brushes, switched on where a mesh has it."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import BoolProperty

from ..blender.mirror_plane import move_origin, set_symmetry
from ..blender.project_read import read_triangles
from ..contracts import Camera, Float, Int
from ..errors import MaquetteError
from ..geometry.nearest import NearestSurface, distance_between
from ..geometry.refine import subdivide
from ..geometry.symmetry import find_mirror

__all__ = ["SymmetryOptions", "use_symmetry"]

_ALIKE = 0.012
"""Mean distance of the mirror image from the surface, as a share of the mesh's size, up to which it is its own."""
_SAMPLES = 1_000
_ENOUGH = 20_000
"""With fewer triangles than this it would matter how they lie."""


class SymmetryOptions:
    """What operators that call `use_symmetry` ask the user."""

    symmetry: BoolProperty(
        name="Symmetry", description="Mirror brushes where the object is its own mirror image", default=True
    )
    align: BoolProperty(
        name="Align Origin",
        description="Move the object's origin onto its mirror plane where it lies elsewhere: brushes mirror about the "
        "origin only",
        default=False,
    )


def use_symmetry(item: bpy.types.Object, align: bool) -> str:
    """Mirror brushes about the plane that mirrors the mesh onto itself, if there is one; a sentence on it.

    Blender's brushes know the local axes only: where the plane lies elsewhere the origin is moved if asked to
    ``align``, else there is no mirroring.
    """
    mesh = item.data
    points, triangles = read_triangles(mesh)
    axis = _own_axis(points, triangles)
    set_symmetry(mesh, axis)
    if axis is not None:
        return f"Mirroring about {'XY'[axis]}."
    while len(triangles) < _ENOUGH:
        points, triangles = subdivide(points, triangles)
    mirror = find_mirror(points, triangles, Camera(elevation=0.0, distance=5.0))
    if mirror is None:
        return "No symmetry was found."
    if not align:
        return "The mirror plane does not go through the origin: switch Align Origin on to mirror."
    try:
        move_origin(item, mirror.normal, mirror.offset)
    except MaquetteError as error:
        return f"{error} So there is no mirroring."
    set_symmetry(mesh, 0)
    return "The origin was moved to the mirror plane, mirroring about X."


def _own_axis(points: Float, triangles: Int) -> int | None:
    """The local axis, 0 for X, about whose plane through the origin the mesh is its own mirror image; Z is up."""
    surface = NearestSurface(points.astype(np.float64), triangles.astype(np.int64))
    limit = _ALIKE * float(np.ptp(points[triangles], axis=(0, 1)).max())
    for axis in (0, 1):
        image = points.astype(np.float64)
        image[:, axis] *= -1
        if distance_between(image, triangles.astype(np.int64), surface, _SAMPLES)[0] <= limit:
            return axis
    return None

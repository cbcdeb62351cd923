"""Closed bodies out of what encloses nothing: the strongest steps of the cleaning."""

from __future__ import annotations

from ...errors import MeshError
from .parts import closed_parts
from .polygons import Polygons, join, keep_faces
from .union import resolve_self_intersections
from .wrap import wrap

__all__ = ["rebuild", "thicken_open_parts"]


def thicken_open_parts(mesh: Polygons) -> tuple[Polygons, str]:
    """Rebuild the open parts of a mesh with a thickness, and unite them with the closed ones they pass through.

    The mesh must have both.

    Returns
    -------
    mesh : Polygons
    note : str
        What was done, one phrase.
    """
    part = mesh.parts
    closed = closed_parts(mesh, part)
    solid = closed[part]
    joined = join(keep_faces(mesh, solid), wrap(keep_faces(mesh, ~solid)))
    count = int((~closed).sum())
    note = f"gave {count:,} open part{'s' if count > 1 else ''} a thickness"
    try:
        return resolve_self_intersections(joined), note
    except MeshError:
        return joined, note


def rebuild(mesh: Polygons) -> tuple[Polygons, str]:
    """Rebuild the whole surface, with a thickness where it encloses nothing; as `thicken_open_parts` returns."""
    return wrap(mesh), "rebuilt the whole surface, with a thickness where it enclosed nothing"

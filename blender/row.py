"""Where a new result stands free of the others: results of several pictures form a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy
from mathutils import Vector

from .report import PROPERTY

__all__ = ["free_location"]

_GAP = 0.15
"""What is left free between two results, as a part of the new one's width."""


def free_location(item: bpy.types.Object, others: Iterable[bpy.types.Object], start: Sequence[float]) -> Vector:
    """The place for a new result that is nearest to ``start``, at it or to the right of it (+X), and in no other's way.

    Parameters
    ----------
    item
        The new result, without a rotation or scale of its own; in no scene yet, or not placed.
    others
        Objects of the scene, up to date; those that are results of Maquette count, whatever was done to them since.
    start
        Where it would stand if it were alone, in the world's metres.
    """
    place = Vector(start)
    (left, right), (front, back) = _extents(item.bound_box)
    gap = _GAP * (right - left)
    occupied = []
    for other in others:
        if other == item or other.type != "MESH" or PROPERTY not in other:
            continue
        corners = [other.matrix_world @ Vector(corner) for corner in other.bound_box]
        sides, depths = _extents(corners)
        if depths[0] < place.y + back and place.y + front < depths[1]:
            occupied.append(sides)
    # A gap of just the right width is wide enough, whatever was rounded on the way.
    needed = 0.99 * gap
    # From left to right: what was passed on the way can never be met again.
    for low, high in sorted(occupied):
        if low < place.x + right + needed and place.x + left - needed < high:
            place.x = high + gap - left
    return place


def _extents(corners: Iterable[Sequence[float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least and the greatest x, and y."""
    across, along = zip(*((corner[0], corner[1]) for corner in corners), strict=True)
    return (min(across), max(across)), (min(along), max(along))

"""Keeping the reports of objects true while operators change them."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..blender.report import mesh_part, read_report, store_mesh_report
from ..errors import MaquetteError
from .check_mesh import measure_object

__all__ = ["refresh_report"]


def refresh_report(context: bpy.types.Context, items: Iterable[bpy.types.Object], always: bool = False) -> None:
    """Measure those objects that carry a report, or all of them, so that the panel shows what is left to do."""
    for item in items:
        if mesh_part(read_report(item)) is None and not always:
            continue
        try:
            store_mesh_report(item, measure_object(item, context))
        except MaquetteError:
            continue  # it could not be measured before either, or it could not be changed

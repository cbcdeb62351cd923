"""What all cleanup operators have in common: which objects, in which mode, what changed, and what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import bpy
import numpy as np

from ..blender.polygons import read_polygons, scaled, world_scale
from ..blender.rebuild import check_rebuildable, rebuild
from ..blender.uv_islands import uv_islands
from ..errors import MaquetteError
from ..geometry.repair.polygons import NONE, Polygons
from ..geometry.repair.prepare import drop_invalid
from ..geometry.repair.transfer import blend
from .measuring import refresh_report
from .targets import check_editable, find_targets, has_targets, object_mode, shaping_modifiers

__all__ = ["Cleanup", "Notes", "Work", "put_back", "read_source", "told_of_modifiers"]

Work: TypeAlias = Callable[[Polygons], tuple[Polygons, str]]
"""Takes a mesh in lengths of the world; gives the mesh it makes of it, the same one for no change, and what it did."""


class Cleanup:
    """A cleanup operator, to be mixed into one; `clean` is what it does to a mesh."""

    bl_options = {"REGISTER", "UNDO"}
    keeps_loose = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_targets(cls, context)

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        """Do the work; see `Work`."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        notes = Notes()
        targets = find_targets(context)
        with object_mode(context):
            for item in targets:
                notes.take(item, lambda item=item: _clean_item(item, self.clean, self.keeps_loose))
        refresh_report(context, targets)
        return notes.tell(self)


@dataclass
class Notes:
    """What became of each object, by its name, for the line at the end; ``warned`` where it asks for attention."""

    done: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warned: bool = False

    def take(self, item: bpy.types.Object, work: Callable[[], str]) -> None:
        """Work on one object; an error meant for the user ends only this one."""
        try:
            self.done.append((item.name, work()))
        except MaquetteError as error:
            self.failed.append((item.name, str(error)))

    def tell(self, operator: bpy.types.Operator) -> set[str]:
        """Report all of it, and return how the operator ends."""
        several = len(self.done) + len(self.failed) > 1
        lines = [f"{name}: {text}" if several else text for name, text in (*self.failed, *self.done)]
        line = "; ".join(text.rstrip(".") for text in lines) if several else lines[0]
        if not self.done:
            operator.report({"ERROR"}, line)
            return {"CANCELLED"}
        operator.report({"WARNING"} if self.failed or self.warned else {"INFO"}, line)
        return {"FINISHED"}


def read_source(item: bpy.types.Object) -> Polygons:
    """The mesh of an object in Object Mode, in lengths of the world.

    Raises
    ------
    MeshError
        If the mesh has no faces or may not or cannot be changed.
    """
    check_editable(item)
    check_rebuildable(item)
    return scaled(read_polygons(item.data), world_scale(item))


def put_back(item: bpy.types.Object, source: Polygons, result: Polygons, keep_loose: bool) -> None:
    """Replace the object's mesh by a result made of what `read_source` gave; errors as `rebuild`."""
    origin = blend(result, source, uv_islands(item.data, source) if (result.corner_from == NONE).any() else None)
    back = np.linalg.inv(world_scale(item))
    rebuild(item, scaled(result, back), origin, keep_loose)


def told_of_modifiers(item: bpy.types.Object, text: str) -> str:
    """The text, and that what the user sees is made of the cleaned mesh by modifiers, where it is."""
    names = shaping_modifiers(item)
    return f"{text}; the mesh under {', '.join(names)}" if names else text


def _clean_item(item: bpy.types.Object, work: Work, keep_loose: bool) -> str:
    source = read_source(item)
    sound = source if np.isfinite(source.points).all() else drop_invalid(source)
    result, text = work(sound)
    if result is not source:
        put_back(item, source, result, keep_loose)
    return told_of_modifiers(item, text)

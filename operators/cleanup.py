"""What all cleanup operators have in common: which objects, in which mode, what changed, and what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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

__all__ = ["Cleanup", "Notes", "as_new", "put_back", "read_source", "told_of_modifiers"]


class Cleanup:
    """A cleanup operator, to be mixed into one; `clean` is what it does to a mesh, or `clean_item` to an object."""

    bl_options = {"REGISTER", "UNDO"}
    keeps_loose = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_targets(cls, context)

    def clean(self, mesh: Polygons) -> tuple[Polygons, str]:
        """Take a mesh in lengths of the world; give what is made of it, the same one for no change, and a note."""
        raise NotImplementedError

    def clean_item(self, _context: bpy.types.Context, item: bpy.types.Object, _notes: Notes) -> str:
        """Work on one object in Object Mode; a line on what was done."""
        source = read_source(item)
        sound = source if np.isfinite(source.points).all() else drop_invalid(source)
        result, text = self.clean(sound)
        if result is not source:
            put_back(item, source, result, self.keeps_loose)
        return text

    def execute(self, context: bpy.types.Context) -> set[str]:
        notes = Notes()
        targets = find_targets(context)
        with object_mode(context):
            for item in targets:
                notes.take(item, lambda item=item: self.clean_item(context, item, notes))
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
            self.done.append((item.name, told_of_modifiers(item, work())))
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


def as_new(result: Polygons) -> Polygons:
    """A mesh that Blender made, of which nothing is known to be a copy of the source."""
    return replace(
        result,
        point_from=np.full(len(result.points), NONE, np.int64),
        corner_from=np.full(len(result.corners), NONE, np.int64),
        face_from=np.full(result.n_faces, NONE, np.int64),
    )


def told_of_modifiers(item: bpy.types.Object, text: str) -> str:
    """The text, and that what the user sees is made of the cleaned mesh by modifiers, where it is."""
    names = shaping_modifiers(item)
    return f"{text}; the mesh under {', '.join(names)}" if names else text

"""Next Subject, Previous Subject, Automatic Subject: which of several things in the picture becomes the mesh."""

from __future__ import annotations

import json
from typing import Any

import bpy

from ..contracts import Point
from .check_image import check_soon

__all__ = [
    "MAQUETTE_OT_automatic_subject",
    "MAQUETTE_OT_next_subject",
    "MAQUETTE_OT_previous_subject",
    "choose",
    "chosen_number",
    "set_subject",
    "things",
]


def things(context: bpy.types.Context) -> list[Point]:
    """A point on each thing that the last check found in the picture; none when another picture was checked."""
    state = context.window_manager.maquette_state
    if not state.subjects or state.subjects_of != context.scene.maquette.image_path:
        return []
    return json.loads(state.subjects)


def chosen_number(context: bpy.types.Context) -> int:
    """Which of `things` is chosen, counted from 0; -1 where none is."""
    settings, state = context.scene.maquette, context.window_manager.maquette_state
    return state.chosen if settings.image_path and settings.subject_of == settings.image_path else -1


def choose(context: bpy.types.Context, point: Point | None, number: int = -1) -> None:
    """`set_subject`, and have the picture checked again."""
    set_subject(context, point, number)
    if bpy.app.background:
        bpy.ops.maquette.check_image()
    else:
        check_soon()


def set_subject(context: bpy.types.Context, point: Point | None, number: int = -1) -> None:
    """Make the thing at a point the subject, or leave that to Maquette.

    ``number``: which of `things` it is, where that is known before the check.
    """
    settings = context.scene.maquette
    if point is not None:
        settings.subject = point
    settings.subject_of = settings.image_path if point is not None else ""
    context.window_manager.maquette_state.chosen = number


def _are_several(cls: Any, context: bpy.types.Context) -> bool:
    if len(things(context)) < 2:
        cls.poll_message_set("Check a picture that shows several things first")
        return False
    return True


class _Step:
    """What the two operators share."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}
    step = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _are_several(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        points, now = things(context), chosen_number(context)
        # From no choice on, forwards to the first and backwards to the last.
        number = (now + self.step) % len(points) if now >= 0 else min(self.step, 0) % len(points)
        choose(context, points[number], number)
        return {"FINISHED"}


class MAQUETTE_OT_next_subject(_Step, bpy.types.Operator):
    """Make the next of the things in the picture the subject, from left to right"""

    bl_idname = "maquette.next_subject"
    bl_label = "Next Subject"
    step = 1


class MAQUETTE_OT_previous_subject(_Step, bpy.types.Operator):
    """Make the thing before this one the subject, from right to left"""

    bl_idname = "maquette.previous_subject"
    bl_label = "Previous Subject"
    step = -1


class MAQUETTE_OT_automatic_subject(bpy.types.Operator):
    """Forget the choice: what lies nearest the middle of the picture is the subject"""

    bl_idname = "maquette.automatic_subject"
    bl_label = "Automatic Subject"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.maquette
        return bool(settings.image_path) and settings.subject_of == settings.image_path

    def execute(self, context: bpy.types.Context) -> set[str]:
        choose(context, None)
        return {"FINISHED"}

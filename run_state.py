"""What a run, a check and the queue show of themselves, per Blender session."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

__all__ = ["MAQUETTE_PG_queued", "MAQUETTE_PG_state"]


def _show_queued(state: MAQUETTE_PG_state, context: bpy.types.Context) -> None:
    """The picture of the line that was clicked is the one that the panel shows."""
    if 0 <= state.queue_index < len(state.queue):
        context.scene.maquette.image_path = state.queue[state.queue_index].path


class MAQUETTE_PG_queued(PropertyGroup):
    """A picture of the queue. ``number`` tells it from all others, whatever comes and goes; ``name`` is its file's."""

    number: IntProperty(name="Number", description="Its own number")
    path: StringProperty(name="Path", description="The picture")
    state: EnumProperty(
        name="State",
        description="What has become of it",
        items=[(name, name.capitalize(), "") for name in ("waiting", "running", "done", "refused", "failed")],
    )
    message: StringProperty(name="Message", description="What was made of it, or why nothing was")


class MAQUETTE_PG_state(PropertyGroup):
    """The run under way, or the last one, for the panel; lives in the window manager, which undo leaves alone."""

    step: StringProperty(name="Step", description="What the run is doing")
    progress: FloatProperty(name="Progress", description="How much of the run is done", min=0.0, max=1.0)
    error: StringProperty(name="Error", description="Why the last run failed; empty when it did not")
    checking: BoolProperty(name="Checking", description="Whether the picture is being checked")
    check: StringProperty(name="Picture Check", description="What the last check of a picture found, as JSON")
    checked: StringProperty(name="Checked Picture", description="The picture of the last check")
    checked_key: StringProperty(name="Checked Settings", description="What the last check rests on")
    subjects: StringProperty(name="Subjects", description="A point on each thing in the picture, as JSON")
    chosen: IntProperty(name="Chosen Subject", description="Which of them is chosen, from 0", default=-1, min=-1)
    subjects_of: StringProperty(name="Subjects of", description="The picture that these things are in")
    shown: EnumProperty(
        name="Show",
        description="What is shown of the picture",
        items=(
            ("original", "Original", "The picture as it is"),
            ("prepared", "Prepared", "The picture as it is used: mended, and without its background"),
            ("mask", "Mask", "White is what becomes the mesh"),
        ),
    )
    queue: CollectionProperty(
        type=MAQUETTE_PG_queued, name="Queue", description="Several pictures, one after the other"
    )
    queue_index: IntProperty(
        name="Picture", description="The picture of the queue that is shown", default=-1, update=_show_queued
    )
    cleaning_step: StringProperty(name="Cleaning Step", description="What the cleaning is doing")
    cleaning_progress: FloatProperty(
        name="Cleaning Progress", description="How much of the cleaning is done", min=0.0, max=1.0
    )
    longest_tick_ms: FloatProperty(
        name="Longest Tick",
        description="Longest time the last run held up Blender at once, before the hand-over, in milliseconds",
    )
    handover_ms: FloatProperty(
        name="Hand-over",
        description="Time it took to hand the last run's result over to the scene, in milliseconds",
    )

"""All that Blender gets to know of the extension, in the order in which it must."""

from __future__ import annotations

from typing import Any

import bpy

from . import preferences, properties
from .blender import thumbnail
from .cli import main
from .operators import generation
from .operators.cancel import MAQUETTE_OT_cancel
from .operators.check_mesh import MAQUETTE_OT_check_mesh
from .operators.choose_picture import MAQUETTE_OT_choose_picture
from .operators.dismiss_error import MAQUETTE_OT_dismiss_error
from .operators.export import MAQUETTE_OT_export
from .operators.generate_from_image import MAQUETTE_OT_generate_from_image
from .panels.generate import MAQUETTE_PT_generate
from .panels.mesh import MAQUETTE_PT_mesh

__all__ = ["CLASSES", "register", "unregister"]

CLASSES = (
    preferences.MAQUETTE_AP_preferences,
    properties.MAQUETTE_PG_settings,
    properties.MAQUETTE_PG_state,
    MAQUETTE_OT_choose_picture,
    MAQUETTE_OT_generate_from_image,
    MAQUETTE_OT_cancel,
    MAQUETTE_OT_dismiss_error,
    MAQUETTE_OT_check_mesh,
    MAQUETTE_OT_export,
    MAQUETTE_PT_generate,
    MAQUETTE_PT_mesh,
)

_commands: list[Any] = []


def register() -> None:
    """Make classes, properties and the command known to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    thumbnail.open_collection()
    _commands.append(bpy.utils.register_cli_command("maquette", main))


def unregister() -> None:
    """Take everything back, a run under way and the worker process included."""
    generation.shut_down()
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    thumbnail.close()
    properties.detach()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)

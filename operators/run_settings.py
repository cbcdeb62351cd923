"""The settings of a run or a check on one picture."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..blender.masks import mask_file
from ..contracts import Settings
from ..preferences import chosen_device
from ..properties import read_settings
from ..settings import check_settings

__all__ = ["run_settings"]


def run_settings(context: bpy.types.Context, picture: str) -> Settings:
    """The scene's settings for a picture, as `image_path` has it: with its own choice of the subject and its own mask.

    Raises
    ------
    MaquetteError
        When they are out of range, or the mask cannot be written.
    """
    group = context.scene.maquette
    settings = read_settings(group, chosen_device(context))
    subject = tuple(group.subject) if picture and group.subject_of == picture else None
    return check_settings(replace(settings, subject=subject, mask=mask_file(picture)))

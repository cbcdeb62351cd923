"""What the last check left of its picture: files for the panel and the image editor, for as long as Blender runs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import bpy

from . import thumbnail
from .images import pack_image

__all__ = ["Which", "checked_file", "keep_prepared", "take_files"]

Which: TypeAlias = Literal["picture", "prepared", "mask"]
"""The picture as it is, upright; as it will be used; and white where its subject is."""
_files: dict[Which, Path] = {}


def checked_file(which: Which) -> str:
    """The path of one of the files; "" where there is none."""
    path = _files.get(which)
    return str(path) if path is not None and path.is_file() else ""


def take_files(found: Mapping[Which, Path | None]) -> None:
    """Take over the files of a check; those of the check before are gone."""
    folder = Path(bpy.app.tempdir) / "maquette-checked"
    folder.mkdir(exist_ok=True)
    for path in _files.values():
        path.unlink(missing_ok=True)
    _files.clear()
    for which, path in found.items():
        if path is not None:
            target = folder / path.name
            shutil.move(path, target)
            thumbnail.forget(str(target))
            _files[which] = target


def keep_prepared(scene: bpy.types.Scene, name: str) -> None:
    """Keep the picture as it will be used as an image of the scene, in place of the one before.

    Raises
    ------
    OutputError
        The file is gone.
    """
    before, file = scene.maquette.prepared, checked_file("prepared")
    image = pack_image(Path(file), name) if file else None
    scene.maquette.prepared = image
    if before is None:
        return
    if image is not None:
        before.user_remap(image)
    if not before.users:
        bpy.data.images.remove(before)
    if image is not None:
        image.name = name

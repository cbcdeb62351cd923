"""Operators that are given picture files by a file browser or a drop."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

from ..errors import PictureError
from .picture_queue import chosen_files

__all__ = ["PictureFiles"]


class PictureFiles:
    """To be mixed into an operator, which says what becomes of the files (`use`). Blender fills in the properties; the
    file browser shows pictures and folders only."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    report: Any

    def use(self, context: bpy.types.Context, paths: list[str]) -> None:
        """Do something with the files, of which there is one at least; PictureError refuses them."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            paths = chosen_files(self)
            if paths:
                self.use(context, paths)
        except PictureError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"} if paths else {"CANCELLED"}

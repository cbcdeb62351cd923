"""Use Image: an image that is open in Blender becomes the picture to make a mesh of."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy
from bpy.props import EnumProperty

from ..blender.image_files import write_image
from ..errors import MaquetteError, PictureError
from .check_image import check_soon

__all__ = ["MAQUETTE_OT_use_image", "file_of"]

_items: list[tuple[str, str, str]] = []  # Blender keeps no reference to the texts of a callback's items


def _images(_operator: bpy.types.Operator, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    _items[:] = [
        (image.name, image.name, f"{image.size[0]} x {image.size[1]} pixels")
        for image in bpy.data.images
        if image.source in {"FILE", "GENERATED", "VIEWER"} and not _blocks(image)
    ] or [("", "No images", "Open, paint or render one first")]
    return _items


class MAQUETTE_OT_use_image(bpy.types.Operator):
    """Take an image that is open in Blender: loaded, packed, painted or rendered. It is taken as it is now"""

    bl_idname = "maquette.use_image"
    bl_label = "Use Image from Blender"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}
    bl_property = "image"

    image: EnumProperty(name="Image", items=_images, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not len(bpy.data.images):
            cls.poll_message_set("There are no images in this file")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            context.scene.maquette.image_path = str(file_of(bpy.data.images.get(self.image)))
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        check_soon()
        return {"FINISHED"}


def file_of(image: bpy.types.Image | None) -> Path:
    """The image's own file where that shows it as it is, else a copy that lasts as long as Blender runs.

    Raises
    ------
    PictureError, OutputError
        When it is no single picture, has no pixels or cannot be written.
    """
    if image is None:
        raise PictureError("There is no such image: open one in the Image Editor.")
    empty = 0 in image.size[:]  # which is asked first: it has Blender read the file
    if image.source not in {"FILE", "GENERATED", "VIEWER"} or (image.type == "IMAGE" and (empty or not image.has_data)):
        raise PictureError(f"{image.name} is a film, has tiles or cannot be read: choose a single picture.")
    own = Path(bpy.path.abspath(image.filepath_raw, library=image.library)) if image.filepath_raw else None
    if own is not None and own.is_file() and not image.is_dirty and image.packed_file is None:
        return own
    folder = Path(tempfile.mkdtemp(prefix="maquette-", dir=bpy.app.tempdir))
    return write_image(image, folder / _stem(image.name))


def _blocks(image: bpy.types.Image) -> bool:
    """Whether its file is a pipe, a device or a folder: Blender would wait for a pipe's writer, for ever."""
    if image.source != "FILE" or image.packed_file is not None or image.has_data or not image.filepath_raw:
        return False
    path = Path(bpy.path.abspath(image.filepath_raw, library=image.library))
    try:
        return path.exists() and not path.is_file()
    except (OSError, ValueError):
        return True


def _stem(name: str) -> str:
    """The name of a file for an image of this name, which the result is called after, too."""
    clean = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in Path(name).stem)
    return clean[:60].strip(" .") or "image"

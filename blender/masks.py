"""Masks painted by hand: images of Blender that are white where the subject of a picture is."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from ..errors import PictureError
from .checked_files import checked_file
from .image_files import write_image
from .images import pack_image

__all__ = ["UNDER", "add_handler", "make_mask", "mask_changed", "mask_file", "mask_of", "remove_handler", "remove_mask"]

_OF = "maquette_mask_of"
"""Names the picture that an image is the mask of, as it stands in the settings."""
UNDER = "maquette_picture"
"""The image of that picture, for whoever paints."""


def mask_of(picture: str) -> bpy.types.Image | None:
    """The mask that was made for a picture, or None."""
    return next((image for image in bpy.data.images if picture and image.get(_OF) == picture), None)


def mask_changed(picture: str) -> bool:
    """Whether the mask of a picture has been painted on since a run or a check last took it."""
    mask = mask_of(picture)
    return mask is not None and mask.is_dirty


def make_mask(picture: str) -> bpy.types.Image:
    """Make the mask of a picture that was checked, as it was found by itself. The blend file keeps it.

    Raises
    ------
    PictureError
        The picture has not been checked.
    OutputError
        The check's files are gone.
    """
    files = checked_file("mask"), checked_file("picture")
    if not all(files):
        raise PictureError("Nothing is known of this picture: check it first.")
    stem = Path(picture).stem or "Picture"
    mask, under = pack_image(Path(files[0]), f"{stem} mask"), pack_image(Path(files[1]), f"{stem} picture")
    for image in (mask, under):  # as it is drawn through the mask, its values are taken as they are
        image.colorspace_settings.name = "Non-Color"
    mask.use_fake_user = True
    mask[_OF], mask[UNDER] = picture, under
    return mask


def remove_mask(picture: str) -> None:
    """Forget the mask of a picture, if it has one."""
    mask = mask_of(picture)
    if mask is None:
        return
    under = mask.get(UNDER)
    bpy.data.images.remove(mask)
    if under is not None and not under.users:
        bpy.data.images.remove(under)


def mask_file(picture: str) -> str:
    """The mask of a picture as a file for the worker, as it is painted now; "" where the picture has none.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    mask = mask_of(picture)
    if mask is None:
        return ""
    _pack(mask)
    return str(write_image(mask, Path(bpy.app.tempdir) / f"maquette-mask-{mask.session_uid}"))


def _pack(mask: bpy.types.Image) -> None:
    """Keep what has been painted; from now on the mask counts as unchanged."""
    if mask.is_dirty:
        mask.pack()


@persistent
def _keep_painted(*_args: object) -> None:
    """Before the file is saved: what is painted and not packed would be lost."""
    for image in bpy.data.images:
        if _OF in image and image.is_dirty:
            _pack(image)
            bpy.context.window_manager.maquette_state.checked = ""


def add_handler() -> None:
    """Have painted masks saved with the file."""
    bpy.app.handlers.save_pre.append(_keep_painted)


def remove_handler() -> None:
    """Take that back."""
    bpy.app.handlers.save_pre.remove(_keep_painted)

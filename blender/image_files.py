"""Blender's images as files, in the format that they are in."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy

from ..errors import OutputError

__all__ = ["write_image"]

_SUFFIXES = {"JPEG": ".jpg", "WEBP": ".webp", "TARGA": ".tga", "TIFF": ".tif", "BMP": ".bmp", "OPEN_EXR": ".exr"}


def write_image(image: bpy.types.Image, stem: Path) -> Path:
    """Write an image as it is where it is a file, packed or not; as PNG where it was made, painted or rendered here.

    Parameters
    ----------
    image
        No film and no tiles.
    stem
        The file without its suffix, which is appended.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    source = Path(bpy.path.abspath(image.filepath_raw, library=image.library)) if image.filepath_raw else None
    try:
        if image.type in {"RENDER_RESULT", "COMPOSITING"}:
            file = stem.with_name(stem.name + ".png")
            _save_render(image, file)
        elif image.packed_file is not None and not image.is_dirty:
            file = stem.with_name(stem.name + _SUFFIXES.get(image.file_format, ".png"))
            file.write_bytes(image.packed_file.data)
        elif source is not None and source.is_file() and not image.is_dirty:
            file = stem.with_name(stem.name + source.suffix.lower())
            shutil.copyfile(source, file)
        else:
            file = stem.with_name(stem.name + ".png")
            image.save(filepath=str(file), save_copy=True)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise OutputError(f"The image {image.name} cannot be written ({reason}): pack it first.") from error
    return file


def _save_render(image: bpy.types.Image, file: Path) -> None:
    """Save a render result as PNG with transparency, whatever the scene's output is set to."""
    settings = bpy.context.scene.render.image_settings
    before = settings.file_format, settings.color_mode, settings.color_depth
    try:
        settings.file_format = "PNG"
        settings.color_mode, settings.color_depth = "RGBA", "8"
        image.save_render(str(file), scene=bpy.context.scene)
    finally:
        settings.file_format, settings.color_mode, settings.color_depth = before

"""Pictures of Blender as arrays, and arrays as packed pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Pixels
from ..errors import OutputError

__all__ = ["image_pixels", "pack_image", "pack_pixels"]


def pack_image(path: Path, name: str) -> bpy.types.Image:
    """Load a picture file into the blend file itself; the file is not needed afterwards.

    The file's bytes are packed as they are, and Blender decodes them only when something shows the picture.

    Raises
    ------
    OutputError
        When the file cannot be read.
    """
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        raise OutputError("The texture's temporary file is gone: free some disk space and run again.") from error
    image.name = name
    image.pack()
    image.filepath_raw = ""
    return image


def pack_pixels(pixels: npt.NDArray[Any], name: str, colour: bool = False) -> bpy.types.Image:
    """Make a packed picture: uint8 [H, W] or [H, W, 3 or 4], or uint16 [H, W], the first row at the top.

    ``colour`` says that the values are sRGB; otherwise they are Non-Color data.

    Raises
    ------
    OutputError
        When the disk for temporary files is full.
    """
    with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
        path = Path(folder) / "picture.png"
        try:
            Image.fromarray(pixels).save(path, compress_level=1)
        except OSError as error:
            raise OutputError("The picture cannot be written: free some disk space and try again.") from error
        image = pack_image(path, name)
    image.colorspace_settings.name = "sRGB" if colour else "Non-Color"
    return image


def image_pixels(image: bpy.types.Image) -> Pixels:
    """What a picture of Blender shows: uint8 [H, W, 4], the first row at the top, in its file's own colour values.

    Pictures with float colours, which are linear, are clipped and become sRGB unless they are data.

    Raises
    ------
    OutputError
        When the picture has no pixels, since its file is missing.
    """
    width, height = image.size
    if not width or not height:
        raise OutputError(f"The picture {image.name} has no pixels: its file is missing.")
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, 4)[::-1]
    if image.is_float and not image.colorspace_settings.is_data:
        low = np.clip(values[..., :3], 0.0, 1.0)
        values[..., :3] = np.where(low <= 0.0031308, low * 12.92, 1.055 * low ** (1 / 2.4) - 0.055)
    return np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8)

"""The many ways in which files store colour, brought to sRGB with straight alpha."""

from __future__ import annotations

import io
import struct
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms

from ..errors import PictureError
from .deep_grey import grey_levels, is_deep

__all__ = ["plain_mode", "to_srgb"]

MAX_PROFILE_BYTES = 4 * 2**20
_PROFILE_HEADER_BYTES = 128
_DEVICE_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def plain_mode(image: Image.Image) -> Image.Image:
    """Bring a picture into one of the modes L, LA, RGB, RGBA and CMYK.

    Parameters
    ----------
    image : Image
        A loaded picture of any mode: 1 bit, palette, 16 or 32 bit, floating point, Lab, with the alpha channel straight
        or premultiplied, or a colour that counts as transparent.

    Raises
    ------
    PictureError
        The picture holds values that are not numbers.
    """
    mode = image.mode
    if mode in ("LA", "RGBA", "CMYK"):
        return image.copy()
    if mode == "La":
        return image.convert("LA")
    if mode == "RGBa":
        return image.convert("RGBA")
    if mode == "PA":
        return image.convert("RGBA")
    if mode == "LAB":
        return _lab_to_rgb(image)
    if is_deep(image):
        return _levels(image)
    if "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if mode in ("1", "L") else "RGB")


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB with straight alpha.

    Parameters
    ----------
    image : Image
        In one of the modes of `plain_mode`.
    profile : bytes
        The embedded ICC profile, or nothing. One that is damaged, or not made for the picture's kind of colour, is
        ignored: the picture is then taken as sRGB, as most programs do.

    Returns
    -------
    Image
        Mode RGBA.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colour = image.convert(image.mode.removesuffix("A")) if alpha else image
    result = _apply_profile(colour, profile) or colour.convert("RGB")
    if alpha is None:
        return result.convert("RGBA")
    result.putalpha(alpha)
    return result


def _apply_profile(colour: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB by its profile, or None where that is not usable."""
    space = _profile_space(profile)
    if space is None or (space != colour.mode and not (space == "RGB" and colour.mode == "L")):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(colour.convert(space), source, _standard("sRGB"), outputMode="RGB")
    except Exception:
        # A profile is a program of curves and tables from anywhere; the colours as stored are the fallback.
        return None


def _profile_space(profile: bytes) -> str | None:
    """The Pillow mode that a profile describes, None where its header is not sound."""
    if not _PROFILE_HEADER_BYTES < len(profile) <= MAX_PROFILE_BYTES:
        return None
    declared = struct.unpack(">I", profile[:4])[0]
    if declared > len(profile) or profile[36:40] != b"acsp" or profile[12:16] not in _DEVICE_CLASSES:
        return None
    return _SPACES.get(profile[16:20])


def _standard(name: str) -> Any:
    """A profile that comes with LittleCMS, as the opaque object that Pillow leaves untyped."""
    return cast(Any, ImageCms).createProfile(name)


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(image, _standard("LAB"), _standard("sRGB"), outputMode="RGB")
    if converted is None:
        raise PictureError("The picture's Lab colours cannot be converted: save it again as PNG or JPEG.")
    return converted


def _levels(image: Image.Image) -> Image.Image:
    """A greyscale picture of 16 bits, 32 bits or floating point, as 8 bits; transparent where nothing is known."""
    levels = grey_levels(image)
    unknown = np.isnan(levels)
    grey = Image.fromarray((np.nan_to_num(levels) * np.float32(255) + np.float32(0.5)).astype(np.uint8))
    if unknown.any():
        grey.putalpha(Image.fromarray(np.where(unknown, 0, 255).astype(np.uint8)))
    return grey

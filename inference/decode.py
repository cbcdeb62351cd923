"""Reading a picture file into sRGB pixels, and refusing what no mesh can be made from.

A picture comes from anywhere, so nothing in the file is trusted: the kind of file and the size in the header are
checked before anything is decoded, only formats named here are tried, and whatever Pillow raises becomes one sentence.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import stat
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from ..contracts import Float, Pixels
from ..errors import PictureError
from .colour_modes import plain_mode, to_srgb
from .deep_grey import grey_levels, is_deep, reduce_levels

__all__ = [
    "LONGEST_SIDE",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "Decoded",
    "check_content",
    "decode_heights",
    "decode_picture",
    "read_picture",
]

LONGEST_SIDE = 4096
"""Larger pictures are reduced to this many pixels: no texture is larger."""
MAX_PIXELS = 2**27
"""Pictures with more pixels than this (134 million) are refused from their header."""
MAX_FILE_BYTES = 2**30

SHORTEST_LONG_SIDE = 32
SHORTEST_SHORT_SIDE = 8
FLAT_RANGE = 3
"""A picture whose channels all stay within this many of 255 levels shows nothing."""
FLAT_HEIGHTS = 16 / 65535
"""Finer levels that all stay within this are flat as well."""
FAINTEST_ALPHA = 8

_HELP = "save it again as PNG or JPEG"
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# First bytes of files that artists try and that are not read here, so that the message can name them.
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"8BPS", "a Photoshop document"),
    (0, b"v/1\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"#?RGBE", "a Radiance HDR picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"\x00\x00\x01\x00", "an icon file"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"BLENDER", "a Blender file"),
    (0, b"gimp xcf", "a GIMP document"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (4, b"ftypavif", "an AVIF picture that cannot be decoded here"),
    (4, b"ftyp", "a HEIC picture or a video"),
)

# Pillow logs what it finds odd in a file; without a handler Python would print that beside our own message.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Decoded:
    """A picture read from a file.

    ``pixels`` uint8 [H, W, 4]: sRGB with straight alpha, upright. ``heights`` float32 [H, W]: where the file is
    greyscale of more than 8 bits, the levels it stores, 0..1, without its profile, NaN where nothing is known; else
    None.
    """

    pixels: Pixels
    heights: Float | None = None


def decode_picture(path: Path) -> Pixels:
    """Read a picture and make sure that it shows something.

    Parameters
    ----------
    path : Path
        A regular file in PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF (first frame), PNM or TGA format; the content decides,
        not the name (TGA, which has no signature, needs the suffix).

    Returns
    -------
    Pixels
        uint8 [H, W, 4], sRGB with straight alpha, upright, at most `LONGEST_SIDE` pixels on the longest side.

    Raises
    ------
    PictureError
        The file cannot be read, or shows nothing that a mesh can be made from.
    """
    return decode_heights(path).pixels


def decode_heights(path: Path) -> Decoded:
    """`decode_picture`, with the same error, and with the finer levels that the file may hold.

    A map of heights may well use so few of its levels that nothing is seen of it: then those count.
    """
    decoded = _read(Path(path))
    heights = decoded.heights
    if heights is None or np.isnan(heights).all() or np.nanmax(heights) - np.nanmin(heights) <= FLAT_HEIGHTS:
        check_content(decoded.pixels, _shown(path))
    else:
        _check_size(decoded.pixels, _shown(path))
    return decoded


def read_picture(path: Path) -> Pixels:
    """Read a picture, whatever it shows: the first half of `decode_picture`, with the same result and error."""
    return _read(Path(path)).pixels


def _read(path: Path) -> Decoded:
    name = _shown(path)
    with _open_regular(path, name) as stream, warnings.catch_warnings():
        # Size is checked below with our own cap; other warnings concern damaged metadata, which is not used.
        warnings.simplefilter("ignore")
        try:
            return _decode(stream, path, name)
        except PictureError:
            raise
        except Image.DecompressionBombError:
            raise PictureError(f"{name} is too large: use a picture of at most {_megapixels()} megapixels.") from None
        except UnidentifiedImageError:
            raise PictureError(_unknown(stream, name)) from None
        except MemoryError:
            raise PictureError(f"{name} needs more memory than there is: use a smaller picture.") from None
        except Exception:
            # Damaged files make Pillow's readers raise almost anything; none of it would tell the user more.
            raise PictureError(f"{name} is damaged or incomplete: {_HELP}, or use another picture.") from None


def check_content(pixels: Pixels, name: str = "The picture") -> None:
    """Refuse pictures that show nothing.

    Parameters
    ----------
    pixels : Pixels
        uint8 [H, W, 4], sRGB with straight alpha.
    name : str
        What the message calls the picture.

    Raises
    ------
    PictureError
        The picture is too small, fully transparent, or of one colour.
    """
    _check_size(pixels, name)
    alpha = pixels[..., 3]
    if alpha.max() < FAINTEST_ALPHA:
        raise PictureError(f"{name} is fully transparent: use a picture that shows an object.")
    low = pixels.min(axis=(0, 1)).astype(int)
    high = pixels.max(axis=(0, 1)).astype(int)
    # With one colour but a shape in the alpha channel it is a silhouette, and that can be used.
    if (high - low).max() <= FLAT_RANGE:
        raise PictureError(f"{name} has one colour everywhere: use a picture that shows an object.")


def _check_size(pixels: Pixels, name: str) -> None:
    height, width = pixels.shape[:2]
    if max(height, width) < SHORTEST_LONG_SIDE or min(height, width) < SHORTEST_SHORT_SIDE:
        raise PictureError(f"{name} has only {width} x {height} pixels: use one of at least 256 x 256.")


def _open_regular(path: Path, name: str) -> BinaryIO:
    """Open a regular file for reading; anything else (a folder, a pipe, a device) would fail late or block."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        if not stat.S_ISREG(os.stat(path).st_mode):
            kind = "a folder" if path.is_dir() else "a pipe or a device"
            raise PictureError(f"{name} is {kind}, not a picture file: choose a picture.")
        stream = os.fdopen(os.open(path, flags), "rb")
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist: check the path of the picture.") from None
    except PermissionError:
        raise PictureError(f"{name} cannot be opened: allow reading it, or copy it to another folder.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise PictureError(f"{name} cannot be opened ({reason}): check the path of the picture.") from None
    status = os.fstat(stream.fileno())
    if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_FILE_BYTES:
        return stream
    stream.close()
    if status.st_size == 0:
        raise PictureError(f"{name} is an empty file: use another picture.")
    raise PictureError(f"{name} is a file of {status.st_size >> 20} MB: {_HELP} below {MAX_FILE_BYTES >> 20} MB.")


def _decode(stream: BinaryIO, path: Path, name: str) -> Decoded:
    with Image.open(stream, formats=_formats(path)) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            size = f"{width} x {height}"
            raise PictureError(f"{name} is too large ({size}): use a picture of at most {_megapixels()} megapixels.")
        scale = min(1.0, LONGEST_SIDE / max(width, height))
        target = (max(1, round(width * scale)), max(1, round(height * scale)))
        # JPEG decodes to a fraction of its size for a fraction of the time and memory.
        image.draft(None, target)
        with _quiet() if image.format == "TIFF" else contextlib.nullcontext():
            image.load()
        # After loading: asking for EXIF loads PNG files itself, and would hide that they are damaged. TIFF pictures are
        # upright by now, and their tag is gone.
        orientation = _orientation(image)
        profile = image.info.get("icc_profile")
        heights = reduce_levels(grey_levels(image), LONGEST_SIDE) if is_deep(image) else None
        plain = plain_mode(image)
    if max(plain.size) > LONGEST_SIDE:
        plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    result = to_srgb(plain, profile if isinstance(profile, bytes) else b"")
    if orientation in _ORIENTATIONS:
        result = result.transpose(_ORIENTATIONS[orientation])
        if heights is not None:
            heights = np.array(Image.fromarray(heights).transpose(_ORIENTATIONS[orientation]))
    return Decoded(np.array(result, dtype=np.uint8), heights)


def _formats(path: Path) -> list[str]:
    formats = ["PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF"]
    formats += [name.upper() for name in ("webp", "avif") if features.check(name)]
    # TGA has no signature: tried on every file, it would take all kinds of data for a picture.
    if path.suffix.lower() == ".tga":
        formats.append("TGA")
    return formats


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Keep what libtiff writes to the error stream by itself, past Python, from the user's one line."""
    try:
        saved = os.dup(2)
    except OSError:
        # A program without an error stream has nothing to keep quiet.
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 where there is none or the metadata is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:
        # The EXIF reader raises as freely as the decoders do; the picture itself can still be good.
        return 1
    return value if isinstance(value, int) else 1


def _unknown(stream: BinaryIO, name: str) -> str:
    """What to say about a file that is none of the formats."""
    stream.seek(0, io.SEEK_SET)
    head = stream.read(32)
    for offset, signature, kind in _FOREIGN:
        if head[offset : offset + len(signature)] == signature:
            return f"{name} is {kind}: {_HELP}."
    return f"{name} is not a picture, or is damaged: {_HELP}, or use another picture."


def _megapixels() -> int:
    return MAX_PIXELS // 1_000_000


def _shown(path: Path) -> str:
    """The file's name as it can stand in a one-line message."""
    name = Path(path).name or str(path)
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= 80 else clean[:60] + "..." + clean[-15:]

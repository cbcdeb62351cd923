"""The files beside a gallery's page: small pictures, meshes that a page opened as a file can load, the 3D viewer.

All lie in one folder. Their names say what they were made of, so that what is there already is not made again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from ..errors import OutputError, PictureError
from ..inference.decode import decode_picture
from .entry import Entry

__all__ = ["EMBED_LIMIT", "PAGE", "VIEWER", "GalleryFiles"]

PAGE = Path(__file__).parent / "page"
"""The page's own parts."""
VIEWER = PAGE / "viewer" / "model-viewer.js"
"""The 3D viewer; it is fetched when the extension is built, and missing in a checkout that never was."""
EMBED_LIMIT = 2 << 30
"""Bytes of GLB files, all together, of which copies are made for pages that are opened without a web server."""

_EMBED_LONGEST = 256 << 20
_THUMBNAIL = 480  # pixels of the longest side
_CHUNK = 3 << 20  # a multiple of 3: base64 of chunks is then base64 of the whole
_OURS = re.compile(r"[0-9a-f]{20}\.(webp|js|part)")


class GalleryFiles:
    """The folder beside one page.

    Parameters
    ----------
    folder
        Made where it is missing.
    limit
        In place of `EMBED_LIMIT`.

    Raises
    ------
    OutputError
        If it cannot be made.
    """

    def __init__(self, folder: Path, limit: int = EMBED_LIMIT) -> None:
        self._folder = folder
        self._left = limit
        self._used: set[str] = set()
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def thumbnail(self, entry: Entry) -> str | None:
        """The name of a small copy of the picture; None where the picture is gone, unreadable or dangerous.

        A picture that failed may have brought its process down, so it is not opened again.
        """
        if entry.state == "failed":
            return None
        name = f"{_digest(entry.picture, entry.key)}.webp"
        if not (self._folder / name).is_file():
            try:
                pixels = decode_picture(Path(entry.source))
            except (PictureError, OSError, ValueError):
                return None
            small = Image.fromarray(pixels)
            small.thumbnail((_THUMBNAIL, _THUMBNAIL))
            self._write(name, lambda file: small.save(file, "WEBP", quality=80))
        self._used.add(name)
        return name

    def embed(self, entry: Entry, mesh: Path) -> str | None:
        """The name of a script that hands a GLB file to the page; None where that would take too much room.

        Browsers let no page that is opened as a file read the files beside it, but load the scripts beside it.
        """
        try:
            size = mesh.stat().st_size
        except OSError:
            return None
        if size > min(self._left, _EMBED_LONGEST):
            return None
        self._left -= size
        key = _digest(entry.picture, entry.key, entry.time)
        name = f"{key}.js"
        if not (self._folder / name).is_file():
            self._write(name, lambda file: _write_script(file, key, mesh))
        self._used.add(name)
        return name

    def add_viewer(self) -> bool:
        """Put the 3D viewer and its licences there; False where there is none."""
        if not VIEWER.is_file():
            return False
        for source in VIEWER.parent.iterdir():
            self._write(source.name, lambda file, source=source: file.write(source.read_bytes()))
        return True

    def sweep(self) -> None:
        """Remove what earlier pages needed and this one does not."""
        for path in self._folder.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in self._used:
                with suppress(OSError):
                    path.unlink()

    def _write(self, name: str, write: Callable[[BinaryIO], object]) -> None:
        """Write a file, under its name only once it is whole."""
        draft = self._folder / f"{_digest(name)}.part"
        try:
            with open(draft, "wb") as file:
                write(file)
            os.replace(draft, self._folder / name)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise _unwritable(self._folder, error) from error


def _write_script(file: BinaryIO, key: str, mesh: Path) -> None:
    file.write(f'maquetteMesh("{key}","'.encode())
    with open(mesh, "rb") as source:
        while chunk := source.read(_CHUNK):
            file.write(base64.b64encode(chunk))
    file.write(b'")\n')


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"The gallery's folder {folder} cannot be written ({error.strerror}): free some disk space.")

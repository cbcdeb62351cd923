"""What is in the system's clipboard: a picture, or the names of files as file managers put them there."""

from __future__ import annotations

import os
import socket
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageGrab

from ..errors import PictureError

__all__ = ["Pasted", "look_at_clipboard", "named_files"]

_LONGEST = 200_000
"""Text longer than this, in characters, is no list of files."""
# What GNOME's and KDE's file managers put above the names.
_HEADS = {"x-special/nautilus-clipboard", "copy", "cut"}
_NOTHING = "There is no picture in the clipboard: copy a picture, or a picture's file, and paste again."


@dataclass(frozen=True)
class Pasted:
    """Either files, by their paths, or a picture, by the PNG file that it was written to."""

    files: tuple[str, ...] = ()
    picture: Path | None = None


def look_at_clipboard(text: str, place: Path) -> Pasted:
    """Find files or a picture. May take as long as the program takes that holds the clipboard: call it in a thread.

    Parameters
    ----------
    text
        What the clipboard holds as text.
    place
        The file that a picture is written to, as PNG.

    Raises
    ------
    PictureError
        When there is neither, when a program is missing that it takes, or when the file does not exist.
    """
    files = named_files(text)
    if not files:
        content = _grab()
        if not isinstance(content, list):
            content.save(place)
            return Pasted(picture=place)
        files = [str(name) for name in content]
    for file in files:
        if not _exists(file):
            raise PictureError(f"{Path(file).name} is not there any more: copy the picture again.")
    return Pasted(files=tuple(files))


def _grab() -> Image.Image | list[str]:
    """The clipboard's picture or files, read by Pillow: by itself on Windows and macOS, through a tool elsewhere."""
    try:
        content = ImageGrab.grabclipboard()
        if content is not None and not isinstance(content, list):
            content.load()
    except NotImplementedError:
        tool = "wl-clipboard" if os.environ.get("WAYLAND_DISPLAY") else "xclip"
        raise PictureError(
            f"Pasting a picture needs the program {tool}: install it, or copy the picture's file instead."
        ) from None
    except MemoryError:
        raise PictureError("The clipboard's picture needs more memory than there is: copy a smaller one.") from None
    except Exception:
        # Whatever a program put there, and however it ended.
        raise PictureError("The picture in the clipboard cannot be read: save it as a file and choose that.") from None
    if content is None or content == []:
        raise PictureError(_NOTHING)
    return content


def named_files(text: str) -> list[str]:
    """The files that a text names and nothing else: absolute paths or file:// addresses, one a line, perhaps in quotes.

    Empty where any line is something else: it is just a text then. The files need not exist.
    """
    if not text.strip() or len(text) > _LONGEST or "\0" in text:
        return []
    if os.path.isabs(text) and _exists(text):
        return [text]  # a name may well have a line break in it
    lines = [line.strip("\r") for line in text.split("\n")]
    files = [_file(line) for line in lines if line.strip() and line not in _HEADS and not line.startswith("#")]
    return [file for file in files if file] if all(files) else []


def _file(line: str) -> str:
    """The path that a line names, or ""."""
    line = line.strip()
    if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":
        line = line[1:-1]
    if not line.lower().startswith("file:"):
        return line if os.path.isabs(line) else ""
    try:
        address = urllib.parse.urlsplit(line)
    except ValueError:
        return ""
    if address.netloc not in {"", "localhost", socket.gethostname()}:
        return ""
    if sys.platform == "win32":
        path = urllib.request.url2pathname(address.path)
    else:
        path = os.fsdecode(urllib.parse.unquote_to_bytes(address.path))
    return path if os.path.isabs(path) and "\0" not in path else ""


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False

"""The small picture in the panel, read in a thread so that a large file never holds up the interface."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import bpy.utils.previews
import numpy as np
from PIL import Image

from ..contracts import Int, Pixels
from ..errors import PictureError
from ..inference.decode import decode_picture
from .redraw import redraw_sidebars

__all__ = ["close", "forget", "icon", "open_collection"]

SIDE = 256  # pixels: what Blender shows of a preview at most
KEPT = 3  # pictures: the original, the prepared one and the mask


@dataclass
class _Entry:
    """One picture on its way: ``pixels`` or ``note`` come from the thread, ``icon`` from the main thread after it."""

    pixels: Pixels | None = None
    note: str = ""
    ready: threading.Event = field(default_factory=threading.Event)
    icon: int = 0


_entries: dict[str, _Entry] = {}
_collection: bpy.utils.previews.ImagePreviewCollection | None = None


def open_collection() -> None:
    """Make the place where previews live; once, when the extension is registered."""
    global _collection
    _collection = bpy.utils.previews.new()


def close() -> None:
    """Free all previews; Blender complains at exit about those that are left."""
    global _collection
    _entries.clear()
    if _collection is not None:
        bpy.utils.previews.remove(_collection)
        _collection = None


def forget(path: str) -> None:
    """Read the picture anew the next time it is shown: the file may have changed."""
    _entries.pop(path, None)
    if _collection is not None and path in _collection:
        del _collection[path]


def icon(path: str) -> tuple[int, str]:
    """The icon of a picture for `UILayout.template_icon`, and "" -- or 0, and a note that says why there is none.

    Quick enough for a panel's draw: the first call for a path only starts to read it; the panel is drawn again when
    that is done.
    """
    entry = _entries.get(path)
    if entry is None:
        for old in list(_entries)[: -KEPT + 1]:
            forget(old)
        entry = _entries[path] = _Entry()
        thread = threading.Thread(target=_read, args=(Path(bpy.path.abspath(path)), entry), daemon=True)
        thread.start()
        if not bpy.app.background:
            bpy.app.timers.register(lambda: _redraw_when_ready(entry), first_interval=0.1)
    if not entry.ready.is_set():
        return 0, "Reading the picture…"
    if entry.pixels is not None and _collection is not None:
        preview = _collection.new(path)
        preview.image_size = entry.pixels.shape[1::-1]
        preview.image_pixels.foreach_set(_packed(entry.pixels))
        entry.icon, entry.pixels = preview.icon_id, None
    return entry.icon, entry.note


def _read(path: Path, entry: _Entry) -> None:
    """Decode and shrink, in a thread; the refusals are those that a run would give."""
    try:
        picture = Image.fromarray(decode_picture(path))
        picture.thumbnail((SIDE, SIDE))
        entry.pixels = np.asarray(picture)
    except PictureError as error:
        entry.note = str(error)
    except Exception as error:  # whatever it is, the panel must go on
        entry.note = f"This picture cannot be shown: {error}"
    entry.ready.set()


def _packed(pixels: Pixels) -> Int:
    """RGBA rows from the top as the packed integers, rows from the bottom, that previews take."""
    return np.ascontiguousarray(pixels[::-1]).view(np.int32).ravel()


def _redraw_when_ready(entry: _Entry) -> float | None:
    if not entry.ready.is_set():
        return 0.1
    redraw_sidebars()
    return None

"""What a gallery's page knows: a JSON object with one record for each picture, and the addresses of its files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..contracts import MeshReport
from ..mesh_words import mesh_lines
from ..version import VERSION
from .entry import Entry
from .gallery_files import GalleryFiles
from .order import TURNTABLE

__all__ = ["page_data"]

_MESH = {field.name for field in fields(MeshReport)}


def page_data(
    entries: Sequence[Entry], folder: Path, files: GalleryFiles, prefix: str, told: Callable[[int], None]
) -> dict[str, Any]:
    """All that the page shows.

    Parameters
    ----------
    entries
        Of a manifest.
    folder
        What the paths of outputs are relative to; the page lies there too.
    files
        Beside the page, below ``prefix``, an address that ends with ``/``.
    told
        Called with the count of entries done so far.

    Raises
    ------
    OutputError
        If a file beside the page cannot be written.
    """
    settings, models = _Table(), _Table()
    records: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        record = _record(entry, folder, files, prefix)
        records.append(
            record | {"settings": settings.index(entry.settings), "models": models.index(list(entry.models))}
        )
        told(number)
    return {
        "name": folder.resolve().name,
        "version": VERSION,
        "viewer": f"{prefix}model-viewer.js" if files.add_viewer() else None,
        "settings": settings.rows,
        "models": models.rows,
        "entries": records,
    }


class _Table:
    """Values that many records share, each kept once."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._places: dict[str, int] = {}

    def index(self, value: Any) -> int:
        place = self._places.setdefault(repr(value), len(self.rows))
        if place == len(self.rows):
            self.rows.append(value)
        return place


def _record(entry: Entry, folder: Path, files: GalleryFiles, prefix: str) -> dict[str, Any]:
    """One picture. What is missing on the disk has no address."""
    outputs = [path for path in entry.outputs if (folder / path).is_file()]
    preview = entry.preview if entry.preview in outputs else None
    turntable = _first(outputs, TURNTABLE)
    mesh = _first(outputs, ".glb")
    thumbnail = files.thumbnail(entry)
    script = files.embed(entry, folder / mesh) if mesh else None
    return {
        "picture": entry.picture,
        "source": entry.source,
        "state": entry.state,
        "time": entry.time,
        "error": entry.error,
        "attempts": entry.attempts,
        "unmet": list(entry.unmet),
        "notes": list(entry.notes),
        "seconds": {step: value for step, value in entry.seconds.items() if _is_number(value)},
        "thumbnail": thumbnail and prefix + thumbnail,
        "preview": preview and _address(preview),
        "turntable": turntable and _address(turntable),
        "mesh": mesh and _address(mesh),
        "script": script and prefix + script,
        "outputs": [[path, _address(path)] for path in outputs if path not in (preview, turntable)],
        **_figures(entry.mesh),
    }


def _figures(mesh: Mapping[str, Any] | None) -> dict[str, Any]:
    """The mesh report: its numbers, and the same in words."""
    try:
        if mesh is None or not mesh.keys() >= _MESH:
            return {}
        what, faults = mesh_lines(mesh)
    except (TypeError, ValueError):  # somebody else's manifest
        return {}
    return {"figures": {name: mesh[name] for name in sorted(_MESH)}, "what": what, "faults": faults}


def _first(outputs: Iterable[str], ending: str) -> str | None:
    return next((path for path in outputs if path.lower().endswith(ending)), None)


def _address(path: str) -> str:
    """A relative path as an address, whatever bytes are in its name; never one with a scheme."""
    return quote(os.fsencode(path))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)

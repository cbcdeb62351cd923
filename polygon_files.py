"""How a mesh to be cleaned crosses to the worker process, and comes back cleaned.

``polygons.npz`` holds the mesh that is sent, ``cleaned.npz`` what has become of it, ``steps.json`` what was done.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from .array_files import Arrays, check_array, read_arrays, write_arrays, write_whole
from .errors import OutputError, WorkerError
from .geometry.repair.cleaned import Cleaned, Step
from .geometry.repair.polygons import NONE, Polygons

__all__ = ["CLEANED", "POLYGONS", "STEPS", "load_cleaned", "load_polygons", "save_cleaned", "save_polygons"]

POLYGONS = "polygons.npz"
CLEANED = "cleaned.npz"
STEPS = "steps.json"

_FAULTS = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)


def save_polygons(folder: Path, mesh: Polygons) -> None:
    """Write a mesh into an existing folder, for `load_polygons`.

    Raises
    ------
    OutputError
        If the folder is missing, not writable or full.
    """
    _save(folder, POLYGONS, mesh)


def load_polygons(folder: Path) -> Polygons:
    """Read the mesh that `save_polygons` wrote; its coordinates may be anything, even no numbers.

    Raises
    ------
    WorkerError
        If the file is missing or damaged, or the arrays are no mesh.
    """
    try:
        return _polygons(read_arrays(folder / POLYGONS), finite=False)
    except _FAULTS as error:
        raise _damaged(error) from error


def save_cleaned(folder: Path, result: Cleaned) -> None:
    """Write what cleaning gave into an existing folder, for `load_cleaned`; errors as `save_polygons`."""
    _save(folder, CLEANED, result.mesh)
    text = json.dumps({"steps": [asdict(step) for step in result.steps], "warnings": list(result.warnings)})
    try:
        write_whole(folder / STEPS, lambda file: file.write(text.encode()))
    except OSError as error:
        raise _unwritable(folder, error) from error


def load_cleaned(folder: Path, sent: Polygons) -> Cleaned:
    """Read back what `save_cleaned` wrote.

    Parameters
    ----------
    folder : Path
    sent : Polygons
        The mesh that was to be cleaned, which the elements of the result may come from; it is itself the result's mesh
        where nothing was changed.

    Raises
    ------
    WorkerError
        If a file is missing or damaged, or the arrays are no mesh with finite coordinates made of the one sent.
    """
    try:
        mesh = _polygons(read_arrays(folder / CLEANED), finite=True)
        for name in ("point_from", "corner_from", "face_from"):
            if getattr(mesh, name).max() > getattr(sent, name).max():
                raise ValueError(f"{name} names what was not sent")
        same = all(np.array_equal(getattr(mesh, field.name), getattr(sent, field.name)) for field in fields(Polygons))
        return _cleaned(sent if same else mesh, json.loads((folder / STEPS).read_bytes()))
    except _FAULTS as error:
        raise _damaged(error) from error


def _save(folder: Path, name: str, mesh: Polygons) -> None:
    try:
        write_arrays(folder / name, {field.name: getattr(mesh, field.name) for field in fields(Polygons)})
    except OSError as error:
        raise _unwritable(folder, error) from error


def _polygons(arrays: Arrays, finite: bool) -> Polygons:
    """Check the arrays and name them; ValueError or KeyError says what is wrong."""
    points = check_array("points", arrays["points"], np.float64, (None, 3), finite)
    corners = check_array("corners", arrays["corners"], np.int64, (None,))
    first = check_array("first", arrays["first"], np.int64, (None,))
    if len(first) < 2 or first[0] != 0 or first[-1] != len(corners) or np.diff(first).min() < 3:
        raise ValueError("first does not lay the corners out as faces")
    if corners.min() < 0 or corners.max() >= len(points):
        raise ValueError("corners names points that do not exist")
    counts = {"point_from": len(points), "corner_from": len(corners), "face_from": len(first) - 1}
    origin = {name: check_array(name, arrays[name], np.int64, (count,)) for name, count in counts.items()}
    for name, values in origin.items():
        if values.min() < NONE:
            raise ValueError(f"{name} names what cannot be")
    return Polygons(points, corners, first, **origin)


def _cleaned(mesh: Polygons, content: Any) -> Cleaned:
    """Rebuild the dataclasses from JSON; TypeError or KeyError if they do not fit."""
    steps = tuple(Step(**step) for step in content["steps"])
    warnings = tuple(content["warnings"])
    texts = [*warnings, *(text for step in steps for text in asdict(step).values())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("the steps are not text")
    return Cleaned(mesh, steps, warnings)


def _damaged(error: Exception) -> WorkerError:
    return WorkerError(f"A mesh was damaged on its way to the worker or back ({error}); try again.")


def _unwritable(folder: Path, error: OSError) -> OutputError:
    reason = error.strerror or error
    return OutputError(f"The mesh cannot be written to {folder} ({reason}); free some disk space.")

"""How results cross from the worker process to Blender: as files in a folder.

Of a finished mesh, ``mesh.npz`` holds the arrays, ``texture.png`` the texture and ``light.png`` the light that was
taken out of it (so that Blender loads and packs them as files, without decoding them in Python), ``report.json`` the
report. Each appears under its name only whole, the report last. ``check.json`` is what the check of a picture, or of
the machine, found; ``picture.jpg`` what a picture looks like, ``prepared.png`` what it becomes and ``mask.png`` where
its subject is.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from .array_files import Arrays, check_array, read_arrays, write_arrays, write_whole
from .contracts import Finish, Float, MeshArrays, MeshReport, Pixels, Point, Report
from .errors import OutputError, WorkerError
from .settings import from_fields

__all__ = [
    "LIGHT",
    "MASK",
    "MESH",
    "PICTURE",
    "PREPARED",
    "REPORT",
    "TEXTURE",
    "load_check",
    "load_examination",
    "load_result",
    "picture_path",
    "save_check",
    "save_pictures",
    "save_result",
]

MESH = "mesh.npz"
TEXTURE = "texture.png"
LIGHT = "light.png"
CHECK = "check.json"
PICTURE = "picture.jpg"
PREPARED = "prepared.png"
MASK = "mask.png"
REPORT = "report.json"
_ATTRIBUTE = "attribute_"


class _Result(Protocol):
    """What a run returns: `pipeline.Result` without knowing the pipeline."""

    @property
    def mesh(self) -> MeshArrays: ...

    @property
    def report(self) -> Report: ...


def save_result(folder: Path, result: _Result) -> None:
    """Write a result into an existing folder.

    Parameters
    ----------
    folder : Path
        Files of an earlier result in it are replaced.
    result : object with ``mesh`` and ``report``
        The mesh as `contracts.MeshArrays` describes it.

    Raises
    ------
    OutputError
        If the folder is missing, not writable or full.
    """
    mesh = result.mesh
    arrays: Arrays = {"vertices": mesh.vertices, "faces": mesh.faces}
    if mesh.uv is not None:
        arrays["uv"] = mesh.uv
    arrays.update({_ATTRIBUTE + name: values for name, values in mesh.attributes.items()})
    report = json.dumps(asdict(result.report)).encode()
    try:
        write_arrays(folder / MESH, arrays)
        save_pictures(folder, mesh)
        write_whole(folder / REPORT, lambda file: file.write(report))
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The result cannot be written to {folder} ({reason}); free some disk space.") from error


def save_pictures(folder: Path, mesh: MeshArrays) -> None:
    """Write the textures of a mesh into a folder; those of an earlier one in it are removed. OSError if that fails."""
    for name, pixels in {TEXTURE: mesh.texture, LIGHT: mesh.maps.get("light")}.items():
        if pixels is None:
            (folder / name).unlink(missing_ok=True)
        else:
            _save_picture(folder / name, pixels)


def _save_picture(path: Path, pixels: Pixels) -> None:
    # The fastest compression: the file lives for a second, and Blender packs it as it is.
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if path.suffix == ".jpg":
        write_whole(path, lambda file: image.save(file, "JPEG", quality=90))
    else:
        write_whole(path, lambda file: image.save(file, "PNG", compress_level=1))


def load_result(folder: Path) -> tuple[MeshArrays, Report]:
    """Read back what `save_result` wrote, and check it.

    Returns
    -------
    mesh : MeshArrays
        Without ``texture`` and ``maps``: they stay in the files that `picture_path` names.
    report : Report

    Raises
    ------
    WorkerError
        If a file is missing or damaged, or an array has not the shape, type or range it must have.
    """
    try:
        arrays = read_arrays(folder / MESH)
        report = _report(json.loads((folder / REPORT).read_bytes()))
        return _mesh(arrays), report
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WorkerError(f"The worker handed over a damaged result ({error}); generate again.") from error


def picture_path(folder: Path, name: str) -> Path | None:
    """Return the path of one of the pictures of a result or a check, or None without it."""
    path = folder / name
    return path if path.is_file() else None


def save_check(folder: Path, report: Mapping[str, Any], pictures: Mapping[str, Pixels | None] | None = None) -> None:
    """Write what was found of a picture, or of the machine, into an existing folder.

    Raises
    ------
    OutputError
        If that cannot be written.
    """
    try:
        for name, pixels in (pictures or {}).items():
            if pixels is not None:
                _save_picture(folder / name, pixels)
        write_whole(folder / CHECK, lambda file: file.write(json.dumps(report).encode()))
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The check cannot be written to {folder} ({reason}); free some disk space.") from error


def load_examination(folder: Path) -> dict[str, Any]:
    """Read back what `save_check` wrote of the machine.

    Raises
    ------
    WorkerError
        If the file is missing or damaged.
    """
    try:
        return dict(json.loads((folder / CHECK).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise WorkerError(f"The worker handed over a damaged report ({error}); try again.") from error


def load_check(folder: Path) -> tuple[list[dict[str, str]], list[Point], int]:
    """Read back the lines of a check, each with ``line``, ``level``, ``text`` and ``fix``, all texts; the points that
    lie on the things to choose among; and which of them is chosen, counted from 0, -1 for none.

    Raises
    ------
    WorkerError
        If the file is missing or damaged.
    """
    try:
        report = json.loads((folder / CHECK).read_bytes())
        lines = [{key: str(each[key]) for key in ("line", "level", "text", "fix")} for each in report["findings"]]
        return lines, [(float(x), float(y)) for x, y in report["subjects"]], int(report["chosen"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WorkerError(f"The worker handed over a damaged check ({error}); check again.") from error


def _mesh(arrays: Mapping[str, npt.NDArray[Any]]) -> MeshArrays:
    """Check the arrays and name them; ValueError or KeyError says what is wrong."""
    vertices = check_array("vertices", arrays["vertices"], np.float32, (None, 3))
    faces = arrays["faces"]
    corners = faces.shape[-1] if faces.ndim == 2 else 0
    if corners not in (3, 4):
        raise ValueError(f"faces has the shape {faces.shape}")
    check_array("faces", faces, np.int32, (None, corners))
    _check_indices(faces, len(vertices))
    uv = arrays.get("uv")
    if uv is not None:
        check_array("uv", uv, np.float32, (len(faces), corners, 2))
    attributes: dict[str, Float] = {
        name.removeprefix(_ATTRIBUTE): check_array(name, values, np.float32, (len(vertices),))
        for name, values in arrays.items()
        if name.startswith(_ATTRIBUTE)
    }
    return MeshArrays(vertices, faces, uv, None, attributes)


def _check_indices(faces: npt.NDArray[Any], count: int) -> None:
    """Raise ValueError unless every corner names a vertex; only a fourth corner may be -1, for a triangle."""
    lowest = faces.min(axis=0, initial=0)
    if faces.max(initial=-1) >= count or lowest[:3].min() < 0 or lowest[-1] < -1:
        raise ValueError("faces names vertices that do not exist")


def _report(content: Any) -> Report:
    """Rebuild the dataclasses from JSON; TypeError or KeyError if they do not fit."""
    mesh = dict(content["mesh"])
    mesh["dimensions"] = tuple(mesh["dimensions"])
    built: dict[str, Any] = {
        "settings": from_fields(content["settings"]),
        "mesh": MeshReport(**mesh),
        "models": tuple(content["models"]),
        "finish": Finish(**content["finish"]) if content["finish"] else None,
        "notes": tuple(content["notes"]),
        "outputs": tuple(content["outputs"]),
    }
    return Report(**{**content, **built})

"""All mesh files that can be read: told by their suffix, checked, and moved near the origin where they lie far off."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..contracts import Mask
from ..errors import MeshError
from .content import Content
from .gltf import check_glb, check_gltf
from .obj import check_obj, mend_obj, move_obj
from .ply import check_ply, move_ply
from .stl import check_stl

__all__ = ["FAR", "SUFFIXES", "SoundFile", "far_centre", "sound_file"]

Offset: TypeAlias = npt.NDArray[np.float64]

FAR = 1e3
"""A mesh is far off when it lies this many times its own size from the origin: 32-bit numbers, which Blender has for
coordinates, then leave fewer than 14 bits for its shape."""

_FBX = (b"Kaydara FBX Binary", b";")
_CHECKS: dict[str, Callable[[bytes, Path], Content]] = {
    ".glb": check_glb,
    ".gltf": check_gltf,
    ".obj": check_obj,
    ".ply": check_ply,
    ".stl": check_stl,
}
SUFFIXES = tuple(sorted([*_CHECKS, ".fbx"]))
"""USD is not among them: damaged files of it crash Blender, and they are not easily told."""


@dataclass(frozen=True)
class SoundFile:
    """A mesh file that was checked.

    ``path`` is what to read: the file itself, or a copy near the origin. ``offset`` float64 [3] is what was taken from
    the copy's coordinates, in the file's axes; it is the same in 32 bits. ``faces`` is how many there are in the file,
    None where that was not counted. ``nowhere`` bool [V] are a PLY file's vertices with coordinates that are not
    numbers, which its importer puts elsewhere; None where there are none. ``mended`` says whether colours that were no
    numbers are zero in the copy.
    """

    path: Path
    offset: Offset
    faces: int | None = None
    nowhere: Mask | None = None
    mended: bool = False


def sound_file(path: Path, folder: Path) -> SoundFile:
    """Check a mesh file.

    Parameters
    ----------
    path : Path
        The file; its suffix says what it is.
    folder : Path
        An empty folder, for a copy of a PLY or OBJ file that lies far from the origin or has damaged colours.

    Raises
    ------
    MeshError
        If it is missing, empty, of another kind, damaged, or has no faces.
    """
    data = _read(path)
    suffix = path.suffix.lower()
    if suffix == ".fbx":
        if not data.startswith(_FBX):
            raise MeshError(f"{path.name} is no FBX file: it does not begin like one.")
        return SoundFile(path, np.zeros(3))
    content = _CHECKS[suffix](data, path)
    offset = np.zeros(3) if content.points is None else far_centre(content.points)
    nowhere = None
    if suffix == ".ply" and content.points is not None and not np.isfinite(content.points).all():
        nowhere = ~np.isfinite(content.points).all(axis=1)
    better = mend_obj(data) if suffix == ".obj" else data
    mended = better != data
    if offset.any():
        better = move_ply(better, path, -offset) if suffix == ".ply" else move_obj(better, -offset)
    if better == data:
        return SoundFile(path, offset, content.faces, nowhere)
    copy = folder / path.name
    copy.write_bytes(_with_materials(better, path, folder) if suffix == ".obj" else better)
    return SoundFile(copy, offset, content.faces, nowhere, mended)


def far_centre(points: npt.NDArray[np.float64]) -> Offset:
    """The middle of points [V, 3] that lie far off, rounded to 32 bits; zeros where they lie near the origin."""
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return np.zeros(3)
    low, high = finite.min(axis=0), finite.max(axis=0)
    middle = (low / 2 + high / 2).astype(np.float32).astype(np.float64)
    far = np.isfinite(middle).all() and np.abs(middle).max() > FAR * (high - low).max() > 0
    return middle if far else np.zeros(3)


def _read(path: Path) -> bytes:
    """The content of a file that can be a mesh."""
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path.name} does not end in a known mesh format: use one of {', '.join(SUFFIXES)}.")
    if not path.exists():
        raise MeshError(f"There is no file {path}.")
    if not path.is_file():
        raise MeshError(f"{path} is no file that can be read.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MeshError(f"{path} cannot be read ({error.strerror}).") from error
    if not data:
        raise MeshError(f"{path.name} is empty.")
    return data


def _with_materials(data: bytes, path: Path, folder: Path) -> bytes:
    """An OBJ's text for another folder, from where its material library is still found."""
    try:
        way = Path(os.path.relpath(path.parent.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows: no path leads there
        return data
    return re.sub(rb"(?m)^(\s*mtllib[ \t]+)", lambda found: found[0] + os.fsencode(way) + b"/", data)

"""Arrays in files between Blender and its worker process: written whole, and checked when they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Arrays", "check_array", "read_arrays", "write_arrays", "write_whole"]

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


def write_whole(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Let ``fill`` write the file, which gets its name only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            fill(file)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write named arrays as an uncompressed .npz; OSError if that fails."""
    write_whole(path, lambda file: np.savez(file, **arrays))  # pyright: ignore[reportArgumentType]


def read_arrays(path: Path) -> Arrays:
    """Read an .npz that holds nothing but plain arrays; OSError, ValueError or zipfile.BadZipFile if it is none."""
    # The file is opened here, since numpy leaves one that is no archive open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def check_array(
    name: str, values: npt.NDArray[Any], dtype: type, shape: tuple[int | None, ...], finite: bool = True
) -> npt.NDArray[Any]:
    """Return ``values`` if they have the type and shape asked for (None: any length) and, unless they need not, are
    finite; ValueError says what is wrong."""
    if values.dtype != dtype:
        raise ValueError(f"{name} is {values.dtype}")
    fits = len(shape) == values.ndim and all(
        want in (None, have) for want, have in zip(shape, values.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has the shape {values.shape}")
    if finite and not np.isfinite(values).all():
        raise ValueError(f"{name} is not finite")
    return values

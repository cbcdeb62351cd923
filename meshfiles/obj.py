"""OBJ files: checked, mended, and moved near the origin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import MeshError
from .content import Content
from .numbers import read_numbers

__all__ = ["check_obj", "mend_obj", "move_obj"]

Numbers: TypeAlias = npt.NDArray[Any]

_BLANK, _TAB, _RETURN, _NEWLINE, _SLASH = (ord(letter) for letter in " \t\r\n/")


def check_obj(data: bytes, path: Path) -> Content:
    """Check an OBJ file.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : Path
        For its name in what is said.

    Raises
    ------
    MeshError
        If it has no faces, or one that other programs would skip: with fewer than three corners, or a vertex that
        does not exist at that place of the file.
    """
    text, starts = _lines(data)
    vertices, faces = _of_kind(text, starts, b"v"), _of_kind(text, starts, b"f")
    if not len(faces):
        raise MeshError(f"{path.name} has no faces; Maquette cleans meshes.")
    points = _coordinates(text, starts, vertices, path)
    rows, lengths = _rows(text, starts, faces)
    if lengths.min() < 3:
        raise MeshError(f"A face in {path.name} has fewer than three corners; the file is damaged.")
    corners = read_numbers(_before_slashes(rows), np.int64)
    if len(corners) != lengths.sum():
        raise MeshError(f"A face in {path.name} is no list of numbers; the file is damaged.")
    known = np.repeat(np.searchsorted(vertices, faces), lengths)  # how many vertices stand before the face
    if (corners == 0).any() or (corners > known).any() or (corners < -known).any():
        raise MeshError(f"A face in {path.name} names a vertex that does not exist; the file is damaged.")
    return Content(len(faces), points)


def move_obj(data: bytes, shift: Numbers, scale: float = 1.0) -> bytes:
    """Multiply the vertices by ``scale``, a power of two, and add ``shift`` (float64 [3]).

    Without a shift the coordinates are taken to be 32-bit numbers, and written with just the digits they need.
    """
    far = bool(shift.any())

    def moved(match: re.Match[bytes]) -> bytes:
        values = [float(word) * scale for word in match[2].split()]
        if far:
            words = [repr(value + distance) for value, distance in zip(values, shift.tolist(), strict=True)]
        else:
            words = [np.format_float_positional(np.float32(value), trim="0") for value in values]
        return match[1] + " ".join(words).encode()

    return re.sub(rb"(?m)^([ \t]*v[ \t]+)(\S+[ \t]+\S+[ \t]+\S+)", moved, data)


def mend_obj(data: bytes) -> bytes:
    """Put zero for colours behind vertices' coordinates that are no numbers: one makes an importer drop them all."""

    def mended(match: re.Match[bytes]) -> bytes:
        return match[1] + re.sub(rb"(?i)[+-]?(?:nan|inf)\w*", b"0", match[2])

    if not re.search(rb"(?i)nan|inf", data):
        return data
    return re.sub(rb"(?m)^([ \t]*v(?:[ \t]+\S+){3})([ \t].*)$", mended, data)


def _lines(data: bytes) -> tuple[Numbers, Numbers]:
    """The file as bytes (uint8 [N], ending in an empty line), and where each line's first letter is."""
    joined = re.sub(rb"\\\r?\n", lambda found: b" " * len(found[0]), data)  # a line may go on after a backslash
    text = np.frombuffer(joined.replace(b"\r", b"\n").replace(b"\t", b" ") + b"\n\n", np.uint8)
    solid = np.flatnonzero(text != _BLANK)
    new = np.ones(len(solid), np.bool_)
    new[1:] = text[solid[:-1]] == _NEWLINE
    return text, solid[new]


def _of_kind(text: Numbers, starts: Numbers, keyword: bytes) -> Numbers:
    """Where the lines with a keyword of one letter begin."""
    return starts[:-1][(text[starts[:-1]] == keyword[0]) & (text[starts[:-1] + 1] == _BLANK)]


def _rows(text: Numbers, starts: Numbers, chosen: Numbers) -> tuple[Numbers, Numbers]:
    """The bytes of some lines without their keywords, and how many words each has."""
    ends = np.flatnonzero(text == _NEWLINE)
    begin, end = chosen + 1, ends[np.searchsorted(ends, chosen)] + 1
    lengths = end - begin
    place = np.repeat(begin - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum(), dtype=np.int64)
    rows = text[place]
    gap = (rows == _BLANK) | (rows == _NEWLINE)
    first = ~gap
    first[1:] &= gap[:-1]
    return rows, np.add.reduceat(first, np.cumsum(lengths) - lengths, dtype=np.int64)


def _coordinates(text: Numbers, starts: Numbers, vertices: Numbers, path: Path) -> Numbers:
    """The first three numbers of the vertices' lines."""
    if not len(vertices):
        raise MeshError(f"{path.name} has no vertices; the file is damaged.")
    rows, lengths = _rows(text, starts, vertices)
    values = read_numbers(rows.tobytes(), np.float64)
    if lengths.min() < 3 or len(values) != lengths.sum():
        raise MeshError(f"A vertex in {path.name} is no list of three numbers; the file is damaged.")
    return values[(np.cumsum(lengths) - lengths)[:, None] + np.arange(3)]


def _before_slashes(rows: Numbers) -> bytes:
    """Corners such as ``7/1/3`` down to their vertices."""
    place = np.arange(len(rows), dtype=np.int64)
    gap = (rows == _BLANK) | (rows == _NEWLINE)
    last_gap = np.maximum.accumulate(np.where(gap, place, -1))
    last_slash = np.maximum.accumulate(np.where(rows == _SLASH, place, -1))
    return np.where(last_slash > last_gap, _BLANK, rows).astype(np.uint8).tobytes()

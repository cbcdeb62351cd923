"""PLY files: checked, and moved near the origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import MeshError
from .content import Content
from .ply_tables import Body, Column, Element, Header, Numbers, parse_header

__all__ = ["check_ply", "move_ply"]

_INDICES = ("vertex_indices", "vertex_index")


def check_ply(data: bytes, path: Path) -> Content:
    """Check a PLY file.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : Path
        For its name in what is said.

    Raises
    ------
    MeshError
        If the file is damaged or has no faces.
    """
    header = parse_header(data, path)
    body = Body(header, data, path)
    tables = {element.name: body.read(element) for element in header.elements}
    points = _points(tables.get("vertex", {}), path)
    faces, strips = _corners(tables.get("face", {})), _corners(tables.get("tristrips", {}))
    if not len(faces.lengths) and not len(strips.lengths):
        raise MeshError(f"{path.name} has no faces; Maquette cleans meshes, not clouds of points.")
    if len(faces.lengths) and faces.lengths.min() < 3:
        raise MeshError(f"A face in {path.name} has fewer than three corners; the file is damaged.")
    # A strip is ended by -1. Numbers of a text may be anything, NaN too.
    sound = (faces.values >= 0).all() and (strips.values >= -1).all()
    if not (sound and (faces.values < len(points)).all() and (strips.values < len(points)).all()):
        raise MeshError(f"A face in {path.name} names a vertex that does not exist; the file is damaged.")
    return Content(len(faces.lengths) if not len(strips.lengths) else None, points)


def move_ply(data: bytes, path: Path, shift: Numbers) -> bytes:
    """Add ``shift`` (float64 [3]) to the vertices of a sound PLY file; their coordinates become doubles.

    Raises
    ------
    MeshError
        If the vertices' rows hold lists.
    """
    header = parse_header(data, path)
    body, before = Body(header, data, path), 0
    for element in header.elements:
        if element.name == "vertex":
            if any(item.length for item in element.properties):
                raise MeshError(f"The vertices of {path.name} are too unusual to be moved; save the file as OBJ.")
            head = _double_header(data[: header.size])
            if not header.order:
                return head + _moved_text(data[header.size :], before, element, shift)
            return head + _moved_rows(data[header.size :], body.at, header, element, shift)
        body.read(element)
        before += element.count
    raise MeshError(f"The vertices of {path.name} have no coordinates; the file is damaged.")


def _double_header(head: bytes) -> bytes:
    """The header with doubles for the coordinates of the vertices."""
    before, start, rest = head.partition(b"element vertex")
    vertex, following, after = rest.partition(b"\nelement")
    vertex = re.sub(rb"property[ \t]+\w+[ \t]+([xyz])\b", rb"property double \1", vertex)
    return before + start + vertex + following + after


def _moved_rows(rest: bytes, begin: int, header: Header, element: Element, shift: Numbers) -> bytes:
    """A binary file's content with its vertices moved."""
    old = np.dtype([(item.name, header.order + item.kind) for item in element.properties])
    new = np.dtype([(name, header.order + "f8" if name in "xyz" else old[name]) for name in old.names or ()])
    rows: Numbers = np.frombuffer(rest, old, element.count, begin).astype(new)
    for axis, distance in zip("xyz", shift, strict=True):
        rows[axis] += distance
    return rest[:begin] + rows.tobytes() + rest[begin + element.count * old.itemsize :]


def _moved_text(rest: bytes, begin: int, element: Element, shift: Numbers) -> bytes:
    """A text file's content with its vertices moved; they stand a line each, after ``begin`` lines."""
    lines = rest.split(b"\n")
    columns = {item.name: number for number, item in enumerate(element.properties)}
    for number in range(begin, begin + element.count):
        words = lines[number].split()
        for axis, distance in zip("xyz", shift.tolist(), strict=True):
            words[columns[axis]] = repr(float(words[columns[axis]]) + distance).encode()
        lines[number] = b" ".join(words)
    return b"\n".join(lines)


def _points(table: Mapping[str, Column], path: Path) -> Numbers:
    if not {"x", "y", "z"} <= table.keys():
        raise MeshError(f"The vertices of {path.name} have no coordinates; the file is damaged.")
    return np.stack([table[axis].values.astype(np.float64) for axis in "xyz"], axis=1)


def _corners(table: Mapping[str, Column]) -> Column:
    """The corners of the faces; nothing where the element has none."""
    nothing = np.zeros(0, np.int64)
    return next((table[name] for name in _INDICES if name in table), Column(nothing, nothing))

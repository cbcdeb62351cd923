"""STL files: checked."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import MeshError
from .content import Content

__all__ = ["check_stl"]

_HEADER, _TRIANGLE = 84, 50


def check_stl(data: bytes, path: Path) -> Content:
    """Check an STL file, binary or text.

    Raises
    ------
    MeshError
        If it has no triangles, or a binary one is not as long as it says: other programs take that for text, and find
        nothing.
    """
    count = int.from_bytes(data[80:_HEADER], "little") if len(data) >= _HEADER else -1
    if len(data) == _HEADER + count * _TRIANGLE:
        if not count:
            raise MeshError(f"{path.name} has no triangles.")
        return Content(count)
    if not data.lstrip().startswith(b"solid") or b"\0" in data:
        raise MeshError(f"{path.name} is not as long as an STL file of its kind; it is damaged or cut off.")
    facets = len(re.findall(rb"(?m)^\s*facet\b", data))
    corners = len(re.findall(rb"(?m)^\s*vertex(?:\s+\S+){3}", data))
    if not facets:
        raise MeshError(f"{path.name} has no triangles.")
    if corners != 3 * facets or b"endsolid" not in data:
        raise MeshError(f"{path.name} has triangles without three corners; it is damaged or cut off.")
    return Content(facets)

"""glTF files, GLB too: checked."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from ..errors import MeshError
from .content import Content

__all__ = ["check_glb", "check_gltf"]

Json: TypeAlias = dict[str, Any]
Numbers: TypeAlias = npt.NDArray[Any]

_JSON, _BINARY = 0x4E4F534A, 0x004E4942
_KINDS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_COMPRESSED = {"KHR_draco_mesh_compression", "EXT_meshopt_compression"}


def check_glb(data: bytes, path: Path) -> Content:
    """Check a GLB file; errors as `check_gltf`."""
    chunks: dict[int, bytes] = {}
    if data[:4] != b"glTF" or len(data) < 20:
        raise MeshError(f"{path.name} is no GLB file: it does not begin like one.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2 or length > len(data):
        raise MeshError(f"{path.name} is damaged, cut off, or of a version of glTF other than 2.")
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise MeshError(f"{path.name} is damaged: a part of it is longer than the file.")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    return _check(chunks.get(_JSON, b""), chunks.get(_BINARY), path)


def check_gltf(data: bytes, path: Path) -> Content:
    """Check a glTF file and what it refers to.

    Raises
    ------
    MeshError
        If it is damaged, has no triangles, lacks a file beside it, or has faces naming vertices that do not exist or
        nodes that contain themselves.
    """
    return _check(data, None, path)


def _check(text: bytes, binary: bytes | None, path: Path) -> Content:
    try:
        content: Json = json.loads(text)
        _check_nodes(content)
        buffers = [_buffer(entry, binary, path) for entry in content.get("buffers", [])]
        primitives = [entry for mesh in content.get("meshes", []) for entry in mesh["primitives"]]
        if not primitives:
            raise MeshError(f"{path.name} has no meshes.")
        if not _COMPRESSED & set(content.get("extensionsUsed", [])):
            for primitive in primitives:
                _check_primitive(content, buffers, primitive)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, KeyError | IndexError) else error
        raise MeshError(f"{path.name} is no sound glTF file ({reason}); it is damaged.") from error
    return Content()


def _check_nodes(content: Json) -> None:
    """ValueError unless the nodes form trees: others would make readers run in circles."""
    nodes = content.get("nodes", [])
    parents = [child for node in nodes for child in node.get("children", [])]
    for index in parents:
        nodes[_index(index)]
    if len(set(parents)) < len(parents):
        raise ValueError("a node has two parents")
    reached, waiting = 0, [index for index in range(len(nodes)) if index not in set(parents)]
    while waiting:
        reached += 1
        waiting += nodes[waiting.pop()].get("children", [])
    if reached < len(nodes):
        raise ValueError("a node contains itself")


def _buffer(entry: Json, binary: bytes | None, path: Path) -> bytes:
    """The bytes of a buffer, wherever they are."""
    uri, size = entry.get("uri"), entry["byteLength"]
    if uri is None:
        data = binary or b""
    elif uri.startswith("data:"):
        data = base64.b64decode(uri.partition(",")[2])
    else:
        beside = path.parent / unquote(uri)
        if not beside.is_file():
            raise MeshError(f"{path.name} needs {beside.name} beside it, which is missing.")
        data = beside.read_bytes()
    if len(data) < size:
        raise ValueError("a buffer is shorter than it says")
    return data


def _check_primitive(content: Json, buffers: list[bytes], primitive: Json) -> None:
    """ValueError unless all values of a primitive lie within the buffers, and its indices within its vertices."""
    accessors = content["accessors"]
    count = _index(accessors[_index(primitive["attributes"]["POSITION"])]["count"])
    for number in primitive["attributes"].values():
        accessor = accessors[_index(number)]
        if accessor["count"] != count:
            raise ValueError("the vertices' values differ in number")
        if not np.isfinite(_values(content, buffers, accessor)).all():
            raise ValueError("a vertex has values that are not numbers")
    if "indices" in primitive:
        indices = _values(content, buffers, accessors[_index(primitive["indices"])])
        if len(indices) and int(indices.max()) >= count:
            raise ValueError("a face names a vertex that does not exist")


def _values(content: Json, buffers: list[bytes], accessor: Json) -> Numbers:
    """The values of an accessor, [count, width]; ValueError if they lie outside of what there is."""
    kind, width, count = np.dtype(_KINDS[accessor["componentType"]]), _WIDTHS[accessor["type"]], accessor["count"]
    if not _index(count):
        raise ValueError("a list of values is empty")
    if "bufferView" not in accessor:  # all zero, or sparse: readers make room for what is promised
        if count > sum(map(len, buffers)):
            raise ValueError("a list is longer than the file")
        return np.zeros((1, width), kind)
    view = content["bufferViews"][_index(accessor["bufferView"])]
    data = buffers[_index(view["buffer"])]
    size = kind.itemsize * width
    stride = _index(view.get("byteStride", size))
    begin, inside = _index(view.get("byteOffset", 0)), _index(accessor.get("byteOffset", 0))
    if stride < size or begin + view["byteLength"] > len(data):
        raise ValueError("a part of a buffer lies outside of it")
    if inside + (count - 1) * stride + size > view["byteLength"]:
        raise ValueError("values lie outside of their buffer")
    return np.ndarray((count, width), kind, data, begin + inside, (stride, kind.itemsize))


def _index(value: Any) -> int:
    """The value if it is a whole number not below zero."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value

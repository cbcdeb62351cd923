"""A mesh's attributes as arrays: UV maps, colours, materials, seams, selection and whatever a user added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt

from ..geometry.repair.transfer import Blend

__all__ = ["Column", "Values", "carry", "read_columns", "write_columns"]

Values: TypeAlias = npt.NDArray[Any]

# What the mesh itself consists of, and what `normals` looks after.
_STRUCTURE = {"position", ".edge_verts", ".corner_vert", ".corner_edge", "custom_normal"}

# By Blender's type: the property that holds an element's value, numpy's type and how many numbers it has. Matching
# types make Blender copy the memory as a whole.
_KINDS: dict[str, tuple[str, type[np.generic], int]] = {
    "BOOLEAN": ("value", np.bool_, 1),
    "BYTE_COLOR": ("color", np.float32, 4),
    "FLOAT": ("value", np.float32, 1),
    "FLOAT2": ("vector", np.float32, 2),
    "FLOAT4X4": ("value", np.float32, 16),
    "FLOAT_COLOR": ("color", np.float32, 4),
    "FLOAT_VECTOR": ("vector", np.float32, 3),
    "INT": ("value", np.int32, 1),
    "INT16_2D": ("value", np.int16, 2),
    "INT32_2D": ("value", np.int32, 2),
    "INT8": ("value", np.int8, 1),
    "QUATERNION": ("value", np.float32, 4),
}

FREESTYLE = "use_freestyle_mark"
"""Freestyle's marks of edges and faces, which Blender 4.5 does not list among the attributes."""

_MIXED = {"BYTE_COLOR", "FLOAT", "FLOAT2", "FLOAT_COLOR", "FLOAT_VECTOR", "QUATERNION"}


@dataclass(frozen=True)
class Column:
    """An attribute: its name, Blender's names of its type and domain, and a value per element, [N] or [N, width]."""

    name: str
    kind: str
    domain: str
    values: Values


def read_columns(mesh: bpy.types.Mesh) -> list[Column]:
    """Read all attributes that are not the mesh itself, in their order."""
    columns = [
        Column(item.name, item.data_type, item.domain, _read(item))
        for item in mesh.attributes
        if item.name not in _STRUCTURE and (item.data_type in _KINDS or item.data_type == "STRING")
    ]
    if FREESTYLE not in bpy.types.MeshEdge.bl_rna.properties:  # a Blender built without Freestyle
        return columns
    for domain, elements in (("EDGE", mesh.edges), ("FACE", mesh.polygons)):
        marks = np.zeros(len(elements), np.bool_)
        elements.foreach_get(FREESTYLE, marks)
        if marks.any():
            columns.append(Column(FREESTYLE, "BOOLEAN", domain, marks))
    return columns


def carry(column: Column, blend: Blend) -> Column:
    """The column for a result: numbers with a fraction are mixed where the blend says so, all others copied."""
    values = blend.mix(column.values) if column.kind in _MIXED else blend.copy(column.values)
    if column.kind == "QUATERNION" and len(blend.mixed):
        length = np.linalg.norm(values[blend.mixed], axis=1, keepdims=True)
        values[blend.mixed] /= np.where(length > 0, length, 1.0)
    return replace(column, values=values)


def write_columns(mesh: bpy.types.Mesh, columns: Iterable[Column]) -> None:
    """Give the mesh these attributes, in their order; their lengths must fit its elements."""
    for column in columns:
        if column.name == FREESTYLE:
            elements = mesh.edges if column.domain == "EDGE" else mesh.polygons
            elements.foreach_set(FREESTYLE, column.values)
            continue
        item = mesh.attributes.get(column.name)
        if item is None or (item.data_type, item.domain) != (column.kind, column.domain):
            if item is not None:
                mesh.attributes.remove(item)
            item = mesh.attributes.new(column.name, column.kind, column.domain)
        if column.kind == "STRING":
            for element, value in zip(item.data, column.values.tolist(), strict=True):
                element.value = value
        else:
            key, kind, _ = _KINDS[column.kind]
            item.data.foreach_set(key, np.ascontiguousarray(column.values, kind).ravel())


def _read(item: bpy.types.Attribute) -> Values:
    if item.data_type == "STRING":
        return np.array([element.value for element in item.data], dtype=object)
    key, kind, width = _KINDS[item.data_type]
    values = np.empty(len(item.data) * width, kind)
    item.data.foreach_get(key, values)
    return values.reshape(-1, width) if width > 1 else values

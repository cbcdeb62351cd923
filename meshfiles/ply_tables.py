"""The tables of a PLY file, the Stanford polygon format, in text and in both binary orders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import MeshError
from .numbers import read_numbers

__all__ = ["Body", "Column", "Element", "Header", "Numbers", "Property", "parse_header"]

Numbers: TypeAlias = npt.NDArray[Any]

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True)
class Property:
    """One value of an element's rows, or a list of them whose length is stored as ``length`` (numpy's type codes)."""

    name: str
    kind: str
    length: str = ""


@dataclass(frozen=True)
class Element:
    """A table of the file."""

    name: str
    count: int
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Header:
    """What the header promises; ``order`` is numpy's byte order, empty for text; ``size`` in bytes."""

    order: str
    elements: tuple[Element, ...]
    size: int


@dataclass(frozen=True)
class Column:
    """A property of all rows: its ``values`` one after the other, and how many each row has (``lengths``, int64)."""

    values: Numbers
    lengths: Numbers


class Body:
    """The values after the header: bytes, or numbers of a text. Positions and sizes count either."""

    def __init__(self, header: Header, data: bytes, path: Path) -> None:
        self._path = path
        self._order = header.order
        self._data: Numbers = (
            np.frombuffer(data, np.uint8, offset=header.size)
            if header.order
            else read_numbers(data[header.size :], np.float64)
        )
        self._at = 0

    @property
    def at(self) -> int:
        """Where the next element begins, counted from the end of the header."""
        return self._at

    def read(self, element: Element) -> dict[str, Column]:
        """Read the element that comes next.

        Raises
        ------
        MeshError
            If the file ends before it.
        """
        least = sum(self._size(item.length or item.kind) for item in element.properties)
        if element.count * least > len(self._data) - self._at:
            raise self._too_short()
        return self._even_rows(element) or self._uneven_rows(element)

    def _even_rows(self, element: Element) -> dict[str, Column] | None:
        """The columns of rows that all have lists as long as the first row's, or None if they have not."""
        lengths = self._first_lengths(element)
        fields: list[tuple[str, str, tuple[int, ...]]] = []
        for number, (item, length) in enumerate(zip(element.properties, lengths, strict=True)):
            if item.length:
                fields.append((f"length{number}", self._order + item.length if self._order else "f8", ()))
            fields.append((f"value{number}", self._order + item.kind if self._order else "f8", (length,)))
        row = np.dtype(fields)
        width = row.itemsize if self._order else row.itemsize // 8
        if element.count * width > len(self._data) - self._at:
            return None
        rows: Numbers = self._data[self._at : self._at + element.count * width].view(row)
        columns: dict[str, Column] = {}
        for number, (item, length) in enumerate(zip(element.properties, lengths, strict=True)):
            if item.length and (rows[f"length{number}"] != length).any():
                return None
            columns[item.name] = Column(rows[f"value{number}"].ravel(), np.full(element.count, length, np.int64))
        self._at += element.count * width
        return columns

    def _first_lengths(self, element: Element) -> list[int]:
        """How many values of each property the first row has."""
        begin = self._at
        one = self._uneven_rows(Element(element.name, min(element.count, 1), element.properties))
        self._at = begin
        return [int(column.lengths[0]) if element.count else 1 for column in one.values()]

    def _uneven_rows(self, element: Element) -> dict[str, Column]:
        """The columns of rows that are walked through one by one."""
        places: list[list[int]] = [[] for _ in element.properties]
        counts: list[list[int]] = [[] for _ in element.properties]
        plan = [(item.length, self._size(item.length), self._size(item.kind)) for item in element.properties]
        at, end = self._at, len(self._data)
        for _ in range(element.count):
            for column, (length, head, size) in enumerate(plan):
                count = 1
                if length:
                    if at + head > end:
                        raise self._too_short()
                    count = self._length(at, length)
                    at += head
                places[column].append(at)
                counts[column].append(count)
                at += count * size
        if at > end:
            raise self._too_short()
        self._at = at
        return {
            item.name: self._gather(np.array(place, np.int64), np.array(count, np.int64), item.kind)
            for item, place, count in zip(element.properties, places, counts, strict=True)
        }

    def _length(self, at: int, kind: str) -> int:
        if self._order:
            raw = self._data[at : at + self._size(kind)].tobytes()
            value = float(np.frombuffer(raw, self._order + kind)[0])
        else:
            value = float(self._data[at])
        if not (0 <= value <= len(self._data) and value == int(value)):
            raise MeshError(f"A list in {self._path.name} has no sound length; the file is damaged.")
        return int(value)

    def _gather(self, starts: Numbers, lengths: Numbers, kind: str) -> Column:
        """The values of lists that begin at some places."""
        owner = np.repeat(np.arange(len(starts), dtype=np.int64), lengths)
        nth = np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        at = starts[owner] + nth * self._size(kind)
        if not self._order:
            return Column(self._data[at], lengths)
        rows = self._data[at[:, None] + np.arange(self._size(kind))]
        return Column(rows.view(self._order + kind).ravel(), lengths)

    def _size(self, kind: str) -> int:
        """How much of the data a value takes; nothing where there is none."""
        if not kind:
            return 0
        return np.dtype(kind).itemsize if self._order else 1

    def _too_short(self) -> MeshError:
        return MeshError(f"{self._path.name} holds less than its header promises; the file is damaged or cut off.")


def parse_header(data: bytes, path: Path) -> Header:
    """Read the header; MeshError if there is none that makes sense."""
    end = data.find(b"end_header", 0, _LONGEST_HEADER)
    if not data.startswith(b"ply") or end < 0:
        raise MeshError(f"{path.name} is no PLY file: its header is missing or damaged.")
    line_end = data.find(b"\n", end)
    size = line_end + 1 if line_end >= 0 else len(data)
    order, elements = None, list[tuple[str, int, list[Property]]]()
    try:
        for line in data[:end].decode("ascii", "replace").splitlines()[1:]:
            words = line.split()
            if not words or words[0] in ("comment", "obj_info"):
                continue
            if words[0] == "format":
                order = _ORDERS[words[1]]
            elif words[0] == "element":
                elements.append((words[1], int(words[2]), []))
            elif words[0] == "property":
                elements[-1][2].append(_property(words))
            else:
                raise ValueError(words[0])
        if order is None or any(count < 0 or not items for _, count, items in elements):
            raise ValueError("format")
    except (KeyError, ValueError, IndexError) as error:
        raise MeshError(f"The header of {path.name} makes no sense ({error}); the file is damaged.") from error
    return Header(order, tuple(Element(name, count, tuple(items)) for name, count, items in elements), size)


def _property(words: list[str]) -> Property:
    if words[1] == "list":
        return Property(words[4], _TYPES[words[3]], _TYPES[words[2]])
    return Property(words[2], _TYPES[words[1]])

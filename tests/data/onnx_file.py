"""Writes small ONNX files without the onnx package: enough of its protocol buffers for a few nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FLOAT, INT64, FLOAT16 = 1, 7, 10
OPSET = 13


def _number(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 127
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def _field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(data)) + data


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_field(1, _field(1 if isinstance(n, int) else 2, n)) for n in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, dims)))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    return _field(1, name) + b"".join(_field(8, one) for one in value) + _field(20, 7)


def node(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    attributes: Mapping[str, int | Sequence[int]] | None = None,
) -> bytes:
    """One operator of the standard set; its attributes are whole numbers, none below 0, or lists of such."""
    parts = [_field(1, name) for name in inputs] + [_field(2, name) for name in outputs] + [_field(4, kind)]
    parts += [_field(5, _attribute(*attribute)) for attribute in (attributes or {}).items()]
    return b"".join(parts)


def network(
    nodes: Sequence[bytes],
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    outputs: Mapping[str, tuple[int, Sequence[int | str]]],
) -> bytes:
    """A network: ``inputs`` and ``outputs`` with their type and shape, where a name stands for any length."""
    graph = [_field(1, one) for one in nodes] + [_field(2, "graph")]
    graph += [_field(11, _value(name, *what)) for name, what in inputs.items()]
    graph += [_field(12, _value(name, *what)) for name, what in outputs.items()]
    return _field(1, 8) + _field(7, b"".join(graph)) + _field(8, _field(2, OPSET))

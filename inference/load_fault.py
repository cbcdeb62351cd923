"""Why ONNX Runtime does not load a network, in words for the user."""

from __future__ import annotations

import re

__all__ = ["load_fault"]

_KNOWN = (
    (r"protobuf parsing failed|INVALID_PROTOBUF", "it is no ONNX file, or was cut off"),
    (r"No graph was found", "it is empty"),
    (r"(\S+)\(-?\d+\) is not a registered function", r"it needs the operator \1, which ONNX Runtime does not have"),
    (r"[Ee]xternal data", "it keeps its weights in other files, which are not read"),
    (r"bad.?alloc|[Ff]ailed to allocate", "memory ran out"),
)
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")


def load_fault(message: str) -> str:
    """The reason in a message of ONNX Runtime: a clause, at most 200 characters, without the place in its source."""
    for pattern, words in _KNOWN:
        if found := re.search(pattern, message):
            return found.expand(words)
    plain = " ".join(_PREFIX.sub("", message).split())
    plain = re.sub(r"^\S+:\d+ \w+ ", "", plain).rstrip(".")
    return plain[:200] or "it gives no reason"

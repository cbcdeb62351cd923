"""The messages between Blender and its worker process: one JSON object a line, of limited size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, TypeAlias

from .errors import WorkerError

__all__ = ["MAX_MESSAGE", "Message", "encode", "receive", "send"]

Message: TypeAlias = dict[str, Any]

# In bytes. Below the room of a Linux pipe, so that a message never waits for its reader to take the first half.
MAX_MESSAGE = 60_000


def encode(message: Mapping[str, Any]) -> bytes:
    """Return the message as a line.

    Raises
    ------
    WorkerError
        If it is larger than `MAX_MESSAGE`: bulk data goes through files.
    """
    line = json.dumps(message).encode("ascii") + b"\n"
    if len(line) > MAX_MESSAGE:
        raise WorkerError(f"A message of {len(line)} bytes is too large for the worker; shorten the paths in it.")
    return line


def send(stream: IO[bytes], message: Mapping[str, Any]) -> None:
    """Write one message and flush it; WorkerError as `encode`, OSError if the other side is gone."""
    stream.write(encode(message))
    stream.flush()


def receive(stream: IO[bytes], other: Callable[[bytes], None] | None = None) -> Iterator[Message]:
    """Yield messages until the other side closes the stream; never raises.

    Parameters
    ----------
    stream : buffered binary stream
    other : callable, optional
        Gets every line that is no message: what the program printed before our code ran, or overlong lines in pieces.
    """
    while True:
        try:
            line = stream.readline(MAX_MESSAGE)
        except (OSError, ValueError):
            return
        if not line:
            return
        message = _parse(line)
        if message is not None:
            yield message
        elif other is not None:
            other(line)


def _parse(line: bytes) -> Message | None:
    """Return the line's JSON object, or None if it is none."""
    if not line.startswith(b"{"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None

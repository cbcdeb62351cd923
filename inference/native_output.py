"""Catch what native libraries print, which say there alone why they could not be used."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass

__all__ = ["Caught", "catch_output"]


@dataclass
class Caught:
    """``text``: what was printed, once the catching has ended."""

    text: str = ""


@contextlib.contextmanager
def catch_output() -> Generator[Caught, None, None]:
    """Catch all that this process prints, from Python or from native code, to its standard output and error.

    Where a process has no such streams (a program with windows alone), or no temporary file can be made, nothing is
    caught.
    """
    caught = Caught()
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            for number in (1, 2):
                _divert(stack, number, file.fileno())
        except OSError:
            yield caught
            return
        text = stack.enter_context(open(file.fileno(), "w", encoding="utf-8", closefd=False))
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            try:
                yield caught
            finally:
                text.flush()
                file.seek(0)
                caught.text = file.read().decode("utf-8", "replace")


def _divert(stack: contextlib.ExitStack, number: int, target: int) -> None:
    """Send one file descriptor elsewhere until the stack closes."""
    for stream in (sys.stdout, sys.stderr):  # either may be missing or closed
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    kept = os.dup(number)
    stack.callback(os.close, kept)
    stack.callback(os.dup2, kept, number)
    os.dup2(target, number)

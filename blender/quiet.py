"""Silence for exporters that talk to the console, from Python and from C alike."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Send the process's standard output and standard error nowhere for the time being.

    The streams' file descriptors are redirected, because Blender's own code does not go through `sys.stdout`, and
    `sys.stdout` itself, because it need not be the file descriptor (a console in a window, a test). Where the process
    has no streams (a window program on Windows) there is nothing to silence.
    """
    kept: dict[int, int] = {}
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        _flush()
        for number in (1, 2):
            with suppress(OSError):
                kept[number] = os.dup(number)
                os.dup2(sink, number)
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            yield
    finally:
        _flush()
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(sink)


def _flush() -> None:
    """Write out what Python and the C library hold back, so that it goes where it was meant to go when written."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        library.fflush(None)

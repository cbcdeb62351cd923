"""How many cores and how much memory there are, as the operating system tells it. Standard library only."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ask_system", "available_cores", "read_memory"]

_PATIENCE = 10.0
"""Seconds that a system's own tool gets to answer."""


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def read_memory() -> tuple[int | None, int | None]:
    """All memory and what is free of it, in bytes; None for what this system does not tell."""
    try:
        if sys.platform == "linux":
            return _linux_memory(Path("/proc/meminfo").read_text(encoding="ascii"))
        if sys.platform == "win32":
            return _windows_memory()
        return int(ask_system("sysctl", "-n", "hw.memsize")), None
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None, None


def _linux_memory(text: str) -> tuple[int, int]:
    sizes = {name: int(value) * 1024 for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return sizes["MemTotal"], sizes["MemAvailable"]


def _windows_memory() -> tuple[int, int]:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "d", "e", "f", "g", "h")),
        )

    status = Status()
    status.length = ctypes.sizeof(Status)
    windows: Any = vars(ctypes)["windll"]  # only Windows has it
    if not windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        raise OSError("GlobalMemoryStatusEx failed")
    return status.total, status.free


def ask_system(*command: str) -> str:
    """What a tool of the system prints; OSError or SubprocessError where it is missing, fails or does not answer."""
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE, creationflags=flags)
    return done.stdout.decode("utf-8", "replace").strip()

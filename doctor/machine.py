"""The machine: memory, processor, NVIDIA's driver and libraries."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["describe_graphics", "describe_machine", "missing_libraries", "read_memory"]

_PATIENCE = 10.0
"""Seconds that a system's own tool gets to answer."""

_LIBRARIES = {
    "linux": ("libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcufft.so.12", "libcudnn.so.9"),
    "win32": ("nvcuda.dll", "cudart64_13.dll", "cublas64_13.dll", "cufft64_12.dll", "cudnn64_9.dll"),
}


def describe_machine() -> dict[str, Any]:
    """Operating system, processor, cores that may be used, and memory in bytes (None where it cannot be told)."""
    total, free = read_memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": cores,
        "memory_total": total,
        "memory_free": free,
    }


def read_memory() -> tuple[int | None, int | None]:
    """All memory and what is free of it, in bytes; None for what this system does not tell."""
    try:
        if sys.platform == "linux":
            return _linux_memory(Path("/proc/meminfo").read_text(encoding="ascii"))
        if sys.platform == "win32":
            return _windows_memory()
        return int(_ask("sysctl", "-n", "hw.memsize")), None
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


def _processor() -> str:
    """The processor's name, as far as the system tells."""
    if sys.platform == "linux":
        try:
            found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        except OSError:
            found = None
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def describe_graphics() -> list[Mapping[str, str]]:
    """NVIDIA's cards as the driver's own tool tells them; empty where it is missing."""
    fields = ("name", "driver_version", "memory.total", "memory.used")
    try:
        answer = _ask("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split(",") for line in answer.splitlines() if line.count(",") == len(fields) - 1]
    return [dict(zip(fields, (value.strip() for value in row), strict=True)) for row in rows]


def missing_libraries() -> list[str]:
    """Which of the libraries that CUDA needs cannot be loaded in this process; the driver's comes first."""
    missing: list[str] = []
    for name in _LIBRARIES.get(sys.platform, ()):
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def _ask(*command: str) -> str:
    """What a tool of the system prints."""
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE, creationflags=flags)
    return done.stdout.decode("utf-8", "replace").strip()

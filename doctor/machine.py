"""The machine: memory, processor, NVIDIA's driver and libraries."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..machine import ask_system, available_cores, read_memory

__all__ = ["describe_graphics", "describe_machine", "missing_libraries"]

_LIBRARIES = {
    "linux": ("libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcufft.so.12", "libcudnn.so.9"),
    "win32": ("nvcuda.dll", "cudart64_13.dll", "cublas64_13.dll", "cufft64_12.dll", "cudnn64_9.dll"),
}


def describe_machine() -> dict[str, Any]:
    """Operating system, processor, cores that may be used, and memory in bytes (None where it cannot be told)."""
    total, free = read_memory()
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
        "memory_total": total,
        "memory_free": free,
    }


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
        answer = ask_system("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
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

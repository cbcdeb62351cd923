"""The worker processes of a batch: how many, what starts them, what they can write."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import get_args

from .. import launch
from ..contracts import Device
from ..errors import WorkerError
from ..machine import available_cores, read_memory
from .common import ArgumentError, check_mesh_suffix

__all__ = ["check_formats", "default_jobs", "worker_commands"]

MODULE = "commands.batch_worker"
FORMATS = (".glb", ".obj", ".fbx", ".stl", ".ply", ".usd", ".usda", ".usdc", ".usdz")
MEMORY = 1.5e9  # bytes for a worker at High
_DEFAULT_MOST = 8


def check_formats(text: str) -> tuple[str, ...]:
    """The suffixes that a list such as ``glb,fbx`` means; ArgumentError if there is none or one is not known."""
    suffixes = tuple(dict.fromkeys(f".{part.strip().lower().removeprefix('.')}" for part in text.split(",")))
    for suffix in suffixes:
        if suffix not in FORMATS:
            known = ",".join(name.removeprefix(".") for name in FORMATS)
            raise ArgumentError(f"The formats {text!r} are not understood: choose among {known}.")
        if "bpy" in sys.modules:  # where some formats may be missing
            check_mesh_suffix(Path(f"mesh{suffix}"))
    return suffixes


def default_jobs() -> int:
    """One worker for each core, as far as the memory goes."""
    return max(1, min(_cores(), int(_free_memory() // MEMORY), _DEFAULT_MOST))


def worker_commands(jobs: int, devices: str | None, blender: str | None) -> list[list[str]]:
    """What starts each of some workers, which share the cores.

    Parameters
    ----------
    devices
        Devices with commas between them, dealt to the workers in turn: ``cpu``, ``cuda``, ``cuda:1`` (the second
        graphics card).
    blender
        The Blender to run in; this process's own unless given. In a Python with Blender's module, that.

    Raises
    ------
    ArgumentError
        If a device is not known.
    WorkerError
        If there is neither.
    """
    base = _base(blender)
    threads = max(1, _cores() // jobs)
    dealt = _devices(devices)
    return [[*base, str(threads), dealt[number % len(dealt)]] for number in range(jobs)]


def _devices(text: str | None) -> list[str]:
    """The devices of a list; an empty name, for that of the settings, without one."""
    if text is None:
        return [""]
    names = [part.strip() for part in text.split(",")]
    for name in names:
        kind, colon, number = name.partition(":")
        if kind not in get_args(Device) or (colon and not (kind == "cuda" and number.isdecimal())):
            raise ArgumentError(f"The device {name!r} is not known: write cuda:0,cuda:1 or cpu, say.")
    return names


def _base(blender: str | None) -> list[str]:
    if not blender and "bpy" in sys.modules:
        import bpy

        blender = bpy.app.binary_path  # empty in the module
    if blender:
        return launch.blender_command(blender, MODULE)
    if importlib.util.find_spec("bpy") is None:
        raise WorkerError("There is no Blender to write meshes with: run this as blender -b --command maquette batch.")
    return launch.default_command(module=MODULE)


def _cores() -> int:
    """How many cores this process may use: render farms and clusters give a task its share in OMP_NUM_THREADS."""
    there = available_cores()
    share = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(share)) if share.isdecimal() and int(share) else there


def _free_memory() -> float:
    """Bytes that programs may still take; unlimited where the system does not say."""
    free = read_memory()[1]
    return float("inf") if free is None else float(free)

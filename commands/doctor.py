"""`maquette doctor`: what runs here, and why not; a graphics card's runtime is installed and removed here too."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .. import launch, remote
from ..doctor.text import problems, tell
from ..errors import DeviceError, OutputError, WorkerError
from ..gpu_support.folder import runtime_folder
from ..gpu_support.install import install, offer, remove
from ..gpu_support.runtimes import runtimes_for, this_platform, this_python
from ..jobs import Worker
from ..transfer import load_examination
from .common import progress, say

__all__ = ["add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("--json", action="store_true", help="say it as one JSON object")
    add("--install-gpu", choices=("cuda", "directml"), help="first download a graphics card's runtime")
    add("--remove-gpu", action="store_true", help="first remove what --install-gpu installed")
    add("-v", "--verbose", action="store_true", help="say each step, and where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Examine the machine, in a worker process, which a driver may take down without taking this one along."""
    import bpy

    folder = runtime_folder()
    if options.remove_gpu:
        remove(folder)
    if options.install_gpu:
        _install(options.install_gpu, options.verbose)
    offer(folder)
    host = {"blender": bpy.app.version_string, "online": bool(bpy.app.online_access)}
    worker = Worker(launch.default_command(bpy.app.binary_path or None))
    try:
        report = _examine(worker, host, options.verbose)
    finally:
        worker.shutdown()
    say(json.dumps(report, indent=2) if options.json else tell(report))
    if found := problems(report):
        raise DeviceError(" ".join(found))


def _examine(worker: Worker, host: dict[str, Any], verbose: bool) -> dict[str, Any]:
    job = worker.submit("doctor", host)
    show, last = progress(verbose), "Starting"

    def note(step: str, fraction: float) -> None:
        nonlocal last
        last = step
        show(step, fraction)

    try:
        remote.wait(job, note)
        return load_examination(job.folder)
    except WorkerError as error:  # a driver's crash: what was tried last is what to keep away from
        raise WorkerError(f"{last}: {error}") from error
    finally:
        job.close()


def _install(device: str, verbose: bool) -> None:
    """Download a runtime, if this machine can have it and may go online."""
    import bpy

    found = [one for one in runtimes_for(this_platform(), this_python()) if one.device == device]
    if not found:
        raise DeviceError(f"There is no {device} runtime to install on this system; see what maquette doctor offers.")
    if not bpy.app.online_access:
        raise OutputError("Blender may not go online; start it with --online-mode, or allow it in the preferences.")
    install(found[0], runtime_folder(), progress(verbose), lambda: False)

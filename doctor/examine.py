"""All of the examination, as one report."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime

from ..errors import MaquetteError
from ..gpu_support.runtimes import runtimes_for, this_platform, this_python
from ..steps import Cancelled, Progress
from ..version import VERSION
from .devices import time_run, try_devices
from .machine import describe_graphics, describe_machine, missing_libraries
from .models import check_models

__all__ = ["examine"]


def examine(host: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> dict[str, Any]:
    """Examine this machine: a second or two, and the time of two drafts.

    Parameters
    ----------
    host : mapping
        What only Blender can tell: its version as ``blender`` and whether it is ``online``.
    progress, cancelled : callable
        As for `pipeline.generate`.

    Returns
    -------
    What `doctor.text.tell` puts into words; all of it can be written as JSON.
    """
    report: dict[str, Any] = {
        "maquette": VERSION,
        **host,
        "python": platform.python_version(),
        "machine": describe_machine(),
        "runtime": {
            "version": onnxruntime.__version__,
            "folder": str(Path(onnxruntime.__file__ or "").parent),
            "installable": [[one.title, one.needs, one.sizes] for one in runtimes_for(this_platform(), this_python())],
        },
        "devices": try_devices(progress),
        "graphics": describe_graphics(),
    }
    report["missing_libraries"] = missing_libraries() if sys.platform != "darwin" and _has_cuda(report) else []
    progress("Checking the models", 0.5)
    report["models"] = check_models(cancelled)
    try:
        report["run"] = time_run(progress, cancelled)
    except MaquetteError as error:
        report["run"] = {"problem": str(error)}
    progress("Done", 1.0)
    return report


def _has_cuda(report: Mapping[str, Any]) -> bool:
    return any(entry["device"] == "cuda" for entry in report["devices"])

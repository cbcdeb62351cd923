"""Where the graphics runtime lies: one folder for every Blender of a user that has the same Python."""

from __future__ import annotations

from pathlib import Path

from ..inference.model_folder import default_folder
from .runtimes import this_python

__all__ = ["runtime_folder"]


def runtime_folder() -> Path:
    """The folder for this Python's runtime. It need not exist."""
    return default_folder().parent / f"gpu-python-{this_python()}"

"""Maquette: one picture in, a clean, textured mesh out, built on the user's own machine.

Nothing here imports bpy, so that the pure parts also load in the worker process, in tests and in training.
"""

from __future__ import annotations

import os

# ONNX Runtime tells its makers what it runs, over the network, unless this is set before it is loaded. Processes that
# are started from here inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__all__ = ["register", "unregister"]


def register() -> None:
    """Make the extension known to Blender."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Take back all that `register` did."""
    from . import registration

    registration.unregister()

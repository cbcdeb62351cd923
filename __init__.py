"""Maquette: one picture in, a clean, textured mesh out, built on the user's own machine.

Nothing here imports bpy, so that the pure parts also load in the worker process, in tests and in training.
"""

from __future__ import annotations

__all__ = ["register", "unregister"]


def register() -> None:
    """Make the extension known to Blender."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Take back all that `register` did."""
    from . import registration

    registration.unregister()

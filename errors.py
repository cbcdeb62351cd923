"""The errors Maquette raises on purpose. Each message is one line for the user and says what to do."""

from __future__ import annotations

__all__ = [
    "CancelledError",
    "DeviceError",
    "MaquetteError",
    "MeshError",
    "ModelError",
    "OutputError",
    "PictureError",
    "WorkerError",
]


class MaquetteError(Exception):
    """Base of all errors meant for the user.

    ``exit_code`` is what the command line returns for it.
    """

    exit_code = 1


class PictureError(MaquetteError):
    """The picture cannot be used; the message says why and what would help."""

    exit_code = 3


class ModelError(MaquetteError):
    """A network or its card is missing, damaged or does not fit."""


class DeviceError(MaquetteError):
    """The device asked for cannot run the networks."""


class MeshError(MaquetteError):
    """A mesh cannot be processed: not finite, empty, or indices out of range."""

    exit_code = 3


class OutputError(MaquetteError):
    """A result cannot be written where it was asked for."""


class WorkerError(MaquetteError):
    """The worker process died or does not answer."""


class CancelledError(MaquetteError):
    """The user stopped the job; nothing is left behind."""

"""Ask the worker to download, verify or import a model."""

from __future__ import annotations

from pathlib import Path

from .inference.model_folder import model_folder
from .jobs import Job, Worker

__all__ = ["SAID", "read_said", "submit_download", "submit_import", "submit_verify"]

SAID = "said.txt"
"""The file in the job's folder with what came of it."""


def submit_download(worker: Worker, name: str, mirror: str) -> Job:
    """Start the download of a model of the catalogue; WorkerError if the worker cannot be used.

    Whether to go online is for the caller to ask.
    """
    return worker.submit("model", {"action": "download", "id": name, "mirror": mirror, "folder": _folder()})


def submit_verify(worker: Worker, name: str) -> Job:
    """Start reading an installed model whole; WorkerError if the worker cannot be used."""
    return worker.submit("model", {"action": "verify", "id": name, "folder": _folder()})


def submit_import(worker: Worker, file: Path, card: Path | None) -> Job:
    """Start importing a network from a file, with the card given or found; WorkerError if the worker cannot be used."""
    card_path = str(card.absolute()) if card else ""
    payload = {"action": "import", "file": str(file.absolute()), "card": card_path, "folder": _folder()}
    return worker.submit("model", payload)


def _folder() -> str:
    return str(model_folder().absolute())


def read_said(folder: Path) -> str:
    """What came of a job that is done, one sentence."""
    return (folder / SAID).read_text("utf-8")

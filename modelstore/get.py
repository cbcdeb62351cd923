"""Get a model of the catalogue: its network, then its card, with which it counts as installed."""

from __future__ import annotations

from pathlib import Path

from ..inference.model_folder import model_folder
from ..steps import Cancelled, Progress
from .addresses import host_of, mirrored
from .catalogue import Entry, find_entry
from .download import Remote, fetch
from .files import hash_file, locked, make_folder, unwritable, write_whole
from .installed import find_model

__all__ = ["get_model", "terms"]


def terms(entry: Entry) -> list[str]:
    """What to know before it is downloaded, line by line."""
    return [
        f"{entry.title}: {entry.about}",
        f"Licence: {entry.card.licence}",
        f"From: {entry.source}",
        f"Download: {entry.card.bytes / 1e6:.0f} MB",
        f"Speed: {entry.speed}{f'; memory: {entry.memory / 1e9:.1f} GB' if entry.memory else ''}",
    ]


def get_model(name: str, mirror: str, progress: Progress, cancelled: Cancelled, folder: Path | None = None) -> str:
    """Download a model of the catalogue and install it. Whether to go online is for the caller to ask.

    Parameters
    ----------
    name : str
        Its ID.
    mirror : str
        The address of a server that holds the same files under the same paths, or "".
    progress, cancelled : callable
        As everywhere.
    folder : Path, optional
        Where to; the folder of models unless given.

    Returns
    -------
    str
        What was done, one sentence.

    Raises
    ------
    CancelledError
        If it was stopped.
    ModelError
        If it cannot be had.
    """
    folder, entry = folder or model_folder(), find_entry(name)
    address = mirrored(entry.address, mirror.strip())
    card, target = entry.card, folder / entry.card.path.name
    make_folder(folder)
    with locked(folder, name):
        if find_model(name, folder).state == "installed":
            return f"{entry.title} is installed already."
        try:
            # Without its card there is no model, whatever is done to its network.
            (folder / entry.card_path.name).unlink(missing_ok=True)
            there = target.is_file() and target.stat().st_size == card.bytes
            if not (there and hash_file(target, cancelled) == card.sha256):
                target.unlink(missing_ok=True)
                trusted = host_of(mirror.strip()) if mirror.strip() else None
                fetch(Remote(entry.title, address, card.bytes, card.sha256, trusted), target, progress, cancelled)
            if not entry.export:
                write_whole(folder / entry.card_path.name, entry.card_path.read_bytes())
        except OSError as error:
            raise unwritable(folder, error) from error
    if entry.export:
        return f"{entry.title} is downloaded to {target}; export it with: {entry.export.format(file=target)}"
    return f"{entry.title} is installed."

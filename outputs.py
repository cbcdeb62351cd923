"""Files that appear under their final names only whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import OutputError

__all__ = ["Staging", "staged"]


class Staging:
    """Finished files waiting beside their final places, to be moved there together.

    Each target gets a temporary folder of its own in the target's folder, so that moving is a rename. A target's files
    may have companions (an OBJ's materials and textures): all that lies in its folder is published.
    """

    def __init__(self) -> None:
        self._folders: list[tuple[Path, Path]] = []

    def folder(self, target: Path) -> Path:
        """Make the folder where the file for ``target`` is to be written, under its final name.

        Raises
        ------
        OutputError
            When nothing can be written there.
        """
        if target.is_dir():
            raise OutputError(f"{target} is a folder: add a file name to it.")
        if not target.parent.is_dir():
            raise OutputError(f"The folder {target.parent} does not exist: make it first, or choose another.")
        try:
            made = Path(tempfile.mkdtemp(prefix=".maquette-", dir=target.parent.absolute()))
        except OSError as error:
            reason = error.strerror
            raise OutputError(f"The folder {target.parent} cannot be written to ({reason}): choose another.") from error
        self._folders.append((made, target))
        return made

    def adopt(self, folder: Path, target: Path) -> None:
        """Take over a folder on the target's disk, in which the file for ``target`` lies under its final name."""
        self._folders.append((folder, target))

    def targets(self) -> list[Path]:
        """Where the files that have been written so far will lie: each target asked for, then its companions."""
        found: list[Path] = []
        for folder, target in self._folders:
            files = [target.parent / path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
            found += sorted(files, key=lambda path: path != target)
        return found

    def publish(self) -> list[Path]:
        """Move all files to their places, companions before the file that refers to them; return where they are.

        Raises
        ------
        OutputError
            When a file is missing or cannot be moved; those new ones already moved are taken back.
        """
        moves = [
            (source, target.parent / source.relative_to(folder))
            for folder, target in self._folders
            for source in _main_last(folder, target)
        ]
        fresh: list[Path] = []  # files and folders, to be taken back in reverse
        published: list[Path] = []
        try:
            for source, place in moves:
                fresh.extend(path for path in (place.parent, place) if not path.exists())
                place.parent.mkdir(exist_ok=True)
                os.replace(source, place)
                published.append(place)
        except OSError as error:
            for place in reversed(fresh):
                _remove(place)
            raise OutputError(f"{error.filename2 or error.filename} cannot be written ({error.strerror}).") from error
        return published

    def discard(self) -> None:
        """Remove the temporary folders and what is left in them."""
        for folder, _ in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged() -> Iterator[Staging]:
    """A `Staging` whose temporary folders are gone at the end, whatever happens."""
    staging = Staging()
    try:
        yield staging
    finally:
        staging.discard()


def _remove(path: Path) -> None:
    """Remove a file, or a folder if it is empty; what cannot be removed stays."""
    with suppress(OSError):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _main_last(folder: Path, target: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    main = folder / target.name
    if main not in files:
        raise OutputError(f"{target} was not written: the exporter gave no file.")
    return [*(path for path in files if path != main), main]

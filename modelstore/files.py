"""Files that are whole or absent whatever happens: written aside, flushed to the disk, renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CancelledError, ModelError
from ..file_lock import lock_file
from ..steps import Cancelled

__all__ = ["CHUNK", "hash_file", "locked", "make_folder", "publish", "settle", "unwritable", "write_whole"]

CHUNK = 1 << 20


def make_folder(folder: Path) -> None:
    """Make the folder of models where there is none; ModelError if that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> ModelError:
    """What to tell of a failed write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ModelError(f"The disk of {folder} is full; free some space and try again, which goes on from here.")
    return ModelError(f"The folder {folder} cannot be written to ({error.strerror}); choose another for the models.")


@contextmanager
def locked(folder: Path, name: str) -> Generator[None]:
    """Keep every other process away from one model's files; ModelError if one is at them already.

    The small lock file stays: to remove it could let two in at once.
    """
    make_folder(folder)
    try:
        file = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        try:
            lock_file(file)
        except BlockingIOError as error:
            raise ModelError(f"Another Blender is at work on {name}; wait for its end.") from error
        yield
    finally:
        os.close(file)


def settle(path: Path) -> None:
    """Have what was written to a file, or to a folder's list of names, reach the disk."""
    if path.is_dir() and sys.platform == "win32":  # which opens no folders, and writes such changes in order
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def publish(part: Path, target: Path) -> None:
    """Give a finished file its final name."""
    settle(part)
    part.replace(target)
    settle(target.parent)


def write_whole(target: Path, data: bytes) -> None:
    """Write a small file; OSError as the system has it."""
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(data)
        publish(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def hash_file(path: Path, cancelled: Cancelled, progress: Callable[[float], None] | None = None) -> str:
    """The SHA-256 of a file; ``progress`` is told the share that is read.

    Raises
    ------
    OSError
        If it cannot be read.
    CancelledError
        When ``cancelled`` says yes.
    """
    digest, size, done = hashlib.sha256(), max(path.stat().st_size, 1), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if cancelled():
                raise CancelledError("Stopped.")
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(min(done / size, 1.0))
    return digest.hexdigest()

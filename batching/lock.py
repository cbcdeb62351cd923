"""One driver for each manifest: the folder it works in, which it locks, and which nobody else touches."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import OutputError
from ..file_lock import lock_file

__all__ = ["work_folder"]

_PAUSE = 1.0


@contextmanager
def work_folder(
    output: Path, manifest: Path, wait: float = 0.0, stopped: Callable[[], bool] = lambda: False
) -> Generator[Path]:
    """A folder inside ``output`` for what is not finished, for this process alone; gone at the end.

    What a killed driver left there is removed. The operating system lets go of the lock when the process ends, however
    it ends.

    Parameters
    ----------
    wait
        Seconds to wait for another driver that is at work on the same manifest.
    stopped
        Asked meanwhile; ends the waiting.

    Raises
    ------
    OutputError
        If another driver is at work on the same manifest, or nothing can be written there.
    """
    folder = output / f".maquette-{manifest.stem}"
    deadline = time.monotonic() + wait
    try:
        while (file := _lock(folder)) is None:
            if time.monotonic() > deadline or stopped():
                raise BlockingIOError
            time.sleep(min(_PAUSE, wait))
    except BlockingIOError:
        raise OutputError(f"Another batch is at work on {manifest}: wait for its end, or stop it.") from None
    except OSError as error:
        raise OutputError(f"The folder {output} cannot be written to ({error.strerror}): choose another.") from error
    try:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
        yield folder
    finally:
        _release(folder, file)


def _lock(folder: Path) -> int | None:
    """Open and lock the folder's lock file; None if it is locked."""
    path = folder / "lock"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another driver, at its end, has just removed the folder
            continue
        try:
            lock_file(file)
            if _is_same(file, path):
                return file
        except BlockingIOError:
            os.close(file)
            return None
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is_same(file: int, path: Path) -> bool:
    """Whether the open file still goes by this path: whoever held it before may have removed it."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _release(folder: Path, file: int) -> None:
    """Remove the folder, the lock file last, and let go of the lock."""
    for path in folder.glob("*/"):
        shutil.rmtree(path, ignore_errors=True)
    if sys.platform == "win32":  # which removes no open file; nor would it one that another driver has opened since
        os.close(file)
    with suppress(OSError):
        (folder / "lock").unlink()
        folder.rmdir()
    if sys.platform != "win32":
        os.close(file)

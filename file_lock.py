"""A lock on an open file that the operating system lets go of when the process ends, however it ends."""

from __future__ import annotations

import errno
import sys

__all__ = ["lock_file"]

if sys.platform == "win32":
    import msvcrt

    def lock_file(file: int) -> None:
        """Lock an open file for this process alone; BlockingIOError if another has it. Where the file system has no
        locks, nothing happens."""
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def lock_file(file: int) -> None:
        """Lock an open file for this process alone; BlockingIOError if another has it. Where the file system has no
        locks, nothing happens."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise

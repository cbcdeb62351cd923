"""Files that no artist means to choose, and good pictures with names that break programs: made, never stored."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

__all__ = ["make_odd_files"]

NAMES = (
    b"two words.png",
    b"'single' and \"double\".png",
    b"two\nlines.png",
    b"-leading dash.png",
    b"--help.png",
    b"%s %d {0} $HOME.png",
    b" \t.png",
    "naïve 猫 \U0001f98a.png".encode(),
    "right\u202eleft.png".encode(),
    b"caf\xe9 \xff.png",
    b"x" * 251 + b".png",
    b".hidden.png",
    b"many.dots.in.it.png",
)
"""File names for a good picture."""


def make_odd_files(folder: Path, good: Path) -> dict[Path, bool]:
    """Fill a folder; of each path in it, whether it is a good picture. What the file system does not allow is left out.

    An unreadable file is one of them, which whoever may read everything can read: run as another user.
    """
    made: dict[Path, bool] = {}
    for name in NAMES:
        path = folder / os.fsdecode(name)
        try:
            shutil.copyfile(good, path)
        except OSError:
            continue
        made[path] = True
    (folder / "folder.png").mkdir()
    (folder / "link to good.png").symlink_to(good)
    (folder / "loop a.png").symlink_to(folder / "loop b.png")
    (folder / "loop b.png").symlink_to(folder / "loop a.png")
    (folder / "dangling.png").symlink_to(folder / "nowhere")
    (folder / "link to a folder.png").symlink_to(folder / "folder.png")
    (folder / "empty.png").touch()
    (folder / "missing.png").unlink(missing_ok=True)
    os.mkfifo(folder / "pipe.png")
    shutil.copyfile(good, folder / "unreadable.png")
    (folder / "unreadable.png").chmod(0)
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(folder)  # the address of a socket is short
        try:
            listener.bind("socket.png")
        finally:
            os.chdir(here)
    made[folder / "link to good.png"] = True
    bad = ("folder", "loop a", "dangling", "link to a folder", "empty", "missing", "pipe", "unreadable", "socket")
    return made | {folder / f"{name}.png": False for name in bad}

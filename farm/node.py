"""What runs on a node of a cluster, where nothing of Maquette can be imported: standard library only.

The functions are sent there whole, so they use nothing of other modules of this package.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["COMMAND", "Holder", "do_shard", "find_command", "find_fault", "is_locked"]

COMMAND = "MAQUETTE_COMMAND"
"""Names the command line that starts Maquette, in the environment of a node."""

_TAIL = 30
_PATIENCE = 120.0

# Starts a program in a process group of its own and ends the whole group when its standard input is closed: when the
# process that started it is gone, however it went. What had been started by a node that was given up must not go on.
_KEEPER = """
import os, signal, subprocess, sys, threading
def watch():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=watch, daemon=True).start()
code = program.wait()
os._exit(code if code >= 0 else 128 - code)
"""


def find_command(asked: str | None) -> list[str]:
    """The command that starts Maquette here: as asked, or as the environment says, or with the Blender on the path.

    Raises
    ------
    FileNotFoundError
        If its program is not there.
    """
    command = shlex.split(asked or os.environ.get(COMMAND, "")) or ["blender", "-b", "--command", "maquette"]
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(f"{command[0]} is not there: install it, or name the command with --command.")
    return [program, *command[1:]]


def find_fault(asked: str | None, version: str, token: str) -> str:
    """Why this node cannot take part, as a sentence; empty if it can.

    Parameters
    ----------
    version
        What Maquette must be here, as all nodes must do the same.
    token
        The path of a file on the shared folder; its content is its name.
    """
    try:
        command = find_command(asked)
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return str(error)
    if version not in done.stdout.splitlines():
        said = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["nothing"]
        return f"{shlex.join(command)} says {said[0]!r} instead of {version!r}: install the same Maquette on all nodes."
    try:
        is_shared = Path(token).read_text() == Path(token).name
    except OSError:
        is_shared = False
    return "" if is_shared else f"{Path(token).parent.parent} is not the same folder there: share it between all nodes."


class Holder:
    """Holds a lock for as long as it lives."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def hold(self) -> bool:
        """Take the lock; whether it could be had."""
        return _lock(self._file)


def is_locked(path: str) -> bool:
    """Whether a lock that another process holds is felt here."""
    file = os.open(path, os.O_RDWR)
    try:
        return not _lock(file)
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def do_shard(asked: str | None, arguments: Sequence[str], cpus: int) -> tuple[int, str, float]:
    """Run Maquette to its end, on so many CPUs: exit code, its last line, and seconds.

    What it says is printed too, for the task's log. It ends with the process that called this, and so does all that it
    has started.
    """
    started = time.monotonic()
    try:
        command = [sys.executable, "-I", "-c", _KEEPER, *find_command(asked), *arguments]
    except (OSError, ValueError) as error:
        return 127, str(error), 0.0
    tail: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(cpus)},  # what `maquette batch` keeps to
        errors="replace",
        start_new_session=True,
    ) as keeper:
        assert keeper.stdout is not None
        for line in keeper.stdout:
            sys.stdout.write(line)
            tail = [*tail, line.strip()][-_TAIL:]
        code = keeper.wait()
    return code, _last_word(tail), time.monotonic() - started


def _last_word(lines: Sequence[str]) -> str:
    """The last thing that Maquette said; Blender says something after it."""
    own = [line for line in lines if line.startswith("maquette: ")] or [line for line in lines if line]
    return own[-1] if own else ""

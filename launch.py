"""Start the worker process with the right interpreter, on every platform, and put its end into words."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import protocol
from .bootstrap import PATH_VARIABLE, ROOT
from .errors import WorkerError

__all__ = ["TAIL", "Process", "blender_command", "default_command", "describe_exit", "find_python"]

TAIL = 8192
"""How much of what the worker printed is kept, in bytes."""

# Seconds that a process gets to end after it has closed its streams.
_GRACE = 1.0

_BOOTSTRAP = str(ROOT / "bootstrap.py")

# -I: no PYTHON* variables, no user site, no script folder. -S: no site-packages of its own, since the parent's path is
# handed over whole (an extension's wheels lie in a folder that only Blender's start-up adds). faulthandler: a crash in
# native code leaves its stack on stderr.
_FLAGS = ("-I", "-S", "-u", "-X", "utf8", "-X", "faulthandler")


def default_command(blender: str | None = None, module: str = "worker") -> list[str]:
    """Return the command that starts Maquette's worker.

    Parameters
    ----------
    blender : str, optional
        Blender's own program (`bpy.app.binary_path`), to fall back on where no Python interpreter is found.
    module : str
        The module of the package whose ``main()`` is to run.

    Raises
    ------
    WorkerError
        If there is neither.
    """
    python = find_python(sys.executable, sys.prefix)
    if python is not None:
        return [str(python), *_FLAGS, _BOOTSTRAP, module]
    if blender:
        return blender_command(blender, module)
    raise WorkerError("No Python interpreter was found beside Blender; install Blender again from blender.org.")


def blender_command(blender: str, module: str) -> list[str]:
    """Return the command that runs a module of the package in a Blender without a window."""
    return [blender, "--background", "--factory-startup", "--python", _BOOTSTRAP, "--", module]


def find_python(executable: str | None, prefix: str) -> Path | None:
    """Return a Python interpreter of the running version, or None.

    Blender names its own in `sys.executable`, but some builds (and programs that embed Python) name themselves there.

    Parameters
    ----------
    executable : str or None
        `sys.executable`: taken where it is called python-something.
    prefix : str
        `sys.prefix`: searched otherwise.
    """
    if executable and Path(executable).stem.lower().startswith("python") and Path(executable).is_file():
        return Path(executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    names = ("python.exe",) if os.name == "nt" else (version,)
    places = (Path(prefix) / folder / name for folder in ("bin", ".") for name in names)
    return next((place for place in places if place.is_file()), None)


class Process:
    """A worker program from before its start to after its end.

    Its three streams are pipes; the end of what it prints to stderr is kept. ``ready`` is for its owner to set once it
    has spoken; ``doomed`` tells that it was killed, or will be as soon as it has started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.ready = False
        self.doomed = False
        self._command = command
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._tail = bytearray()
        self._reader = threading.Thread(target=self._keep_tail, name="maquette-stderr", daemon=True)

    def start(self) -> None:
        """Start the program, once; takes as long as the operating system takes.

        Raises
        ------
        OSError
            If it cannot be started.
        """
        flags = 0
        if sys.platform == "win32":
            # No console window may flash up, and Blender's interface goes first (elsewhere the worker sees to that).
            flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        running = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Not the user's folder: Windows lets nobody delete a folder that is some process's current one.
            cwd=tempfile.gettempdir(),
            env=_environment(),
            creationflags=flags,
        )
        with self._lock:
            self._running = running
            if self.doomed:
                running.kill()
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """The process id, once it has started."""
        return self._running.pid if self._running is not None else None

    def send(self, line: bytes) -> None:
        """Write a message; OSError if the process is gone."""
        stdin = self._popen.stdin
        assert stdin is not None
        try:
            stdin.write(line)
            stdin.flush()
        except ValueError as error:
            raise BrokenPipeError("the worker's input is closed") from error

    def messages(self) -> Iterator[protocol.Message]:
        """Yield what the process says until it closes its stdout; what is no message joins the stderr text."""
        stdout = self._popen.stdout
        assert stdout is not None
        return protocol.receive(stdout, self._add_tail)

    def close_input(self) -> None:
        """Tell the process to end by itself."""
        stdin = self._popen.stdin
        assert stdin is not None
        with contextlib.suppress(OSError):
            stdin.close()

    def kill(self) -> None:
        """End the process at once, or as soon as it has started; harmless when it has ended."""
        with self._lock:
            self.doomed = True
            if self._running is not None:
                self._running.kill()

    def wait(self) -> int:
        """Wait for a process that has closed its stdout, free its pipes, and return its exit code."""
        try:
            code = self._popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._popen.wait()
        # A program that the worker started could hold stderr open: its last words are not worth waiting for.
        self._reader.join(_GRACE)
        self.close_input()
        if self._popen.stdout is not None:
            self._popen.stdout.close()
        return code

    @property
    def _popen(self) -> subprocess.Popen[bytes]:
        assert self._running is not None, "start() comes first"
        return self._running

    def tail(self) -> str:
        """Return the last `TAIL` bytes that the process printed, without empty space around them."""
        return bytes(self._tail).decode("utf-8", "replace").strip()

    def _keep_tail(self) -> None:
        stderr = self._popen.stderr
        assert stderr is not None
        with contextlib.suppress(OSError, ValueError), stderr:
            while chunk := os.read(stderr.fileno(), 65536):
                self._add_tail(chunk)

    def _add_tail(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-TAIL:]


def _environment() -> dict[str, str]:
    """Return this process's environment, with the path to import from."""
    path = [str(entry) for entry in sys.path if Path(entry).is_absolute()]
    return {**os.environ, PATH_VARIABLE: json.dumps(path)}


def describe_exit(code: int) -> str:
    """Put an exit code into words: ``killed by signal 9 (SIGKILL), perhaps because memory ran out``."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "unknown"
        reason = ", perhaps because memory ran out" if name == "SIGKILL" else ""
        return f"was killed by signal {-code} ({name}){reason}"
    # Windows reports crashes as NTSTATUS codes, which people know in hexadecimal: 0xC0000005.
    return f"ended with exit code {code if code < 0x80000000 else hex(code)}"

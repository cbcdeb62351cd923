"""Install a graphics runtime into a folder, and remove it, by pip in a process of its own.

Nothing goes into Blender's own Python: pip downloads the wheels, one after the other, and unpacks them into the folder,
from which only the worker process imports (`bootstrap`). A file that has been downloaded whole stays until all are
there, so an interrupted installation goes on where it stopped. The runtime appears under its final name whole.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from ..bootstrap import RUNTIME_VARIABLE
from ..errors import CancelledError, DeviceError, OutputError
from ..launch import find_python
from .runtimes import Package, Runtime

__all__ = ["activate", "find_pip", "install", "installed_runtime", "offer", "remove"]

_PAUSE = 0.1
_UNPACKING = 0.9  # share of the work done when all is downloaded


def installed_runtime(folder: Path) -> Path | None:
    """Where the runtime installed in ``folder`` is imported from, or None."""
    place = folder / "runtime"
    return place if (place / "onnxruntime").is_dir() else None


def offer(folder: Path) -> None:
    """Have the worker processes that start from now on import what is installed in ``folder``, where there is any."""
    place = installed_runtime(folder)
    if place:
        os.environ[RUNTIME_VARIABLE] = str(place)
    else:
        os.environ.pop(RUNTIME_VARIABLE, None)


def activate(folder: Path) -> None:
    """`offer`, and have this process import it too: for one that runs the networks itself, before it imports them."""
    offer(folder)
    place = os.environ.get(RUNTIME_VARIABLE)
    if place and place not in sys.path:
        sys.path.insert(0, place)


def remove(folder: Path) -> None:
    """Remove what was installed or half downloaded; harmless where there is nothing.

    Raises
    ------
    OutputError
        When the system does not let go of a file.
    """
    for part in (folder / "runtime", folder / "new", folder / "wheels"):
        if part.exists():
            try:
                shutil.rmtree(part)
            except OSError as error:
                raise OutputError(
                    f"{part} cannot be removed ({error.strerror}); restart Blender and try again."
                ) from error


def install(
    runtime: Runtime,
    folder: Path,
    progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
    pip: Sequence[str] | None = None,
) -> Path:
    """Download and unpack a runtime; takes minutes.

    Parameters
    ----------
    runtime : Runtime
    folder : Path
        The extension's folder for it; made where it is missing.
    progress : callable
        Called with what happens and the share of the work done, 0..1.
    cancelled : callable
        Asked ten times a second.
    pip : sequence of str, optional
        What runs pip; `find_pip` unless given.

    Returns
    -------
    Where it is imported from.

    Raises
    ------
    CancelledError
        When it was cancelled; what was downloaded whole is kept.
    DeviceError
        When pip is missing or a package cannot be had, with pip's reason.
    OutputError
        When there is no space or the folder cannot be written.
    """
    command = list(pip or find_pip())
    wheels, new, final = folder / "wheels", folder / "new", folder / "runtime"
    with _writing(folder):
        wheels.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        _check_space(folder, runtime)
        done = 0
        for package in runtime.packages:
            start = _UNPACKING * done / runtime.download
            progress(f"Downloading {package.name}", start)
            _download(command, package, wheels, runtime.download, done, progress, cancelled)
            done += package.bytes
        progress("Unpacking", _UNPACKING)
        for file in wheels.glob("*.whl"):
            if cancelled():
                raise CancelledError("Stopped; installing again goes on from here.")
            with zipfile.ZipFile(file) as wheel:
                wheel.extractall(new)
        if final.exists():
            shutil.rmtree(final)
        new.rename(final)
        shutil.rmtree(wheels)
    progress("Done", 1.0)
    return final


def find_pip() -> list[str]:
    """What runs pip with this Python, by itself or from the copy that Python keeps for new environments.

    Raises
    ------
    DeviceError
        When there is neither.
    """
    python = find_python(sys.executable, sys.prefix)
    if python and importlib.util.find_spec("pip"):
        return [str(python), "-I", "-m", "pip"]
    ensurepip = importlib.util.find_spec("ensurepip")
    if python and ensurepip and ensurepip.origin:
        bundled = sorted((Path(ensurepip.origin).parent / "_bundled").glob("pip-*.whl"))
        if bundled:
            return [str(python), "-I", str(bundled[-1] / "pip")]
    raise DeviceError("Blender's Python has no pip, which downloads the runtime; use Blender from blender.org.")


@contextlib.contextmanager
def _writing(folder: Path) -> Generator[None]:
    """Put what the file system has to say into words."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error}); free some space there.") from error


def _check_space(folder: Path, runtime: Runtime) -> None:
    have = sum(file.stat().st_size for file in (folder / "wheels").glob("*.whl"))
    need = runtime.download + runtime.disk - have
    free = shutil.disk_usage(folder).free
    if free < need:
        raise OutputError(
            f"{need / 1e9:.1f} GB are needed while installing and {free / 1e9:.1f} GB are free; make room."
        )


def _download(
    pip: list[str],
    package: Package,
    wheels: Path,
    total: int,
    before: int,
    progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> None:
    """Download one wheel, unless it is there whole; pip checks its hash either way."""
    requirements = wheels / f"{package.name}.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    partial = wheels / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    options = ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"]
    options += ["--disable-pip-version-check", "--require-hashes", "-d", str(wheels), "-r", str(requirements)]
    environment = {**os.environ, "TMPDIR": str(partial), "TEMP": str(partial), "TMP": str(partial)}
    output = wheels / f"{package.name}.log"
    with output.open("wb") as log:
        running = subprocess.Popen(
            [*pip, *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )
        got = 0
        try:
            while running.poll() is None:
                if cancelled():
                    raise CancelledError("Stopped; installing again goes on from here.")
                got = max(got, min(_size_of(partial), package.bytes))  # a finished file leaves the folder
                progress(f"Downloading {package.name}", _UNPACKING * (before + got) / total)
                time.sleep(_PAUSE)
        finally:
            running.kill()
            running.wait()
    if running.returncode:
        raise DeviceError(f"{package.name} cannot be downloaded: {_last_line(output)}")
    for leftover in (requirements, output):
        leftover.unlink(missing_ok=True)
    shutil.rmtree(partial, ignore_errors=True)


def _size_of(folder: Path) -> int:
    """The bytes in all files of a folder that someone else is writing to."""
    size = 0
    for place, _, names in os.walk(folder):  # passes over what is gone by the time it comes there
        for name in names:
            with contextlib.suppress(OSError):
                size += os.stat(os.path.join(place, name)).st_size
    return size


def _last_line(log: Path) -> str:
    """What pip said last: of an error, the reason."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip gave no reason"])[-1][:300].rstrip(".") + "."

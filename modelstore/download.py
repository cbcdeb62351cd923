"""One file from the net: streamed beside its place, gone on with after a break, checked, and only then put there."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import CancelledError, ModelError
from ..steps import Cancelled, Progress
from .addresses import Host, host_of
from .files import hash_file, publish, unwritable, write_whole
from .transport import TIMEOUT, RangeRefusedError, open_address

__all__ = ["Remote", "fetch", "forget_parts", "part_of"]

_BLOCK = 1 << 16
_SPARE = 32 << 20  # bytes left free on the disk
_PAUSES = (0.5, 2.0, 5.0)
"""Seconds before a connection that gave nothing is tried again; after the last one it counts as failed."""


@dataclass(frozen=True)
class Remote:
    """A file to download: where it is, its size, which is also the most that is read, and its SHA-256. ``trusted`` is
    the user's mirror, if any."""

    title: str
    address: str
    bytes: int
    sha256: str
    trusted: Host | None = None


class _TooMuchError(Exception):
    """The answer is longer than the file."""


class _CutOffError(Exception):
    """The connection ended before the file did."""


def part_of(target: Path) -> Path:
    """Where a file lies while it is downloaded."""
    return target.with_name(f"{target.name}.part")


def _mark_of(target: Path) -> Path:
    """Where it is kept by what the server tells the part's version."""
    return target.with_name(f"{target.name}.part.version")


def forget_parts(target: Path) -> None:
    """Remove what was downloaded of a file, the mark first: a part without it is begun anew."""
    for path in (_mark_of(target), part_of(target)):
        path.unlink(missing_ok=True)


def fetch(
    remote: Remote,
    target: Path,
    progress: Progress,
    cancelled: Cancelled,
    timeout: float = TIMEOUT,
    pauses: Sequence[float] = _PAUSES,
) -> None:
    """Download a file to ``target``, in a folder that exists and that no other process uses for it.

    What is there of it already is kept where the server says that it still has the same file. A break in the
    connection is mended by asking for the rest, as long as each try brings something.

    Parameters
    ----------
    remote : Remote
    target : Path
        The final name; it appears there whole and right or not at all.
    progress, cancelled : callable
        As everywhere.
    timeout : float
        Seconds without a byte that count as a break.
    pauses : sequence of float
        Seconds before each further try where one brought nothing.

    Raises
    ------
    CancelledError
        If it was stopped; what is there is kept for the next time.
    ModelError
        If it cannot be had, with the reason; the same holds.
    """
    for last in (False, True):
        pieced = _fill(remote, target, progress, cancelled, timeout, pauses)
        progress(f"Checking {remote.title}", 1.0)
        try:
            if hash_file(part_of(target), cancelled) == remote.sha256:
                publish(part_of(target), target)
                _mark_of(target).unlink(missing_ok=True)
                return
            forget_parts(target)
        except OSError as error:
            raise unwritable(target.parent, error) from error
        if last or not pieced:  # else a piece of another version may have been the fault: once more, from the start
            break
    raise ModelError(
        f"The file from {_host(remote)} is not the one Maquette knows (its SHA-256 differs), so it was thrown away; "
        "try again later, or update Maquette."
    )


def _host(remote: Remote) -> str:
    return host_of(remote.address).name


def _fill(
    remote: Remote, target: Path, progress: Progress, cancelled: Cancelled, timeout: float, pauses: Sequence[float]
) -> bool:
    """Bring the part to its full size; whether it was put together from more than one answer."""
    pieced, idle, most = _size(part_of(target)) > 0, 0, -1
    while (have := _size(part_of(target))) != remote.bytes:
        most = max(most, have)
        try:
            pieced |= _receive(remote, target, have, progress, cancelled, timeout)
        except RangeRefusedError:
            if not have:
                raise ModelError(f"{_host(remote)} sends no whole files; set another mirror.") from None
            forget_parts(target)
        except _CutOffError as cut:
            pieced = True
            # A server that begins anew each time may break off at the same place for ever.
            idle = 0 if _size(part_of(target)) > most else idle + 1
            if idle > len(pauses):
                raise ModelError(
                    f"{remote.title} cannot be downloaded now: {cut}; what is there is kept for the next try."
                ) from cut
            if idle:
                _pause(pauses[idle - 1], cancelled)
    return pieced


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _pause(seconds: float, cancelled: Cancelled) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _ask(cancelled)
        time.sleep(0.05)


def _ask(cancelled: Cancelled) -> None:
    if cancelled():
        raise CancelledError("Stopped; what has been downloaded is kept for the next try.")


def _receive(remote: Remote, target: Path, have: int, progress: Progress, cancelled: Cancelled, timeout: float) -> bool:
    """Take in one answer from byte ``have`` on, or from the start where the server wants it so; whether the first."""
    _ask(cancelled)
    mark = _read_mark(target) if have else ""
    headers = {"Range": f"bytes={have}-", "If-Range": mark} if mark else {}
    try:
        response = open_address(remote.address, headers, remote.trusted, timeout)
    except (OSError, http.client.HTTPException) as error:
        raise _CutOffError(_reason(error)) from error
    with response:
        start = _accept(remote, response, have if mark else 0)
        try:
            if not start:
                forget_parts(target)
                write_whole(_mark_of(target), _version(response).encode())
            _check_space(target.parent, remote.bytes - start)
            with part_of(target).open("ab") as stream:
                _copy(remote, response, stream, start, progress, cancelled)
        except OSError as error:
            raise unwritable(target.parent, error) from error
        except _TooMuchError:
            forget_parts(target)
            raise ModelError(_wrong_size(remote, "more")) from None
    return bool(start)


def _read_mark(target: Path) -> str:
    try:
        return _mark_of(target).read_text("latin-1")
    except OSError:
        return ""


def _version(response: http.client.HTTPResponse) -> str:
    """What names just this version of the file (RFC 9110, 13.1.5): a strong entity tag, else the date, else nothing."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _accept(remote: Remote, response: http.client.HTTPResponse, have: int) -> int:
    """From which byte on the answer is; ModelError if it is not the file, RangeRefusedError if not the part wanted."""
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        if not have or found is None or int(found[1]) != have or found[2] not in ("*", str(remote.bytes)):
            raise RangeRefusedError
        return have
    length = response.headers.get("Content-Length")
    if response.headers.get_content_type() == "text/html":
        raise ModelError(
            f"{_host(remote)} sends a web page in place of the file, as the log-in page of a network does; open a web "
            "browser to see it, then try again."
        )
    if response.status != 200 or (length is not None and length.strip() != str(remote.bytes)):
        raise ModelError(_wrong_size(remote, length or "no"))
    return 0


def _wrong_size(remote: Remote, length: str) -> str:
    return (
        f"{_host(remote)} offers {length} bytes where the file has {remote.bytes}, so nothing was taken; try again "
        "later, or update Maquette."
    )


def _check_space(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted + _SPARE:
        raise ModelError(
            f"{(wanted + _SPARE) / 1e6:.0f} MB are needed in {folder}, where {free / 1e6:.0f} MB are free; free some "
            "space, or choose another folder for the models."
        )


def _copy(
    remote: Remote,
    response: http.client.HTTPResponse,
    stream: IO[bytes],
    start: int,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    """Write the answer's body to the file; OSError is about the file alone."""
    done, shown = start, -1
    whole = max(round(remote.bytes / 1e6), 1)
    while done < remote.bytes:
        _ask(cancelled)
        if (share := done * 200 // remote.bytes) != shown:
            shown = share
            progress(f"Downloading {remote.title}: {done / 1e6:.0f} of {whole} MB", done / remote.bytes)
        try:
            block = response.read1(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _CutOffError(_reason(error)) from error
        if not block:
            raise _CutOffError("the connection broke off")
        if done + len(block) > remote.bytes:
            raise _TooMuchError
        stream.write(block)
        done += len(block)
    try:  # one byte more than there should be
        if response.read1(1):
            raise _TooMuchError
    except (OSError, http.client.HTTPException):
        return


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, socket.gaierror):
        return "the server's name is not found; see whether this machine is online"
    return " ".join(str(error).split())[:200] or type(error).__name__

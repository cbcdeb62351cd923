"""The manifest of a batch: JSON Lines, one whole line for each picture, in the order they were finished.

Lines are appended in one write each and are on the disk before the next begins, so that a run that is killed leaves at
most a torn last line, which is no entry and is cut off when the run goes on. What is not valid any more is taken out
before anything is done anew: a picture never has two lines. The shards of one batch have a manifest each, merged at the
end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import OutputError
from .entry import Entry, parse_entry

__all__ = [
    "MANIFEST",
    "Reading",
    "Writer",
    "choose",
    "manifest_name",
    "merge_manifests",
    "read_manifest",
    "shard_manifests",
    "write_manifest",
]

MANIFEST = "manifest.jsonl"
_SHARD = re.compile(r"manifest-[0-9]+-of-[0-9]+\.jsonl")
_STANDING = {"done": 2, "refused": 1, "failed": 0}


@dataclass(frozen=True)
class Reading:
    """What a manifest holds: its entries in order, and the numbers of the lines that are none (from 1)."""

    entries: tuple[Entry, ...]
    damaged: tuple[int, ...]


def manifest_name(index: int = 1, count: int = 1) -> str:
    """The name of a batch's manifest, or of that of shard ``index`` (from 1) of ``count``."""
    return MANIFEST if count == 1 else f"manifest-{index}-of-{count}.jsonl"


def shard_manifests(folder: Path) -> list[Path]:
    """The manifests of shards in a folder, sorted."""
    return sorted(path for path in folder.glob("manifest-*.jsonl") if _SHARD.fullmatch(path.name))


def read_manifest(path: Path) -> Reading:
    """Read a manifest; one that does not exist has no entries. A last line without its end counts if it is whole.

    Raises
    ------
    OutputError
        If the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Reading((), ())
    except OSError as error:
        raise OutputError(f"The manifest {path} cannot be read ({error.strerror}).") from error
    entries: list[Entry] = []
    damaged: list[int] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                entries.append(parse_entry(line))
            except OutputError:
                damaged.append(number)
    return Reading(tuple(entries), tuple(damaged))


def choose(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each picture, in the order of their first.

    The newest says which key counts; of those with that key one that is done goes before a refused and that before a
    failed one, and then the newest.
    """
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.picture, []).append(entry)
    chosen: list[Entry] = []
    for candidates in found.values():
        key = max(candidates, key=lambda entry: entry.time).key
        valid = (entry for entry in candidates if entry.key == key)
        chosen.append(max(valid, key=lambda entry: (_STANDING[entry.state], entry.time)))
    return chosen


def write_manifest(path: Path, entries: Iterable[Entry]) -> None:
    """Write a whole manifest in place of another.

    Raises
    ------
    OutputError
        If it cannot be written; the old one is still there then.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with open(draft, "wb") as file:
            file.writelines(entry.line() for entry in entries)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OutputError(f"The manifest {path} cannot be written ({error.strerror}): free some disk space.") from error


def merge_manifests(paths: Sequence[Path], target: Path) -> list[Entry]:
    """Merge manifests into one, sorted by picture; paths of outputs are told from its folder. See `choose`.

    Parameters
    ----------
    paths
        Such as `shard_manifests` gives; ``target`` may be among them.
    target
        The manifest to write.

    Raises
    ------
    OutputError
        If one cannot be read, or ``target`` cannot be written.
    """
    entries = [_moved(entry, path.parent, target.parent) for path in paths for entry in read_manifest(path).entries]
    merged = sorted(choose(entries), key=lambda entry: entry.picture)
    write_manifest(target, merged)
    return merged


def _moved(entry: Entry, source: Path, target: Path) -> Entry:
    """The entry with paths that were relative to one folder relative to another."""
    if source.resolve() == target.resolve():
        return entry

    def moved(path: str) -> str:
        place = os.path.relpath(source.resolve() / path, target.resolve())
        return Path(place).as_posix()

    return replace(
        entry, outputs=[moved(path) for path in entry.outputs], preview=moved(entry.preview) if entry.preview else None
    )


class Writer:
    """Appends entries to a manifest, each in one write, on the disk when `append` returns.

    Parameters
    ----------
    path
        The manifest; made where there is none. Its last line is whole after `write_manifest`.

    Raises
    ------
    OutputError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise OutputError(f"The manifest {path} cannot be written ({error.strerror}): choose another.") from error

    def append(self, entry: Entry) -> None:
        """Add one line; OutputError if the disk does not take it, and nothing of it stays then."""
        line = entry.line()
        size = os.fstat(self._file).st_size
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(0, "the disk is full")
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, size)
            raise OutputError(
                f"The manifest {self._path} cannot be written ({error.strerror}): free some disk space."
            ) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

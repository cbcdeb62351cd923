"""Finding the pictures: folders, single files and patterns, each with its path below the folder it came from."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import MaquetteError

__all__ = ["Found", "find_pictures", "name_below"]

# By their names alone: what a folder holds beside pictures is nobody's mistake. The second half cannot be read, which
# its owner is told. A file that is named itself is taken whatever it is called.
_READ = "png apng jpg jpeg jpe jfif webp avif tif tiff bmp dib gif pbm pgm ppm pnm tga"
_NOT_READ = "heic heif psd exr hdr ico jp2 j2k dds xcf svg dng cr2 cr3 nef arw"
_SUFFIXES = frozenset(f".{suffix}" for suffix in (_READ + " " + _NOT_READ).split(" "))


@dataclass(frozen=True)
class Found:
    """A picture: ``source`` as given (or below the folder as given), ``path`` the same, absolute; ``root`` the absolute
    folder that its name is told from."""

    source: str
    path: Path
    root: Path


def find_pictures(inputs: Sequence[str], recursive: bool, output: Path) -> list[Found]:
    """The pictures that some inputs name, each file once, in a fixed order.

    Parameters
    ----------
    inputs
        Files, folders, and patterns with ``*``, ``?``, ``[...]`` and ``**``.
    recursive
        Whether folders within folders are searched. Links to folders are not followed, nor is what starts with a dot.
    output
        Where the results go; not searched where it lies inside an input.

    Raises
    ------
    MaquetteError
        If an input does not exist, a folder cannot be read, or nothing is found.
    """
    found: dict[Path, Found] = {}
    for text in inputs:
        for one in _find(text, recursive, output):
            found.setdefault(one.path, one)
    if not found:
        more = "" if recursive else "; add --recursive to search the folders within"
        raise MaquetteError(f"There is no picture in {', '.join(inputs)}{more}.")
    return list(found.values())


def _find(text: str, recursive: bool, output: Path) -> Iterator[Found]:
    path = _absolute(text)
    if os.path.lexists(path):
        if not path.is_dir():
            yield Found(text, path, path.parent)
            return
        for below in _walk(path, recursive, output):
            yield Found(os.path.join(text, below), path / below, path)
    elif glob.has_magic(text):
        root, pattern = _split(text)
        try:
            matches = sorted(set(root.glob(pattern)))  # follows no links to folders
        except ValueError as error:
            raise MaquetteError(f"The pattern {text} cannot be used ({error}): write photos/**/*.jpg, say.") from error
        for match in matches:
            if not match.is_dir() and not (root in output.parents and output in match.parents):
                yield Found(str(match), match, root)
    else:
        raise MaquetteError(f"{text} does not exist: check the path.")


def _walk(folder: Path, recursive: bool, output: Path) -> Iterator[str]:
    """The pictures of a folder, told from there."""

    def stop(error: OSError) -> None:
        raise MaquetteError(f"The folder {error.filename} cannot be read ({error.strerror}).") from error

    for place, folders, files in os.walk(folder, onerror=stop):
        here = Path(place)
        # In place: what is left is where the walk goes on. Links to folders are never followed, so none goes round.
        folders[:] = sorted(
            name for name in folders if recursive and not name.startswith(".") and here / name != output
        )
        for name in sorted(files):
            if not name.startswith(".") and PurePath(name).suffix.lower() in _SUFFIXES:
                yield os.path.relpath(here / name, folder)


def _split(text: str) -> tuple[Path, str]:
    """A pattern as the folder before its first wildcard, and the rest."""
    parts = PurePath(text).parts
    count = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return _absolute(os.path.join(*parts[:count]) if count else "."), os.path.join(*parts[count:])


def _absolute(text: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(text))


def name_below(found: Iterable[Found]) -> dict[str, Found]:
    """Pictures by their paths below their input's folder, with ``/``; where there are several such folders, below the
    folder that all of these have in common, so that no two pictures share a name."""
    pictures = list(found)
    roots = {one.root for one in pictures}
    drives = {root.anchor for root in roots}
    if len(drives) > 1:  # of Windows: each becomes a folder
        return {_with_drive(one.path): one for one in pictures}
    common = Path(os.path.commonpath(roots))
    return {one.path.relative_to(common).as_posix(): one for one in pictures}


def _with_drive(path: Path) -> str:
    drive = "".join(letter for letter in path.anchor if letter.isalnum())
    return "/".join((drive, *path.parts[1:]))

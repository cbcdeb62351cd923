"""Take in a network of the user's own: looked at, copied beside the others, tried, and only then put in its place."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ..errors import CancelledError, ModelError
from ..inference.card import read_card
from ..inference.model_folder import model_folder
from ..steps import Cancelled, Progress
from .catalogue import load_entries
from .files import CHUNK, hash_file, locked, make_folder, publish, unwritable, write_whole
from .installed import embedded_cards
from .toml_text import write_table

__all__ = ["LARGEST", "take_model"]

LARGEST = 2**31 - 1
"""Bytes that an ONNX file may have, which is one message of protocol buffers."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")  # as file names on Windows

# What files saved under a network's name really are, by how they begin.
_OTHERS = (
    (rb"\s*<(!doctype|html|\?xml)", "is a web page, not a network; download the file itself"),
    (rb"version https://git-lfs", "is only a pointer to the network (Git LFS); download the file itself"),
    (rb"PK\x03\x04", "is an archive or a PyTorch checkpoint; unpack or export the network first"),
    (rb"Rar!|7z\xbc\xaf|\x1f\x8b", "is an archive; unpack it first"),
    (rb"GGUF", "is a GGUF file; export the network as ONNX"),
    (rb"\x80[\x02-\x05]", "is a PyTorch checkpoint; export the network as ONNX"),
    (rb".{4}\0{4}\{\"", "is a safetensors file; export the network as ONNX"),
)


def take_model(
    file: Path,
    card: Path | None,
    try_out: Callable[[Path], None],
    progress: Progress,
    cancelled: Cancelled,
    folder: Path | None = None,
) -> str:
    """Install a network from a file.

    Parameters
    ----------
    file : Path
        The ONNX file, which stays as it is.
    card : Path, optional
        What it is; else the TOML file of the same name beside it, else the card of the catalogue for just this file.
        Its ``file``, ``bytes`` and ``sha256`` are filled in. A decoder that it names lies beside the file.
    try_out : callable
        Is given the path of the copy's card, and raises ModelError for a network that cannot be used. It may crash.
    progress, cancelled : callable
        As everywhere.
    folder : Path, optional
        Where to; the folder of models unless given.

    Returns
    -------
    str
        The model's ID.

    Raises
    ------
    CancelledError
        If it was stopped.
    ModelError
        If it is not installed, with the reason.
    """
    folder = folder or model_folder()
    facts = _facts(file, cancelled, progress)
    table = _table(file, card, facts["sha256"])
    name = _check_id(table, folder)
    files = {f"{name}.onnx": file}
    table |= {"file": f"{name}.onnx", **facts}
    if isinstance(second := table.get("decoder"), dict):
        beside = file.parent / Path(str(cast(dict[str, Any], second).get("file"))).name
        files[f"{name}.decoder.onnx"] = beside
        facts = _facts(beside, cancelled, progress)
        _check_hash(cast(dict[str, Any], second), facts["sha256"], beside)
        table["decoder"] = {**cast(dict[str, Any], second), "file": f"{name}.decoder.onnx", **facts}
    make_folder(folder)
    with locked(folder, name):
        _check_id(table, folder)
        aside = folder / f".{name}.import"
        try:
            shutil.rmtree(aside, ignore_errors=True)  # a killed import's
            aside.mkdir()
            for copy, source in files.items():
                _copy(source, aside / copy, cancelled, progress)
            text = write_table(table)
            (aside / f"{name}.toml").write_text(text, "utf-8")
            progress(f"Trying {name}", 0.7)
            try_out(aside / f"{name}.toml")
            for copy in files:
                publish(aside / copy, folder / copy)
            write_whole(folder / f"{name}.toml", text.encode())
        except OSError as error:
            raise unwritable(folder, error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return name


def _facts(file: Path, cancelled: Cancelled, progress: Progress) -> dict[str, Any]:
    """What a card says of a file: ``bytes`` and ``sha256``."""
    size = _look(file)
    try:
        digest = hash_file(file, cancelled, lambda share: progress(f"Reading {file.name}", 0.3 * share))
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); choose another file.") from error
    return {"bytes": size, "sha256": digest}


def _look(file: Path) -> int:
    """The size of what may be a network; ModelError for what is none."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{file} is no file; choose the network's ONNX file.")
        with file.open("rb") as stream:
            head = stream.read(256)
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); choose another file.") from error
    if not head:
        raise ModelError(f"{file.name} is empty; get the network again.")
    if status.st_size > LARGEST:
        raise ModelError(f"{file.name} is larger than an ONNX file can be; export the network in half precision.")
    for start, words in _OTHERS:
        if re.match(start, head, re.DOTALL | re.IGNORECASE):
            raise ModelError(f"{file.name} {words}.")
    return status.st_size


def _table(file: Path, card: Path | None, digest: str) -> dict[str, Any]:
    """The card's table, from wherever there is one."""
    beside = file.with_suffix(".toml")
    known = [entry.card_path for entry in load_entries() if entry.card.sha256 == digest]
    source = card or (beside if beside.is_file() else known[0] if known else None)
    if source is None:
        raise ModelError(
            f"{file.name} needs a card that says what it is: write {beside.name} beside it (docs/models.md)."
        )
    if not source.is_file():
        raise ModelError(f"There is no card {source}; write one as docs/models.md says.")
    table = read_card(source)
    _check_hash(table, digest, file)
    return table


def _check_hash(table: dict[str, Any], digest: str, file: Path) -> None:
    """Raise ModelError for a file that is not the one that the card speaks of, where it does."""
    if table.get("sha256") not in (None, digest):
        raise ModelError(f"{file.name} is not the file that its card describes; their SHA-256 differ.")


def _check_id(table: dict[str, Any], folder: Path) -> str:
    """The ID, good as a file's name everywhere and not taken."""
    name = table.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or _RESERVED.match(name) or name[-1] == ".":
        raise ModelError("The card's id must be of small letters, digits, dots and dashes, at most 64; correct it.")
    if name in {card.id for card in embedded_cards()}:
        raise ModelError(f"{name} comes with Maquette; give the card another id.")
    if (folder / f"{name}.toml").exists():
        raise ModelError(f"There is a model {name} already; remove it first, or give the card another id.")
    return name


def _copy(source: Path, target: Path, cancelled: Cancelled, progress: Progress) -> None:
    size, done = max(source.stat().st_size, 1), 0
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK):
            if cancelled():
                raise CancelledError("Stopped; nothing was imported.")
            writer.write(chunk)
            done += len(chunk)
            progress(f"Copying {source.name}", 0.3 + 0.4 * min(done / size, 1.0))

"""`maquette models`: what networks there are; download, import, verify and remove them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .. import launch, remote
from ..errors import CancelledError, ModelError, WorkerError
from ..inference.model_folder import model_folder
from ..jobs import Worker
from ..model_client import read_said, submit_import
from ..modelstore.catalogue import find_entry
from ..modelstore.get import get_model, terms
from ..modelstore.installed import Model, check_model, find_model, list_models, remove_model
from .common import Parser, progress, say

__all__ = ["add_options", "run"]

_LIMIT = 1800.0
"""Seconds that an import may take: a large network loads for minutes from a slow disk."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action", parser_class=Parser)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=text, allow_abbrev=False)
        one.add_argument("-v", "--verbose", action="store_true", help="say each step, and where an error comes from")
        return one

    action("list", "say what there is and in which state").add_argument("--json", action="store_true", help="as JSON")
    download = action("download", "get a model of the catalogue")
    download.add_argument("id", metavar="ID")
    download.add_argument("--mirror", metavar="ADDRESS", help="server with the same files under the same paths")
    action("verify", "read models whole and compare their SHA-256").add_argument("id", metavar="ID", nargs="?")
    take = action("import", "install a network of your own, once it has run")
    take.add_argument("file", metavar="FILE", type=Path, help="the ONNX file")
    take.add_argument("--card", metavar="CARD.toml", type=Path, help="what it is (else the .toml beside it)")
    action("remove", "remove a model, or what is there of it").add_argument("id", metavar="ID")


def run(options: argparse.Namespace) -> None:
    """Do what was asked for."""
    _ACTIONS[options.action](options)


def _list(options: argparse.Namespace) -> None:
    models = list_models()
    if options.json:
        say(json.dumps({"folder": str(model_folder()), "models": [_fields(model) for model in models]}, indent=2))
        return
    rows = [("ID", "TASK", "STATE", "MB", "LICENCE", "SPEED", "MEMORY")]
    rows += [_row(model) for model in models]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    say(f"Folder: {model_folder()}")


def _row(model: Model) -> tuple[str, ...]:
    card, entry = model.card, model.entry
    state = f"{model.here / card.bytes:.0%} there" if model.state == "partial" else model.state
    memory = f"{entry.memory / 1e9:.1f} GB" if entry and entry.memory else ""
    return card.id, card.task, state, f"{card.bytes / 1e6:.0f}", card.licence, entry.speed if entry else "", memory


def _fields(model: Model) -> dict[str, Any]:
    card, entry = model.card, model.entry
    fields = {"id": card.id, "title": model.title, "task": card.task, "state": model.state, "licence": card.licence}
    fields |= {"bytes": card.bytes, "bytes_here": model.here, "sha256": card.sha256}
    if entry:
        fields |= {"address": entry.address, "speed": entry.speed, "memory": entry.memory}
    return fields


def _download(options: argparse.Namespace) -> None:
    entry = find_entry(options.id)
    for line in terms(entry):
        say(line)
    _require_online()
    mirror = _mirror() if options.mirror is None else options.mirror
    try:
        say(get_model(options.id, mirror, progress(options.verbose), lambda: False))
    except KeyboardInterrupt:
        raise CancelledError("Stopped; what has been downloaded is kept for the next try.") from None


def _require_online() -> None:
    """Raise ModelError where Blender may not go online."""
    import bpy

    if not bpy.app.online_access:
        raise ModelError("Blender may not go online; start it with --online-mode, or allow it in the preferences.")


def _mirror() -> str:
    """The mirror of the preferences, where the extension is installed."""
    import bpy

    from ..preferences import model_mirror

    return model_mirror(bpy.context)


def _verify(options: argparse.Namespace) -> None:
    wanted = [find_model(options.id)] if options.id else list_models()
    wrong: list[str] = []
    for model in wanted:
        if model.state not in ("embedded", "installed", "damaged"):
            if options.id:
                raise ModelError(f"{options.id} is not installed; there is nothing to verify.")
            continue
        try:
            check_model(model, lambda: False)
            say(f"{model.card.id}: right")
        except ModelError as error:
            wrong.append(str(error))
    if wrong:
        raise ModelError(" ".join(wrong))


def _import(options: argparse.Namespace) -> None:
    """Have the worker do it: a network that nobody knows may crash what runs it."""
    import bpy

    worker = Worker(launch.default_command(bpy.app.binary_path or None))
    try:
        job = submit_import(worker, options.file, options.card)
        try:
            remote.wait(job, progress(options.verbose), _LIMIT)
            say(read_said(job.folder))
        finally:
            job.close()
    except WorkerError as error:
        raise ModelError(f"{options.file.name} is not imported: {error}") from error
    finally:
        worker.shutdown()


def _remove(options: argparse.Namespace) -> None:
    freed = remove_model(options.id)
    say(f"{options.id} is removed; {freed / 1e6:.0f} MB are free again.")


_ACTIONS = {"list": _list, "download": _download, "verify": _verify, "import": _import, "remove": _remove}

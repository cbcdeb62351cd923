"""One picture to be done, and what its result depends on."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..contracts import Settings
from ..version import VERSION

__all__ = ["Task", "content_hash", "task_key"]

_CHUNK = 1 << 20
# Settings that another machine may have otherwise, and those that the key has by content instead of by name.
_ELSEWHERE = {"device", "mask", "depth_model", "shape_model", "matte_model"}


@dataclass(frozen=True)
class Task:
    """One picture to be done.

    ``picture``: its path below its input's folder, with ``/``. ``source``: the file, as given. ``path``: the same,
    absolute. ``output``: the path of its outputs below the output folder, without their suffixes, with ``/``.
    """

    picture: str
    source: str
    path: Path
    output: str
    settings: Settings


def content_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; empty for what is no regular file or cannot be read."""
    digest = hashlib.sha256()
    try:
        # A pipe would be waited for, whatever it is called.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (OSError, ValueError):
        return ""
    return digest.hexdigest()


def task_key(task: Task, content: str, models: Mapping[str, str]) -> str:
    """What the result depends on, as one hash: the picture's ``content``, the settings, ``models`` (of
    `models.model_hashes`) and Maquette's version. Not the device, so that any machine may go on with a batch."""
    settings = {name: value for name, value in asdict(task.settings).items() if name not in _ELSEWHERE}
    mask = content_hash(Path(task.settings.mask)) if task.settings.mask else ""
    parts = [content, mask, settings, sorted(models.items()), VERSION]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

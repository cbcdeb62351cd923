"""How all pictures of a batch are done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .gates import Action, Gate
from .task import Task

__all__ = ["PREVIEW", "REPORT", "TURNTABLE", "Order", "gate_error"]

PREVIEW, REPORT = ".preview.png", ".json"
"""How the names of outputs end that are no mesh."""
TURNTABLE = ".turntable.webp"
"""How the name of a strip of views ends, which lies beside the preview."""


@dataclass(frozen=True)
class Order:
    """How all pictures of a batch are done.

    ``output``: the folder of the results; ``base``: that of the manifest, which tells paths from itself. ``formats``:
    suffixes of the mesh files, with their dots. ``timeout``: seconds for one try. ``retries``: how often a picture that
    failed is tried again. ``turntable``: whether a strip of views around the mesh is made too, for a gallery.
    """

    output: Path
    base: Path
    formats: tuple[str, ...]
    timeout: float
    retries: int
    gates: tuple[Gate, ...]
    action: Action
    turntable: bool = False

    def told(self, path: Path) -> str:
        """A path as the manifest has it."""
        return Path(os.path.relpath(path, self.base)).as_posix()

    def targets(self, task: Task, mesh: bool) -> list[Path]:
        """Where the main files of a picture go: each mesh format, unless ``mesh`` is False, the preview, the report."""
        suffixes = (*(self.formats if mesh else ()), PREVIEW, REPORT)
        return [self.output / f"{task.output}{suffix}" for suffix in suffixes]


def gate_error(unmet: Sequence[str]) -> str:
    """What to say of a mesh that was refused for its gates."""
    return f"The mesh does not meet {', '.join(unmet)}: loosen --require, or give another picture."

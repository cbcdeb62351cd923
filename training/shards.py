"""Training samples in memory, from shards that may still be growing in number."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

__all__ = ["Shards"]


class Shards:
    """All samples of ``folder/*.npz``; `refresh` picks up files that have appeared since."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, dict[Path, dict[str, npt.NDArray[np.generic]]]()
        self.refresh()
        if not self.files:
            raise FileNotFoundError(f"no shards in {folder}")

    def refresh(self) -> None:
        """Load new files; one still being written is left for the next time."""
        for path in sorted(self.folder.glob("*.npz")):
            if path not in self.files:
                try:
                    with np.load(path) as data:
                        self.files[path] = {k: data[k] for k in data.files}
                except (ValueError, OSError, EOFError, KeyError, BadZipFile):
                    continue

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, npt.NDArray[np.generic]]:
        """``count`` random samples (with replacement), each key stacked."""
        shards = list(self.files.values())
        picked = [(shards[int(rng.integers(len(shards)))]) for _ in range(count)]
        rows = [int(rng.integers(len(next(iter(s.values()))))) for s in picked]
        return {k: np.stack([s[k][r] for s, r in zip(picked, rows, strict=True)]) for k in picked[0]}

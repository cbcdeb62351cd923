"""Times warm runs of the pipeline, inside the environment: ``bootstrap.py devtools.measure PICTURE QUALITY RUNS``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

from ..contracts import Quality, Settings
from ..model_set import load_models
from ..pipeline import generate
from ..settings import QUALITY

__all__ = ["main", "warm_seconds"]


def warm_seconds(picture: Path, quality: Quality, runs: int) -> dict[str, float]:
    """Return the median seconds of each step over `runs` runs, after one that is not counted."""
    preset = QUALITY[quality]
    settings = Settings(quality=quality, target_faces=preset.target_faces, texture_size=preset.texture_size)
    models = load_models(settings)

    def ignore(step: str, fraction: float) -> None:
        """Take progress without showing it."""

    reports = [generate(picture, settings, models, ignore, lambda: False).report for _ in range(runs + 1)][1:]
    return {step: median(report.seconds[step] for report in reports) for step in reports[0].seconds}


def main() -> int:
    """Print the figures as one JSON object."""
    picture, quality, runs = sys.argv[1:4]
    name: Quality = next(known for known in QUALITY if known == quality)
    sys.stdout.write(json.dumps(warm_seconds(Path(picture), name, int(runs))) + "\n")
    return 0

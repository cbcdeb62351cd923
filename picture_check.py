"""The check of a picture file, for the command line and the worker process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .contracts import Settings
from .inference.checks.check import check_picture
from .inference.checks.finding import Finding, Level
from .inference.decode import decode_picture
from .inference.mend import mend_picture
from .model_set import load_models
from .version import VERSION

__all__ = ["check_file", "check_report", "verdict"]


def check_file(picture: Path, settings: Settings) -> tuple[Finding, ...]:
    """What a picture file, mended as the settings say, is fit for, line by line.

    Raises
    ------
    PictureError
        The file is no picture that can be read, or shows nothing.
    ModelError
        A network fails.
    """
    pixels = decode_picture(picture)
    models = load_models(settings)
    if settings.fixes:
        pixels = mend_picture(pixels, settings.fixes, settings.background, models.matte, models.upscale)
    return check_picture(pixels, settings.background, models.matte, models.depth)


def verdict(findings: tuple[Finding, ...]) -> Level:
    """The worst level of all lines."""
    levels = {finding.level for finding in findings}
    return "poor" if "poor" in levels else "fair" if "fair" in levels else "good"


def check_report(picture: Path, findings: tuple[Finding, ...]) -> Mapping[str, Any]:
    """All of it as one JSON object."""
    return {
        "version": VERSION,
        "image": str(picture),
        "verdict": verdict(findings),
        "findings": [asdict(finding) for finding in findings],
    }

"""`maquette check`: is this picture fit for a mesh, and what would help."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import get_args

from ..contracts import Background, Device, Fix, Settings
from ..errors import MaquetteError
from ..settings import check_settings
from .common import ArgumentError, say
from .settings_options import add_subject

__all__ = ["add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    default = Settings()
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="the picture to check")
    add("--json", action="store_true", help="say it as one JSON object")
    add("--background", choices=get_args(Background), default=default.background, help="what is not the object")
    add("--fix", nargs="+", choices=get_args(Fix), default=(), help="mend the picture before it is checked")
    add_subject(parser)
    add("--device", choices=get_args(Device), default=default.device, help="what the networks run on")
    add("-v", "--verbose", action="store_true", help="say where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Check the picture and say what was found, a line for each check."""
    from ..picture_check import check_report, inspect_file, verdict

    inspection = inspect_file(options.image, _settings(options))
    if options.json:
        say(json.dumps(check_report(options.image, inspection), indent=2))
        return
    widest = max(len(finding.line) for finding in inspection.findings)
    for finding in inspection.findings:
        say(f"{finding.line:{widest}}  {finding.level}  {finding.text}")
        if finding.fix == "choose":
            places = " or ".join(f"--subject {x:.2f},{y:.2f}" for x, y in inspection.subjects)
            say(f"{'':{widest}}        {places}")
    say(f"{options.image}: {verdict(inspection.findings)}")


def _settings(options: argparse.Namespace) -> Settings:
    try:
        return check_settings(
            Settings(
                background=options.background,
                fixes=tuple(options.fix),
                subject=options.subject,
                mask=str(options.mask or ""),
                device=options.device,
            )
        )
    except MaquetteError as error:
        raise ArgumentError(str(error)) from error

"""`maquette gallery`: the page of a batch that is done."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .common import say

__all__ = ["add_options", "run", "write_gallery"]

_TOLD_EVERY = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("batch", metavar="DIR", type=Path, help="the folder of a batch's results, or its manifest")
    parser.add_argument("-v", "--verbose", action="store_true", help="say where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    write_gallery(options.batch)


def write_gallery(place: Path) -> None:
    """Write the page of a batch's folder or manifest, and say where it is; how far it is on a terminal."""
    from ..batching.gallery import gallery_of  # loads the libraries that read pictures

    live = sys.stderr.isatty()

    def told(count: int) -> None:
        if live and count % _TOLD_EVERY == 0:
            sys.stderr.write(f"\rGallery: {count:,} pictures")

    page = gallery_of(place, told)
    if live:
        sys.stderr.write("\r\x1b[K")
    say(f"Gallery: {page}")

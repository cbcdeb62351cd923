"""Measures how well `geometry.drawings.kinds` tells kinds of pictures apart: a Markdown page."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..contracts import Pixels
from ..errors import PictureError
from ..geometry.drawings.kinds import kind_of
from ..inference.decode import decode_picture
from .kind_pictures import DRAWN, draw_kind

__all__ = ["main"]

KINDS = ("photo", "illustration", "sketch", "logo", "relief", "floor_plan")
FIRST_SEED = 10_000
PAGE = """# Kinds of pictures

What *Auto* takes pictures for. Drawn pictures come from `training.kind_pictures` ({each} of each kind, by seeds
that the limits were not set with, a third of them as JPEG); photos and cut-outs are those of the shared folder
beside the checkout. Of the photos and cut-outs every second one was looked at when the limits were set. Made by
`training.evaluate_kinds`; {seconds:.2f} s a picture.

A relief is only taken for one where it looks like a map of heights: pure grey, smooth and filling the picture.
Illustrations and photos take the same way through the networks.

| shown | {heads} | right |
|---|{rule}---|
{rows}

The drawn pictures are simpler than what people draw. Not told apart: photos of drawings with shadows on the paper,
sketches in colour, logos with gradients, plans with coloured rooms; the menu is there for those.
"""


def _photos(shared: Path) -> Iterator[tuple[str, str, Pixels]]:
    """What is shown, the kind it should be taken for, and the picture."""
    for folder, shown in (("eval/val/photos", "photo"), ("eval/val/images", "cut-out"), ("eval/real", "cut-out")):
        for path in sorted((shared / folder).glob("*")):
            pixels = decode_picture(path)
            yield shown, "photo", pixels
            if shown == "photo":
                grey = pixels.copy()
                grey[:, :, :3] = np.rint(pixels[:, :, :3].mean(axis=2))[:, :, None]
                yield "grey photo", "photo", grey
    for path in sorted((shared / "test-images").glob("pillow_*hopper*")):
        try:
            yield "portrait, 128 px", "photo", decode_picture(path)
        except PictureError:
            continue


def _pictures(shared: Path, each: int) -> Iterator[tuple[str, str, Pixels]]:
    for kind in DRAWN:
        for seed in range(FIRST_SEED, FIRST_SEED + each):
            yield f"{kind.replace('_', ' ')}, drawn", kind, draw_kind(kind, np.random.default_rng(seed))
    yield from _photos(shared)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="the shared folder")
    parser.add_argument("page", type=Path, help="the Markdown file to write")
    parser.add_argument("--each", type=int, default=60, help="pictures drawn of each kind")
    options = parser.parse_args()
    found: dict[tuple[str, str], Counter[str]] = {}
    seconds, count = 0.0, 0
    for shown, truth, pixels in _pictures(options.shared, options.each):
        begin = time.process_time()
        kind, _ = kind_of(pixels)
        seconds += time.process_time() - begin
        count += 1
        found.setdefault((shown, truth), Counter())[kind] += 1
    rows = [
        f"| {shown} | {' | '.join(str(kinds[kind] or '') for kind in KINDS)} | {kinds[truth] / kinds.total():.0%} |"
        for (shown, truth), kinds in found.items()
    ]
    page = PAGE.format(
        each=options.each,
        seconds=seconds / count,
        heads=" | ".join(KINDS).replace("_", " "),
        rule="---|" * len(KINDS),
        rows="\n".join(rows),
    )
    options.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

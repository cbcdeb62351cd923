"""How often the tilt that the picture check measures is right, for clean pictures turned by known angles."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..inference.cutout import OPAQUE
from ..inference.decode import decode_picture
from ..inference.picture import Picture
from ..inference.straighten import turn
from ..inference.tilt import FAIR, tilt_of

__all__ = ["main"]

TURNS = (-16, -12, -8, -4, 0, 4, 8, 12, 16)
BEGIN, END = "<!-- evaluate_tilt: begin -->", "<!-- evaluate_tilt: end -->"


def main() -> int:
    """``python bootstrap.py training.evaluate_tilt --eval DIR [--page FILE.md]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--page", type=Path, help="Markdown page whose marked part is written")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each picture")
    args = parser.parse_args()
    rows: list[str] = []
    pictures = [decode_picture(path) for path in sorted((args.eval / "val" / "images").glob("*.png"))]
    for degrees in TURNS:
        tilts = [tilt_of(turned, turned[..., 3] >= OPAQUE) for turned in (_turned(each, degrees) for each in pictures)]
        if args.verbose:
            print(degrees, [(k, round(tilt.degrees - degrees, 1)) for k, tilt in enumerate(tilts) if tilt.sure])
        off = np.array([tilt.degrees - degrees for tilt in tilts if tilt.sure])
        told = np.array([tilt.degrees for tilt in tilts if tilt.sure])
        share = np.mean(np.abs(off) <= 2) if len(off) else 0
        rows.append(
            f"| {degrees:+d} | {len(off)} | {np.count_nonzero(np.abs(off) <= 2)} ({share:.0%}) | "
            f"{np.count_nonzero(np.abs(told) >= FAIR)} |"
        )
    head = f"| turned by (degrees), of {len(pictures)} pictures | measured | within 2 degrees | said to be tilted |"
    text = "\n".join([head, "|---|---|---|---|", *rows])
    print(text)
    if args.page:
        before, _, rest = args.page.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        args.page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return 0


def _turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    return turn(Picture(pixels), degrees).pixels

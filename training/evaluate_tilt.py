"""How often the tilt that the picture check measures is right, for clean pictures turned by known angles."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..contracts import Pixels, Settings
from ..errors import PictureError
from ..inference.cutout import OPAQUE, cut_out
from ..inference.decode import decode_picture
from ..inference.matte import MatteModel
from ..inference.picture import Picture
from ..inference.straighten import turn
from ..inference.tilt import FAIR, Tilt, tilt_of
from ..model_set import load_models

__all__ = ["main"]

TURNS = (-16, -12, -8, -4, 0, 4, 8, 12, 16)
SETS = {"images": ".png", "photos": ".jpg"}
RIGHT = 2.0
BEGIN, END = "<!-- evaluate_tilt: begin -->", "<!-- evaluate_tilt: end -->"


def main() -> int:
    """``python bootstrap.py training.evaluate_tilt --eval DIR [--page FILE.md]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--page", type=Path, help="Markdown page whose marked part is written")
    args = parser.parse_args()
    matte = load_models(Settings()).matte
    rows: list[str] = []
    for which, suffix in SETS.items():
        paths = sorted((args.eval / "val" / which).glob(f"*{suffix}"))
        pictures = [decode_picture(path) for path in paths]
        rows += [_row(which, degrees, [_tilt(each, degrees, matte) for each in pictures]) for degrees in TURNS]
    head = f"| set | turned by (degrees) | measured | within {RIGHT:g} degrees | said to lean |\n|---|---|---|---|---|"
    text = "\n".join([head, *rows])
    print(text)
    if args.page:
        before, _, rest = args.page.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        args.page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return 0


def _tilt(pixels: Pixels, degrees: float, matte: MatteModel) -> Tilt:
    """The tilt of a picture's subject after a turn."""
    turned = turn(Picture(pixels), degrees).pixels
    try:
        return tilt_of(turned, cut_out(turned, "auto", matte)[..., 3] >= OPAQUE)
    except PictureError:
        return Tilt(0.0, False)


def _row(which: str, degrees: int, tilts: list[Tilt]) -> str:
    sure = np.array([tilt.degrees for tilt in tilts if tilt.sure])
    right = int(np.count_nonzero(np.abs(sure - degrees) <= RIGHT))
    share = f" ({right / len(sure):.0%})" if len(sure) else ""
    told = int(np.count_nonzero(np.abs(sure) >= FAIR))
    return f"| `val/{which}` | {degrees:+d} | {len(sure)} of {len(tilts)} | {right}{share} | {told} |"

"""Scores the matte on the validation photos against the transparency of the same views: a Markdown page."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..contracts import Mask, Pixels
from ..errors import PictureError
from ..inference.card import EMBEDDED, load_card
from ..inference.cutout import cut_out
from ..inference.decode import decode_picture
from ..inference.matte import MatteModel
from ..inference.session import Session

__all__ = ["main"]

CARD = EMBEDDED / "maquette-matte.toml"
OPAQUE = 128
PAGE = """# Matte quality

How well the subject is cut out of the {count} validation photos of the shared folder beside the checkout, none of which
took part in training. The photos show the same views as the pictures with transparency beside them; scored is the
intersection over union (IoU) of the pixels at least half opaque. *One look* is the network's answer to the picture,
enlarged; *matte* is what the product uses: the same with the edge refined by the picture's own colours. Neither has the
pieces that lie far off the middle.

Made by `training.evaluate_matte` (see `training/README.md`) with {network}.

| | one look | matte |
|---|---|---|
{summary}

The mean matte took {seconds:.2f} s of one CPU core per photo of 512 x 512. The colour segmentation that the network
replaced had, on the same photos: mean 0.881, median 0.923, lowest 0.444, 19 of 40 at 0.93 or more, and took 0.35 s.

| photo | one look | matte |
|---|---|---|
{rows}
"""


@dataclass(frozen=True)
class _Score:
    """IoU of one photo, with one look and as the product cuts it out, and processor seconds of the latter."""

    name: str
    one_look: float
    matte: float
    seconds: float


def _overlap(found: Mask, truth: Mask) -> float:
    return float((found & truth).sum() / max((found | truth).sum(), 1))


def _cut(pixels: Pixels, model: MatteModel) -> Mask:
    try:
        return cut_out(pixels, "remove", model)[..., 3] >= OPAQUE
    except PictureError:
        return np.zeros(pixels.shape[:2], bool)


def _score(photo: Path, truth: Path, model: MatteModel) -> _Score:
    pixels = decode_picture(photo)
    alpha = np.asarray(Image.open(truth).convert("RGBA"))[..., 3] >= OPAQUE
    once = model.segment(pixels[..., :3])
    one_look = np.asarray(Image.fromarray(once).resize(alpha.shape[::-1], Image.Resampling.BILINEAR)) >= 0.5
    start = time.process_time()
    matte = _cut(pixels, model)
    return _Score(photo.stem, _overlap(one_look, alpha), _overlap(matte, alpha), time.process_time() - start)


def _summary(scores: list[_Score]) -> str:
    """Rows of a Markdown table over all photos."""
    columns = np.array([[s.one_look, s.matte] for s in scores])
    figures = {"mean": columns.mean(0), "median": np.median(columns, 0), "lowest": columns.min(0)}
    rows = [f"| {name} IoU | {a:.3f} | {b:.3f} |" for name, (a, b) in figures.items()]
    rows += [
        f"| at {least} or more | {' | '.join(str(n) for n in (columns >= least).sum(0))} |" for least in (0.93, 0.98)
    ]
    return "\n".join(rows)


def main() -> int:
    """``python bootstrap.py training.evaluate_matte --eval DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--page", type=Path, required=True, help="Markdown page to write")
    args = parser.parse_args()
    card = load_card(CARD)
    model, folder = MatteModel(Session(card, "cpu")), args.eval / "val"
    scores = [_score(p, folder / "images" / f"{p.stem}.png", model) for p in sorted((folder / "photos").glob("*.jpg"))]
    scores.sort(key=lambda s: s.matte)
    page = PAGE.format(
        count=len(scores),
        network=f"`{card.id}`, {card.bytes / 1e6:.1f} MB, sha256 `{card.sha256[:16]}…`",
        summary=_summary(scores),
        seconds=float(np.mean([s.seconds for s in scores])),
        rows="\n".join(f"| {s.name} | {s.one_look:.3f} | {s.matte:.3f} |" for s in scores),
    )
    args.page.write_text(page)
    print(_summary(scores))
    return 0

"""How true a cut-out's edge is: the validation pictures, whose alpha and colours are known, before backgrounds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from ..contracts import Float, Pixels
from ..errors import PictureError
from ..inference.card import EMBEDDED, load_card
from ..inference.cutout import OPAQUE, cut_out
from ..inference.decode import decode_picture
from ..inference.decontaminate import decontaminate
from ..inference.matte import MatteModel
from ..inference.session import Session

__all__ = ["main"]

BAND = 6.0
"""Pixels on both sides of the true outline that count as its edge."""
FOUND = 0.9
"""Least overlap of the matte with the truth; below it the subject was not found, which is no matter of edges."""
GREY = 128.0
CELL, SCALE = 96, 2
BEGIN, END = "<!-- evaluate_edge: begin -->", "<!-- evaluate_edge: end -->"


@dataclass(frozen=True)
class _Errors:
    """Mean errors in the edge's band, of 255; NaN where the matte found something else.

    ``alpha``: of the product's matte. ``mixed`` and ``own``: what is seen of the cut-out on grey, with the colours as
    photographed and with the subject's own; ``mixed_true`` and ``own_true``: the same with the true alpha.
    """

    alpha: float
    mixed: float
    own: float
    mixed_true: float
    own_true: float


def _grounds(shape: tuple[int, ...], rng: Generator) -> Iterator[Float]:
    """Backgrounds [H, W, 3]: plain grey, a pale floor that darkens, a dark wall, a mottled one."""
    fade = np.linspace(0.65, 1.0, shape[0])[:, None, None]
    waves = ndimage.gaussian_filter(rng.normal(size=(*shape, 3)), (12, 12, 0))
    for ground in (
        np.full((*shape, 3), 128.0),
        np.broadcast_to(fade * (225, 222, 215), (*shape, 3)),
        np.full((*shape, 3), 26.0),
        np.array((150, 120, 90)) + 28 * waves / waves.std(),
    ):
        yield np.clip(ground + rng.normal(0, 1.5, (*shape, 3)), 0, 255).astype(np.float32)


def _on(rgba: Pixels, ground: Float | float) -> Float:
    share = rgba[..., 3:].astype(np.float32) / 255
    return rgba[..., :3] * share + ground * (1 - share)


def _with_alpha(colours: Pixels, alpha: Pixels) -> Pixels:
    return np.concatenate([colours[..., :3], alpha[..., None]], -1)


def _measure(true: Pixels, photo: Pixels, model: MatteModel) -> tuple[_Errors, Pixels]:
    """The errors of a photo of a picture whose transparency is true, and the cut-out."""
    solid = true[..., 3] >= OPAQUE
    inside, outside = (cast(Float, ndimage.distance_transform_edt(part)) for part in (solid, ~solid))
    far = np.where(solid, inside, outside)
    band = far - 0.5 <= BAND

    def seen(cut: Pixels) -> float:
        return float(np.abs(_on(cut, GREY) - _on(true, GREY)).mean(-1)[band].mean())

    raw = _with_alpha(photo, true[..., 3])
    known = seen(raw), seen(decontaminate(raw))
    try:
        cut = cut_out(photo, "remove", model)
    except PictureError:
        return _Errors(np.nan, np.nan, np.nan, *known), photo
    found = cut[..., 3] >= OPAQUE
    if (found & solid).sum() < FOUND * (found | solid).sum():
        return _Errors(np.nan, np.nan, np.nan, *known), cut
    alpha = float(np.abs(cut[..., 3].astype(float) - true[..., 3])[band].mean())
    return _Errors(alpha, seen(_with_alpha(photo, cut[..., 3])), seen(cut), *known), cut


def _strip(photo: Pixels, cut: Pixels) -> Pixels:
    """Where the edge is longest, twice as large: the photo, the cut-out with its colours on grey, and with the
    subject's own on grey and on magenta."""
    soft = ((cut[..., 3] > 20) & (cut[..., 3] < 235)).astype(np.float32)
    near = ndimage.uniform_filter(soft, CELL)
    near[: CELL // 2] = near[-CELL // 2 :] = near[:, : CELL // 2] = near[:, -CELL // 2 :] = -1
    row, column = np.unravel_index(int(near.argmax()), near.shape)
    part = (slice(row - CELL // 2, row + CELL // 2), slice(column - CELL // 2, column + CELL // 2))
    shown = (
        photo[..., :3].astype(np.float32),
        _on(_with_alpha(photo, cut[..., 3]), GREY),
        _on(cut, GREY),
        _on(cut, np.array([255, 0, 255], np.float32)),
    )
    cells = [np.repeat(np.repeat(np.rint(image[part]).astype(np.uint8), SCALE, 0), SCALE, 1) for image in shown]
    return np.concatenate(cells, 1)


def _table(rows: list[_Errors]) -> str:
    values = np.array([[e.alpha, e.mixed, e.own, e.mixed_true, e.own_true] for e in rows])
    alpha, mixed, own, mixed_true, own_true = np.nanmean(values, axis=0)
    count = int(np.isfinite(values[:, 0]).sum())
    return "\n".join(
        [
            f"{len(rows)} of them; the network's matte finds the subject in {count}, and those count for it.",
            "",
            "| error in the edge's band, of 255 | network's matte | true matte |",
            "|---|---|---|",
            f"| alpha | {alpha:.1f} | 0 |",
            f"| seen on grey, colours as photographed | {mixed:.2f} | {mixed_true:.2f} |",
            f"| seen on grey, the subject's own colours | {own:.2f} | {own_true:.2f} |",
        ]
    )


def main() -> int:
    """``python bootstrap.py training.evaluate_edge --eval DIR --page FILE.md --sheet FILE.jpg [--count N]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--page", type=Path, required=True, help="Markdown page whose marked part is written")
    parser.add_argument("--sheet", type=Path, required=True, help="picture of edges of the photos to write")
    parser.add_argument("--count", type=int, default=40, help="pictures, evenly among all")
    args = parser.parse_args()
    model = MatteModel(Session(load_card(EMBEDDED / "maquette-matte.toml"), "cpu"))
    paths = sorted((args.eval / "val" / "images").glob("*.png"))
    rows: list[_Errors] = []
    strips: list[Pixels] = []
    for number, path in enumerate(paths[:: max(1, len(paths) // args.count)][: args.count]):
        true = decode_picture(path)
        for ground in _grounds(true.shape[:2], np.random.default_rng(number)):
            photo = np.rint(_on(true, ground)).astype(np.uint8)
            rows.append(_measure(true, _with_alpha(photo, np.full(photo.shape[:2], 255, np.uint8)), model)[0])
        if len(strips) < 10:
            photo = decode_picture(args.eval / "val" / "photos" / f"{path.stem}.jpg")
            strips.append(_strip(photo, cut_out(photo, "remove", model)))
    half = len(strips) // 2
    sheet = np.concatenate([np.concatenate(strips[:half]), np.concatenate(strips[half : 2 * half])], 1)
    Image.fromarray(sheet).save(args.sheet, quality=88, subsampling=0)
    before, _, rest = args.page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    args.page.write_text(f"{before}{BEGIN}\n{_table(rows)}\n{END}{after}")
    print(_table(rows))
    return 0

"""Measures how the textured meshes look on the validation pictures: against the picture from its own camera, and the
guessed side against the seen one from all around; writes the table of ``docs/look.md`` and sheets of views."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Float, Settings
from ..inference.cutout import cut_out
from ..inference.decode import decode_picture
from ..inference.prepare import subject_square, without_specks
from ..model_set import ModelSet, load_models
from ..pipeline import Draft, reconstruct
from ..steps import Steps
from .look_measures import Guess, compare_sides, psnr, ssim
from .look_views import Render, render_around, render_back
from .quality_sheets import write_sheets

__all__ = ["main"]

BEGIN, END = "<!-- evaluate_look: begin -->", "<!-- evaluate_look: end -->"
OPAQUE = 128
PAPER = 128.0
"""Grey level behind the mesh: where it leaves the subject uncovered, that is what is compared."""
AROUND, CELL = 256, 200
WORST, OTHERS = 6, 6
"""Results shown on the sheets: the worst, and as many spread evenly over the rest."""


@dataclass(frozen=True)
class _Look:
    """One result: PSNR in dB and SSIM in the picture's mask, the share of the mask that the mesh covers, and the
    guessed side."""

    name: str
    psnr: float
    ssim: float
    covered: float
    guess: Guess


def _picture(path: Path, models: ModelSet, draft: Draft) -> npt.NDArray[np.uint8]:
    """The pixels [H, W, 4] of the picture file that ``draft.subject.picture`` shows, as they are in the file."""
    rgba = cut_out(decode_picture(path), "auto", models.matte)
    left, top, _ = subject_square(without_specks(rgba))
    x, y = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    height, width = draft.subject.picture.shape[:2]
    return rgba[y : y + height, x : x + width]


def _score(path: Path, settings: Settings, models: ModelSet, out: Path) -> _Look:
    draft = reconstruct(path, settings, models, Steps(lambda *_: None, lambda: False))
    rgba = _picture(path, models, draft)
    mask = rgba[..., 3] >= OPAQUE
    picture = rgba[..., :3].astype(np.float32)
    back = render_back(draft.mesh, draft.subject, draft.surface.camera)
    found = PAPER + back.share[..., None] * (back.colour - PAPER)
    views = render_around(draft.mesh, draft.surface.camera, AROUND)
    Image.fromarray(_strip(picture, mask, found, views)).save(out / f"{path.stem}.png")
    covered = float(back.share[mask].mean())
    guess = compare_sides(views)
    return _Look(path.stem, psnr(found, picture, mask), ssim(found, picture, mask), covered, guess)


def _strip(picture: Float, mask: npt.NDArray[np.bool_], found: Float, views: list[Render]) -> npt.NDArray[np.uint8]:
    """The picture, the mesh from its camera, their difference four times over, and the eight views, in a row."""
    inside = mask[..., None]
    difference = np.abs(found - picture) * inside * 4
    cells = [_fitted(np.where(inside, picture, PAPER)), _fitted(found), _fitted(np.minimum(difference, 255))]
    around = [np.where(v.cover[..., None], v.colour, PAPER) for v in views]
    return np.concatenate(cells + [_fitted(view) for view in around], axis=1)


def _fitted(colour: Float) -> npt.NDArray[np.uint8]:
    """Fit a picture [H, W, 3] into a square of `CELL`."""
    image = Image.fromarray(np.clip(np.rint(colour), 0, 255).astype(np.uint8))
    image.thumbnail((CELL, CELL))
    cell = Image.new("RGB", (CELL, CELL), (int(PAPER),) * 3)
    cell.paste(image, ((CELL - image.width) // 2, (CELL - image.height) // 2))
    return np.asarray(cell)


def _row(name: str, values: Any) -> str:
    formats = ("{:.1f}", "{:.3f}", "{:.1%}", "{:.2f}", "{:.2f}", "{:.1%}", "{:.0f}", "{:.0f}")
    return f"| {name} | {' | '.join(f.format(v) for f, v in zip(formats, values, strict=True))} |"


def _values(look: _Look) -> list[float]:
    g = look.guess
    return [look.psnr, look.ssim, look.covered, g.shift, g.spread, g.strange, g.pure, g.unfilled]


def _table(looks: list[_Look]) -> str:
    """The means, and a row per picture, the worst first."""
    values = np.array([_values(look) for look in looks])
    lines = [
        "| | PSNR, dB | SSIM | covered | shift | spread | strange | pure | unfilled |",
        "|---|---|---|---|---|---|---|---|---|",
        _row(f"**mean of {len(looks)}**", values.mean(0)),
        _row("median", np.median(values, 0)),
        *(_row(look.name, row) for look, row in zip(looks, values, strict=True)),
    ]
    at_least = (
        f"{int((values[:, 0] >= 26).sum())} of {len(looks)} reach 26 dB, {int((values[:, 1] >= 0.88).sum())} 0.88."
    )
    return "\n".join([at_least, "", *lines])


def _write(page: Path, looks: list[_Look], strips: Path) -> None:
    """Put the table between the page's marks, and sheets of twelve results beside it."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    spread = np.linspace(WORST, len(looks) - 1, OTHERS).round().astype(int) if len(looks) > WORST else []
    shown = [*looks[:WORST], *(looks[k] for k in dict.fromkeys(spread))]
    labels = {look.name: f"{look.name}: {look.psnr:.1f} dB, SSIM {look.ssim:.3f}" for look in shown}
    sheets = write_sheets(strips, labels, page.parent / "look")
    pictures = [f"![Sheet {k}](look/{sheet.name})" for k, sheet in enumerate(sheets, 1)]
    text = "\n".join([f"{before}{BEGIN}", _table(looks), "", *pictures, f"{END}{rest.split(END)[1]}"])
    page.write_text(text)


def main() -> int:
    """``python bootstrap.py training.evaluate_look --eval DIR --out DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--names", nargs="*", help="only these pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder for a strip of views per picture")
    parser.add_argument("--page", type=Path, help="Markdown page whose table is to be written again")
    args = parser.parse_args()
    settings = replace(Settings(), device="cpu")
    models = load_models(settings)
    args.out.mkdir(parents=True, exist_ok=True)
    looks = list[_Look]()
    for path in sorted((args.eval / "val" / "images").glob("*.png")):
        if not args.names or path.stem in args.names:
            looks.append(_score(path, settings, models, args.out))
            print(_row(path.stem, _values(looks[-1])), flush=True)
    looks.sort(key=lambda look: look.psnr)
    print(_row("mean", np.mean([_values(look) for look in looks], axis=0)))
    if args.page:
        _write(args.page, looks, args.out)
    return 0

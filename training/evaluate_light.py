"""Measures what taking the light out does to objects of known base colours, flat-lit and under three lights; writes the
table of ``docs/look.md`` and pictures from before and after."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ..contracts import Pixels, Subject, Surface
from ..inference.card import find_card, load_card
from ..inference.depth import DepthModel
from ..inference.light import Light, LightModel
from ..inference.light_remove import remove_light
from ..inference.prepare import prepare_subject
from ..inference.session import Session
from .light_fit import FittedLight
from .light_truth import LIGHTS, LitObject, archive_object, archive_objects, validation_object

__all__ = ["main"]

BEGIN, END = "<!-- evaluate_light: begin -->", "<!-- evaluate_light: end -->"
CELL, HEAD, SHOWN, PAPER = 144, 18, 8, (160, 160, 160, 255)
Array = npt.NDArray[np.float64]


class _Estimator(Protocol):
    def estimate(self, subject: Subject, surface: Surface) -> Light: ...


@dataclass(frozen=True)
class _Score:
    """One object: RMSE in sRGB of 255 inside the mask, as it was and with the light taken out, each plain and with
    the brightness of one picture free: ``mutual`` among the lit pictures and ``flat`` from these to the flat one,
    [2 (before, after), 2 (plain, free)]; ``changed``, what taking light out did to the flat picture."""

    name: str
    mutual: Array
    flat: Array
    changed: float


def _distance(a: Array, b: Array) -> Array:
    """RMSE of colours [P, 3], plain and with a gain on either that brings it nearest to the other."""
    plain = np.sqrt(((a - b) ** 2).mean())
    both = float((a * b).sum())
    free = [np.sqrt(((x * both / max(float((x * x).sum()), 1e-6) - y) ** 2).mean()) for x, y in ((a, b), (b, a))]
    return np.array([plain, np.mean(free)])


def _colours(picture: Pixels) -> Array:
    return picture[picture[..., 3] == 255][:, :3].astype(np.float64)


def _distances(flat: Pixels, lit: list[Pixels]) -> tuple[Array, Array]:
    base, colours = _colours(flat), [_colours(p) for p in lit]
    mutual = np.mean([_distance(a, b) for a, b in combinations(colours, 2)], axis=0)
    return mutual, np.mean([_distance(c, base) for c in colours], axis=0)


def _score(lit: LitObject, depth: DepthModel, model: _Estimator, strength: float) -> tuple[_Score, list[Pixels]]:
    """The figures, and the pictures: flat, lit ones, what became of them."""
    subjects = [prepare_subject(picture) for picture in (lit.flat, *lit.lit)]
    found = [remove_light(s, model.estimate(s, depth.estimate(s)), strength).picture for s in subjects]
    given = [s.picture for s in subjects]
    before, after = _distances(given[0], given[1:]), _distances(given[0], found[1:])
    changed = float(_distance(_colours(given[0]), _colours(found[0]))[0])
    score = _Score(lit.name, np.stack([before[0], after[0]]), np.stack([before[1], after[1]]), changed)
    return score, [*given, *found]


def _sheet_row(pictures: list[Pixels]) -> Image.Image:
    row = Image.new("RGB", (CELL * len(pictures), CELL), PAPER)
    for k, rgba in enumerate(pictures):
        grey = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), PAPER)
        image = Image.alpha_composite(grey, Image.fromarray(rgba)).convert("RGB")
        image.thumbnail((CELL - 4, CELL - 4))
        row.paste(image, (CELL * k + (CELL - image.width) // 2, (CELL - image.height) // 2))
    return row


def _sheet(rows: list[Image.Image]) -> Image.Image:
    """Rows of `_sheet_row` under a line of headings."""
    sheet = Image.new("RGB", (rows[0].width, HEAD + CELL * len(rows)), PAPER)
    names = ["true colours", *(f"light: {name}" for name in LIGHTS)]
    for k, text in enumerate([*names, *(f"{name}, taken out" for name in names)]):
        ImageDraw.Draw(sheet).text((CELL * k + 4, 3), text, "black")
    for k, row in enumerate(rows):
        sheet.paste(row, (0, HEAD + CELL * k))
    return sheet


def _numbers(scores: list[_Score]) -> list[float]:
    """Mean distances before and after and the mean nearing, of pairs and to the flat picture, plain then free."""
    row = list[float]()
    for k in (0, 1):
        for values in (np.stack([s.mutual for s in scores]), np.stack([s.flat for s in scores])):
            before, after = values[:, 0, k], values[:, 1, k]
            row += [float(before.mean()), float(after.mean()), float(1 - (after / np.maximum(before, 1e-6)).mean())]
    return [*row, float(np.mean([s.changed for s in scores]))]


def _row(name: str, values: list[float]) -> str:
    groups = [
        f"{a:.1f} → {b:.1f} | {c:.0%}" for a, b, c in zip(values[:-1:3], values[1:-1:3], values[2:-1:3], strict=True)
    ]
    return f"| {name} | {' | '.join(groups)} | {values[-1]:.1f} |"


def _table(results: dict[str, list[_Score]], detail: str) -> str:
    """A line per set and method, then one per object of ``detail``, the least improved first."""
    head = [
        "| | to each other | nearer | to the flat one | nearer | to each other, gain free | nearer "
        "| to the flat one, gain free | nearer | flat one changed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines = [_row(f"**{name}** ({len(scores)})", _numbers(scores)) for name, scores in results.items()]
    each = sorted(results[detail], key=lambda s: _numbers([s])[5])
    return "\n".join([*head, *lines, *(_row(s.name, _numbers([s])) for s in each)])


def _objects(
    evaluation: Path, names: list[str] | None, archive: Path | None, count: int
) -> Iterator[tuple[str, LitObject]]:
    for path in sorted((evaluation / "val" / "truth").glob("*.ply")):
        if names is None or path.stem in names:
            yield "evaluation set", validation_object(evaluation, path.stem)
    for name in archive_objects(archive, count) if archive else ():
        yield "archive", archive_object(archive, name)


def main() -> int:
    """``python bootstrap.py training.evaluate_light --eval DIR --meshes DIR --out DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--meshes", type=Path, help="the unpacked training archive, for its held-out objects")
    parser.add_argument("--count", type=int, default=20, help="of the archive's objects")
    parser.add_argument("--names", nargs="*", help="only these objects of the evaluation set")
    parser.add_argument("--card", default="maquette-light", help="the model, or `none`: the fitted light alone")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--out", type=Path, required=True, help="folder for a row of pictures per object")
    parser.add_argument("--sheet", type=Path, help="picture to be written: rows of some objects")
    parser.add_argument("--page", type=Path, help="Markdown page whose table is to be written again")
    args = parser.parse_args()
    depth = DepthModel(Session(load_card(find_card("maquette-depth")), "cpu"))
    models: dict[str, _Estimator] = {"fitted": FittedLight()}
    if args.card != "none":
        models["network"] = LightModel(Session(load_card(find_card(args.card)), "cpu"))
    results, rows = dict[str, list[_Score]](), list[Image.Image]()
    args.out.mkdir(parents=True, exist_ok=True)
    for kind, lit in _objects(args.eval, args.names, args.meshes, args.count):
        for name, model in models.items():
            score, pictures = _score(lit, depth, model, args.strength)
            results.setdefault(f"{kind}, {name}", []).append(score)
            row = _sheet_row(pictures)
            row.save(args.out / f"{kind.split()[0]}-{name}-{lit.name}.png")
            if kind == "evaluation set" and name == list(models)[-1]:
                rows.append(row)
            print(_row(f"{lit.name} {name}", _numbers([score])), flush=True)
    table = _table(results, f"evaluation set, {list(models)[-1]}")
    print(table)
    if args.sheet:
        chosen = [rows[k] for k in np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
        sheet = _sheet(chosen)
        sheet.quantize(palette=sheet.quantize(256)).save(args.sheet, optimize=True)
    if args.page:
        before, rest = args.page.read_text().split(BEGIN)
        args.page.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    return 0

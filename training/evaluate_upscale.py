"""Measures how well pictures that were made smaller are enlarged again: the tables and crops of ``docs/upscale.md``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Float
from ..inference.card import EMBEDDED, load_card
from ..inference.session import Session
from ..inference.upscale import UpscaleModel
from .look_measures import psnr, ssim
from .upscale_degrade import compress, shrink
from .upscale_filter import enlarge_by_filter
from .upscale_pictures import textures
from .upscale_sheet import Row, draw_sheet

__all__ = ["main"]

BEGIN, END = "<!-- evaluate_upscale: begin -->", "<!-- evaluate_upscale: end -->"
PAPER, OPAQUE = 128, 128
"""Grey level behind cut-out pictures, and the alpha from which a pixel counts."""
NOISE, QUALITY = 2.0, 88
"""Of a picture as a phone has it: noise in levels, quality of its JPEG file."""
ALIKE = 0.05
"""Textures that differ by less, on average of 16 x 16 cells, are the same."""
WAYS = ("area", "bicubic", "phone")
LARGE, SHOWN = 4096, 6
Pixels = npt.NDArray[np.uint8]
Enlarge = Callable[[Pixels, int], Pixels]


@dataclass(frozen=True)
class _Picture:
    """One picture to bring back: ``rgb`` uint8 [H, W, 3] with sides that are multiples of 4, and ``mask`` bool [H, W]
    where it is compared."""

    kind: str
    name: str
    rgb: Pixels
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Score:
    kind: str
    way: str
    factor: int
    method: str
    psnr: float
    ssim: float


def _by_pillow(method: Image.Resampling) -> Enlarge:
    def enlarge(pixels: Pixels, factor: int) -> Pixels:
        return np.asarray(Image.fromarray(pixels).resize((pixels.shape[1] * factor, pixels.shape[0] * factor), method))

    return enlarge


def _read(kind: str, path: Path) -> _Picture:
    rgba = np.asarray(Image.open(path).convert("RGBA"))
    rgba = rgba[: len(rgba) // 4 * 4, : rgba.shape[1] // 4 * 4]
    alpha = rgba[..., 3:].astype(np.float32) / 255
    rgb = rgba[..., :3] * alpha + PAPER * (1 - alpha) + 0.5
    return _Picture(kind, path.stem, rgb.astype(np.uint8), rgba[..., 3] >= OPAQUE)


def _pictures(evaluation: Path, meshes: Path, every: int) -> Iterator[_Picture]:
    for kind, pattern in (("images", "*.png"), ("photos", "*.jpg")):
        for path in sorted((evaluation / "val" / kind).glob(pattern))[::every]:
            yield _read(kind, path)
    for number, texture in enumerate(_unseen(textures(meshes, "val"), textures(meshes, "train"))):
        rgb = (texture * 255 + 0.5).astype(np.uint8)
        yield _Picture("textures", f"texture {number + 1}", rgb, np.ones(rgb.shape[:2], bool))


def _unseen(held_out: list[Float], learned: list[Float]) -> list[Float]:
    """The held-out textures that no training mesh has, not even compressed anew or in slightly other colours."""
    known = np.stack([_coarse(texture) for texture in learned])
    return [t for t in held_out if float(np.abs(known - _coarse(t)).mean((1, 2, 3)).min()) > ALIKE]


def _coarse(texture: Float) -> Float:
    image = Image.fromarray((texture * 255 + 0.5).astype(np.uint8))
    return np.asarray(image.resize((16, 16), Image.Resampling.BOX), np.float32) / 255


def _reduce(picture: Pixels, factor: int, way: str, rng: np.random.Generator) -> Pixels:
    small = shrink(picture, factor, "area" if way == "area" else "bicubic")
    if way != "phone":
        return small
    noisy = small + rng.normal(0, NOISE, small.shape) + 0.5
    return compress(np.clip(noisy, 0, 255).astype(np.uint8), QUALITY)


def _score(picture: _Picture, methods: dict[str, Enlarge], rng: np.random.Generator) -> Iterator[_Score]:
    wanted = picture.rgb.astype(np.float32)
    for factor in (2, 4):
        for way in WAYS:
            small = _reduce(picture.rgb, factor, way, rng)
            for name, enlarge in methods.items():
                found = enlarge(small, factor).astype(np.float32)
                figures = psnr(found, wanted, picture.mask), ssim(found, wanted, picture.mask)
                yield _Score(picture.kind, way, factor, name, *figures)


def _seconds(methods: dict[str, Enlarge], picture: Pixels) -> dict[str, float]:
    """Processor seconds of each method for a picture of 1024 x 1024 to 4096 x 4096."""
    large = np.asarray(Image.fromarray(picture).resize((LARGE // 4, LARGE // 4), Image.Resampling.BICUBIC))
    taken: dict[str, float] = {}
    for name, enlarge in methods.items():
        start = time.process_time()
        enlarge(large, 4)
        taken[name] = time.process_time() - start
    return taken


def _mean(scores: list[_Score], **wanted: object) -> tuple[float, float]:
    rows = [(s.psnr, s.ssim) for s in scores if all(getattr(s, k) == v for k, v in wanted.items())]
    value = np.mean(rows, 0)
    return float(value[0]), float(value[1])


def _tables(scores: list[_Score], methods: list[str], seconds: dict[str, float]) -> str:
    """PSNR and SSIM by how the pictures were made smaller, then by kind of picture; the best of each row is bold."""
    lines: list[str] = []
    for title, keys in (
        ("made smaller by", [{"way": way, "factor": f} for f in (2, 4) for way in WAYS]),
        ("pictures", [{"kind": kind, "factor": f} for f in (2, 4) for kind in ("images", "photos", "textures")]),
    ):
        lines += [f"| {title} | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
        for key in keys:
            values = [_mean(scores, method=m, **key) for m in methods]
            best = int(np.argmax([v[0] for v in values]))
            cells = [f"{p:.2f} / {s:.3f}" for p, s in values]
            cells[best] = f"**{cells[best]}**"
            lines.append(f"| {next(iter(key.values()))}, {key['factor']} x | {' | '.join(cells)} |")
        lines.append("")
    lines += [f"| | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    lines.append(f"| 1024 to 4096, seconds of one core | {' | '.join(f'{seconds[m]:.1f}' for m in methods)} |")
    return "\n".join(lines)


def _sheet(pictures: list[_Picture], methods: dict[str, Enlarge]) -> Image.Image:
    """Six of the pictures, brought back from a quarter of their size."""
    rows: list[Row] = []
    for picture in pictures[:: len(pictures) // SHOWN][:SHOWN]:
        small = shrink(picture.rgb, 4, "area")
        large = {name: enlarge(small, 4) for name, enlarge in methods.items() if name != "bicubic"}
        rows.append(Row(picture.rgb, picture.mask, large))
    return draw_sheet(rows)


def _write(page: Path, text: str) -> None:
    """Put the tables between the page's markers."""
    whole = page.read_text()
    before, rest = whole.split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")


def main() -> int:
    """``python bootstrap.py training.evaluate_upscale --eval DIR --meshes DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--meshes", type=Path, required=True, help="unpacked train_meshes.tar")
    parser.add_argument("--card", type=Path, default=EMBEDDED / "maquette-upscale.toml", help="of the network")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables are written")
    parser.add_argument("--sheet", type=Path, help="PNG of crops to write")
    parser.add_argument("--every", type=int, default=1, help="take each so-manieth picture only")
    args = parser.parse_args()
    methods: dict[str, Enlarge] = {
        "nearest": _by_pillow(Image.Resampling.NEAREST),
        "bicubic": _by_pillow(Image.Resampling.BICUBIC),
        "Lanczos": _by_pillow(Image.Resampling.LANCZOS),
        "filter": enlarge_by_filter,
        "network": UpscaleModel(Session(load_card(args.card), "cpu")).enlarge,
    }
    rng, scores, pictures = (
        np.random.default_rng(0),
        list[_Score](),
        list(_pictures(args.eval, args.meshes, args.every)),
    )
    for picture in pictures:
        scores += _score(picture, methods, rng)
    text = _tables(scores, list(methods), _seconds(methods, pictures[0].rgb))
    print(text)
    if args.sheet:
        _sheet(pictures, methods).save(args.sheet, optimize=True)
    if args.page:
        _write(args.page, text)
    return 0

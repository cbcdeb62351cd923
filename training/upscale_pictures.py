"""Sharp pictures to learn enlarging from: shapes over shapes, lettering, woven and grained surfaces, rendered views.

``main`` writes shards ``sharp-SEED.npz`` with ``rgb`` uint8 [N, 3, S, S] (sRGB). Shapes of all sizes laid over each
other have the edges and the statistics of natural pictures ("dead leaves": Lee, Mumford and Huang 2001) and can be
drawn as sharp as wanted, which rendered views of low-resolution textures cannot.
"""

from __future__ import annotations

import argparse
import io
import string
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .meshes import training_names
from .photo_patterns import backdrop, floor_pattern, random_colour
from .shards import Shards

__all__ = ["SIZE", "draw_picture", "main", "textures"]

SIZE, FINE = 192, 2
"""Side of the pictures, and how many times finer they are drawn."""
LEAVES, LETTERS, SURFACES = 0.38, 0.15, 0.1
"""Shares of the pictures; the rest is cut from rendered views and from textures."""
Array = npt.NDArray[np.float32]
Rng = np.random.Generator


def _srgb(linear: Array) -> Array:
    return np.clip(linear, 0, 1) ** np.float32(1 / 2.2)


def _colour(rng: Rng) -> Array:
    return _srgb(random_colour(rng, rng.choice([0.0, 0.5, 1.0])))


def _surface(height: int, width: int, rng: Rng) -> Array:
    """Wood, tiles, cloth, stripes or speckles, [height, width, 3]."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / 96
    at = np.stack([x.ravel(), y.ravel()], 1)
    while True:
        pattern = floor_pattern(at, np.full(len(at), 1e-3, np.float32), random_colour(rng), rng)
        if pattern.std(0).max() > 0.02 or rng.random() < 0.1:  # few are to be plain
            return _srgb(pattern).reshape(height, width, 3)


def _cutting(height: int, width: int, sources: list[Array], rng: Rng) -> Array:
    """A part of a source picture, its pixels `FINE` times enlarged, mirrored where the source ends."""
    source = sources[rng.integers(len(sources))]
    top, left = rng.integers(0, source.shape[0]), rng.integers(0, source.shape[1])
    rows = np.abs((top + np.arange(height) // FINE + source.shape[0]) % (2 * source.shape[0]) - source.shape[0])
    columns = np.abs((left + np.arange(width) // FINE + source.shape[1]) % (2 * source.shape[1]) - source.shape[1])
    return source[np.minimum(rows, source.shape[0] - 1)[:, None], np.minimum(columns, source.shape[1] - 1)]


def _fill(height: int, width: int, sources: list[Array], rng: Rng) -> Array:
    """What a shape is filled with, [height, width, 3]."""
    kind = rng.random()
    if kind < 0.4:
        return np.broadcast_to(_colour(rng), (height, width, 3))
    if kind < 0.6:
        across, down = np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32)[:, None]
        share = (across if rng.random() < 0.5 else down)[..., None] * np.ones((height, width, 1), np.float32)
        return _colour(rng) * (1 - share) + _colour(rng) * share
    if kind < 0.75:
        return _surface(height, width, rng)
    return _cutting(height, width, sources, rng)


def _grain(height: int, width: int, rng: Rng) -> Array:
    """Noise of several sizes around 0, [height, width, 1]: the unevenness of paint, skin, stone."""
    total, strength, decay = np.zeros((height, width), np.float32), rng.uniform(0.005, 0.05), rng.uniform(0.5, 1.0)
    for octave in range(int(rng.integers(1, 5))):
        cell = FINE * 2**octave
        noise = rng.normal(0, strength, (height // cell + 2, width // cell + 2)).astype(np.float32)
        total += np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))
        strength /= decay
    return total[..., None]


def _shape(side: int, rng: Rng) -> Image.Image:
    """A mask of one shape, [side, side], without grey levels."""
    mask = Image.new("L", (side, side))
    pen, kind, middle = ImageDraw.Draw(mask), rng.random(), side / 2
    if kind < 0.25:
        half = middle * rng.uniform(0.3, 1, 2)
        pen.ellipse((*(middle - half), *(middle + half)), fill=255)
        if rng.random() < 0.3:
            half = half * rng.uniform(0.4, 0.9)
            pen.ellipse((*(middle - half), *(middle + half)), fill=0)
        return mask
    if kind < 0.5:  # a bar, from hairline to square
        angle, half = rng.uniform(0, np.pi), np.array([middle * 0.95, middle * rng.uniform(0.01, 0.8) + 1])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        if rng.random() < 0.5:
            angle = rng.choice([0, np.pi / 2])
    elif kind < 0.85:
        count = int(rng.integers(3, 9))
        angles = 2 * np.pi * (np.arange(count) + rng.uniform(-0.3, 0.3, count)) / count
        corners = np.stack([np.cos(angles), np.sin(angles)], 1) * (middle * rng.uniform(0.3, 1, (count, 1)))
        angle = rng.uniform(0, 2 * np.pi)
    else:
        return _lettering(side, rng)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pen.polygon([tuple(p) for p in (corners @ turn + middle).tolist()], fill=255)
    return mask


def _word(rng: Rng) -> str:
    letters = string.ascii_letters + string.digits + "&%!?-+."
    return "".join(letters[i] for i in rng.integers(0, len(letters), int(rng.integers(1, 9))))


def _lettering(side: int, rng: Rng) -> Image.Image:
    """Lines of letters, turned at times, as a mask [side, side]."""
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    height = float(np.exp(rng.uniform(np.log(10), np.log(max(side / 2, 14)))))
    font, y = ImageFont.load_default(height), float(rng.uniform(-0.3, 0.5) * height)
    while y < side:
        line = " ".join(_word(rng) for _ in range(1 + int(3 * side / (height * 8))))
        pen.text((float(rng.uniform(-0.2, 0.3) * height), y), line, fill=255, font=font)
        y += height * rng.uniform(1.0, 1.6)
    return mask.rotate(rng.uniform(-40, 40) if rng.random() < 0.4 else 0, Image.Resampling.BILINEAR)


def _lay(canvas: Array, mask: Image.Image, top: int, left: int, sources: list[Array], rng: Rng) -> None:
    """Fill the shape and lay it over the canvas, its corner at ``top`` and ``left``, which may lie outside."""
    height, width = canvas.shape[:2]
    y, x = max(top, 0), max(left, 0)
    bottom, right = min(top + mask.height, height), min(left + mask.width, width)
    if bottom <= y or right <= x:
        return
    if rng.random() < 0.5:  # few edges in pictures are as sharp as pixels can show
        mask = mask.filter(ImageFilter.GaussianBlur(float(rng.exponential(1.0)) * FINE))
    cover = np.asarray(mask, np.float32)[y - top : bottom - top, x - left : right - left, None] / 255
    fill = _fill(bottom - y, right - x, sources, rng)
    if rng.random() < 0.15:  # what is seen through
        cover = cover * np.float32(rng.uniform(0.2, 0.9))
    if rng.random() < 0.4:
        fill = fill + _grain(*fill.shape[:2], rng)
    part = canvas[y:bottom, x:right]
    part += (fill - part) * cover


def _leaves(sources: list[Array], rng: Rng) -> Array:
    fine = SIZE * FINE
    canvas = _fill(fine, fine, sources, rng).astype(np.float32).copy()
    largest = rng.uniform(0.2, 0.8)
    for _ in range(int(rng.integers(30, 160))):
        # Sides fall off with the square, not with the cube, so that large shapes hide what lies below them.
        side = int(1 / rng.uniform(1 / (largest * fine), 1 / 12))
        top, left = rng.integers(-side // 2, fine - side // 2, 2)
        _lay(canvas, _shape(max(side, 6), rng), int(top), int(left), sources, rng)
    return canvas


def _page(sources: list[Array], rng: Rng) -> Array:
    """Print on a label: letters on a plain or busy ground, with a few shapes."""
    fine = SIZE * FINE
    canvas = _fill(fine, fine, sources, rng).astype(np.float32).copy()
    for _ in range(int(rng.integers(1, 5))):
        side = int(fine * rng.uniform(0.3, 1.2))
        top, left = (int(v) for v in rng.uniform(-0.2 * fine, 0.6 * fine, 2))
        _lay(canvas, _lettering(side, rng) if rng.random() < 0.8 else _shape(side, rng), top, left, sources, rng)
    return canvas


def draw_picture(sources: list[Array], rng: Rng) -> npt.NDArray[np.uint8]:
    """One picture, uint8 [3, S, S]; ``sources`` float32 [H, W, 3] in 0..1 are pictures to cut from."""
    kind, fine = rng.random(), SIZE * FINE
    if kind < LEAVES:
        canvas = _leaves(sources, rng)
    elif kind < LEAVES + LETTERS:
        canvas = _page(sources, rng)
    elif kind < LEAVES + LETTERS + SURFACES:
        canvas = _surface(fine, fine, rng) if rng.random() < 0.8 else _srgb(backdrop(fine, rng))
    else:
        source = sources[rng.integers(len(sources))]
        # Sources have been compressed or carry noise: smaller, they are sharp and clean.
        image = Image.fromarray((source * 255 + 0.5).astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BOX)
        return np.asarray(image).transpose(2, 0, 1)
    small = canvas.reshape(SIZE, FINE, SIZE, FINE, 3).mean((1, 3))
    return (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1)


def textures(root: Path, split: str) -> list[Array]:
    """The textures of one split's meshes, float32 [H, W, 3] in 0..1, each once."""
    found: dict[bytes, Array] = {}
    for name in training_names(root, split):
        with np.load(root / "meshes" / name) as data:
            if "texture" in data.files:
                file = data["texture"].tobytes()
                found.setdefault(file, np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), np.float32) / 255)
    return list(found.values())


def main() -> int:
    """``python bootstrap.py training.upscale_pictures --meshes DIR --photos DIR --out DIR --seed N --count N``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True, help="unpacked train_meshes.tar")
    parser.add_argument("--photos", type=Path, required=True, help="shards of training.photos of the same split")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000, help="pictures a shard")
    parser.add_argument("--shards", type=int, default=1, help="those that exist already are left alone")
    parser.add_argument("--split", default="train")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    own, photos = textures(args.meshes, args.split), Shards(args.photos)
    for seed in range(args.seed, args.seed + args.shards):
        path, rng, start = args.out / f"sharp-{seed:04d}.npz", np.random.default_rng(seed), time.time()
        if path.exists():
            continue
        views = photos.draw(4 * len(own), rng)["rgb"].astype(np.float32).transpose(0, 2, 3, 1) / 255
        sources = [*own, *own, *views]
        pictures = [draw_picture(sources, rng) for _ in range(args.count)]
        with path.with_suffix(".part").open("wb") as file:
            np.savez(file, rgb=np.stack(pictures))
        path.with_suffix(".part").replace(path)
        print(f"{path.name}: {args.count} pictures, {time.time() - start:.0f} s", flush=True)
    return 0

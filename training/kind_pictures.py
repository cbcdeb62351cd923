"""Drawn pictures of every kind, for measuring how well kinds are told apart."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..contracts import Pixels

__all__ = ["DRAWN", "draw_kind"]

Colour = tuple[int, int, int]
Places = list[tuple[float, float]]
_FINE = 3
_WORDS = ("Nova", "orbit", "K&L", "fern", "Atlas 9", "MOTO", "studio", "Ri", "bean", "86")


def draw_kind(kind: str, rng: np.random.Generator) -> Pixels:
    """Draw a random picture of a kind named in `DRAWN`: uint8 [H, W, 4]; a third went through JPEG."""
    pixels = DRAWN[kind](rng)
    if rng.random() < 0.33 and pixels[:, :, 3].min() == 255:
        stream = io.BytesIO()
        Image.fromarray(pixels[:, :, :3]).save(stream, "JPEG", quality=int(rng.integers(60, 95)))
        pixels = np.asarray(Image.open(stream).convert("RGBA"))
    return pixels


def _canvas(rng: np.random.Generator, paper: Colour | None) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """An empty picture at three times its size; transparent without paper."""
    size = int(rng.choice([256, 400, 640, 1024]))
    shape = (size * _FINE, int(size * rng.uniform(0.7, 1.0)) * _FINE)
    image = Image.new("RGBA", shape, (0, 0, 0, 0) if paper is None else (*paper, 255))
    return image, ImageDraw.Draw(image), min(shape)


def _finished(image: Image.Image) -> Pixels:
    size = (image.width // _FINE, image.height // _FINE)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def _colour(rng: np.random.Generator) -> Colour:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _blob(
    rng: np.random.Generator, x: float, y: float, radius: float, rough: float = 0.25, corners: int = 90
) -> Places:
    """A wobbly closed outline."""
    angle = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    wave = sum(rng.normal(0, rough / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 6))
    reach = radius * np.maximum(1 + wave, 0.25)
    return list(zip((x + reach * np.cos(angle)).tolist(), (y + reach * np.sin(angle)).tolist(), strict=True))


def _logo(rng: np.random.Generator) -> Pixels:
    paper: Colour | None = [(255, 255, 255), (255, 255, 255), (0, 0, 0), _colour(rng), None][int(rng.integers(5))]
    image, draw, side = _canvas(rng, paper)
    width, height = image.size
    inks = [_colour(rng) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.3:
        inks = [(0, 0, 0)]
    if paper is not None:
        # A logo that can hardly be told from its paper is not what is asked here.
        inks = [ink for ink in inks if max(abs(a - b) for a, b in zip(ink, paper, strict=True)) > 90]
        inks = inks or [(0, 0, 0) if sum(paper) > 380 else (255, 255, 255)]
    x, y, reach = width / 2, height * 0.42, side * rng.uniform(0.2, 0.36)
    shape = int(rng.integers(5))
    if shape == 0:
        draw.ellipse([x - reach, y - reach, x + reach, y + reach], outline=inks[0], width=int(reach * 0.3))
        draw.rectangle([x - reach * 0.3, y - reach * 0.3, x + reach * 0.3, y + reach * 0.3], fill=inks[-1])
    elif shape == 1:
        n = int(rng.integers(5, 9))
        star = [(x + reach * r * math.cos(k * math.pi / n), y + reach * r * math.sin(k * math.pi / n))
                for k in range(2 * n) for r in [1.0 if k % 2 else 0.45]]  # fmt: skip
        draw.polygon(star, fill=inks[0])
    elif shape == 2:
        for k in range(3):
            left = x - reach + k * reach * 0.7
            draw.rectangle(
                [left, y - reach * (0.4 + 0.3 * k), left + reach * 0.5, y + reach * 0.6], fill=inks[k % len(inks)]
            )
    elif shape == 3:
        draw.polygon(_blob(rng, x, y, reach), fill=inks[0])
        draw.polygon(_blob(rng, x, y, reach * 0.4), fill=inks[-1] if len(inks) > 1 else (paper or (0, 0, 0, 0)))
    if shape == 4 or rng.random() < 0.5:
        font = ImageFont.load_default(int(side * (0.3 if shape == 4 else 0.15)))
        draw.text(
            (width * 0.5, height * 0.82 if shape < 4 else y), str(rng.choice(_WORDS)), inks[-1], font, anchor="mm"
        )
    return _finished(image)


def _strokes(draw: ImageDraw.ImageDraw, places: Places, width: int, ink: Colour, rng: np.random.Generator) -> None:
    """An outline drawn by hand, with a gap now and then."""
    gap = int(rng.integers(0, 4)) if rng.random() < 0.6 else 0
    draw.line(places[gap:] + ([] if gap else places[:2]), fill=ink, width=width, joint="curve")


def _sketch(rng: np.random.Generator) -> Pixels:
    tint = int(rng.integers(225, 256))
    image, draw, side = _canvas(rng, (tint, tint - int(rng.integers(0, 5)), tint - int(rng.integers(0, 12))))
    width, height = image.size
    level = int(rng.integers(0, 110))
    ink = (level, level, min(level + int(rng.integers(0, 25)), 255))
    pen = max(int(side * rng.uniform(0.004, 0.012)), _FINE)
    _strokes(draw, _blob(rng, width / 2, height / 2, side * 0.36), pen, ink, rng)
    for _ in range(int(rng.integers(2, 9))):
        x, y = width / 2 + side * rng.uniform(-0.2, 0.2), height / 2 + side * rng.uniform(-0.2, 0.2)
        _strokes(draw, _blob(rng, x, y, side * rng.uniform(0.02, 0.15)), pen, ink, rng)
    if rng.random() < 0.4:
        slope = rng.uniform(-1, 1)
        for k in range(int(rng.integers(6, 20))):
            x, y = width / 2 + k * pen * 3, height / 2
            draw.line([(x, y), (x + side * 0.1 * slope, y + side * 0.1)], fill=ink, width=max(pen // 2, 1))
    pixels = _finished(image).copy()
    noise = rng.normal(0, rng.choice([0.0, 2.0, 5.0]), pixels.shape[:2])
    pixels[:, :, :3] = np.clip(pixels[:, :, :3] + noise[:, :, None], 0, 255)
    return pixels


def _illustration(rng: np.random.Generator) -> Pixels:
    image, draw, side = _canvas(rng, None if rng.random() < 0.3 else _colour(rng))
    width, height = image.size
    if image.getpixel((0, 0)) != (0, 0, 0, 0) and rng.random() < 0.5:
        for k in range(4):
            draw.polygon(_blob(rng, width * k / 3, height, side * rng.uniform(0.3, 0.6)), fill=_colour(rng))
    outline = bool(rng.random() < 0.6)
    pen = max(int(side * 0.008), _FINE)
    for _ in range(int(rng.integers(7, 20))):
        x, y = width / 2 + side * rng.uniform(-0.25, 0.25), height / 2 + side * rng.uniform(-0.3, 0.3)
        radius, base = side * rng.uniform(0.05, 0.22), _colour(rng)
        shape = _blob(rng, x, y, radius, 0.12)
        draw.polygon(shape, fill=base)
        shade = tuple(int(0.75 * c) for c in base)
        draw.polygon(
            [(0.6 * px + 0.4 * (x + radius * 0.4), 0.6 * py + 0.4 * (y + radius * 0.4)) for px, py in shape], shade
        )
        if outline:
            draw.line([*shape, *shape[:2]], fill=(25, 20, 30), width=pen)
    pixels = _finished(image).copy()
    if rng.random() < 0.4:
        soft = np.linspace(1.0, rng.uniform(0.6, 0.9), len(pixels))[:, None, None]
        pixels[:, :, :3] = np.rint(pixels[:, :, :3] * soft)
    return pixels


def _relief(rng: np.random.Generator) -> Pixels:
    height, width = int(rng.integers(200, 700)), int(rng.integers(200, 700))
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    field = np.zeros((height, width))
    roughness = rng.uniform(0.35, 0.5)
    for octave in range(int(rng.integers(3, 6))):
        for _ in range(4):
            turn, phase, wave = rng.uniform(0, 6.3), rng.uniform(0, 6.3), 3 * 2**octave * rng.uniform(0.6, 1.4)
            field += roughness**octave * np.sin(wave * (x * math.cos(turn) + y * math.sin(turn)) * 2 + phase)
    field = (field - field.min()) / np.ptp(field)
    level = np.rint(255 * field ** rng.uniform(0.7, 1.6)).astype(np.uint8)
    return np.dstack([level, level, level, np.full_like(level, 255)])


def _floor_plan(rng: np.random.Generator) -> Pixels:
    level = int(rng.integers(215, 256))
    image, draw, side = _canvas(rng, (level, level, level))
    width, height = image.size
    dark = int(rng.integers(0, 70))
    ink = (dark, dark, dark)
    outer, inner = int(side * rng.uniform(0.016, 0.035)), int(side * rng.uniform(0.008, 0.014))
    line = max(int(side * 0.003), _FINE)
    box = [int(width * 0.08), int(height * 0.08), int(width * 0.92), int(height * 0.92)]
    draw.rectangle(box, outline=ink, width=outer)
    _rooms(draw, rng, box, inner, line, ink, (level, level, level))
    for _ in range(int(rng.integers(2, 5))):
        x = int(rng.integers(box[0] + outer, box[2] - outer - side // 6))
        at = int(rng.choice([box[1], box[3] - outer]))
        draw.rectangle([x, at, x + side // 7, at + outer], fill=(level, level, level), outline=ink, width=line)
        draw.line([(x, at + outer // 2), (x + side // 7, at + outer // 2)], fill=ink, width=line)
    if rng.random() < 0.35:
        turn = float(rng.uniform(-40, 40))
        image = image.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=(level, level, level, 255))
    pixels = _finished(image).copy()
    noise = rng.normal(0, rng.choice([0.0, 3.0, 6.0]), pixels.shape[:2])
    pixels[:, :, :3] = np.clip(pixels[:, :, :3] + noise[:, :, None], 0, 255)
    return pixels


def _rooms(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    box: list[int],
    wall: int,
    line: int,
    ink: Colour,
    paper: Colour,
) -> None:
    """Part a box in two by a wall with a door, again and again; name the rooms."""
    left, top, right, bottom = box
    long = max(right - left, bottom - top)
    if long < 26 * wall or rng.random() < 0.08:
        if rng.random() < 0.7:
            font = ImageFont.load_default(max(wall * 1.6, 14))
            draw.text(((left + right) / 2, (top + bottom) / 2), str(rng.choice(_WORDS)), ink, font, anchor="mm")
        return
    share, door = rng.uniform(0.35, 0.65), 7 * wall
    if right - left > bottom - top:
        at = int(left + share * (right - left))
        draw.rectangle([at, top, at + wall, bottom], fill=ink)
        gap = int(rng.uniform(top + 3 * wall, max(bottom - door - 3 * wall, top + 3 * wall + 1)))
        draw.rectangle([at, gap, at + wall, gap + door], fill=paper)
        draw.arc([at - door, gap - door, at + door, gap + door], 0, 90, fill=ink, width=line)
        parts = [[left, top, at, bottom], [at + wall, top, right, bottom]]
    else:
        at = int(top + share * (bottom - top))
        draw.rectangle([left, at, right, at + wall], fill=ink)
        gap = int(rng.uniform(left + 3 * wall, max(right - door - 3 * wall, left + 3 * wall + 1)))
        draw.rectangle([gap, at, gap + door, at + wall], fill=paper)
        draw.arc([gap - door, at - door, gap + door, at + door], 0, 90, fill=ink, width=line)
        parts = [[left, top, right, at], [left, at + wall, right, bottom]]
    for part in parts:
        _rooms(draw, rng, part, wall, line, ink, paper)


DRAWN: dict[str, Callable[[np.random.Generator], Pixels]] = {
    "illustration": _illustration,
    "sketch": _sketch,
    "logo": _logo,
    "relief": _relief,
    "floor_plan": _floor_plan,
}
"""How each kind is drawn."""

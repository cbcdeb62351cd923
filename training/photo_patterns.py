"""What stands behind and below the subject of a training photograph: backdrops, patterns of floors and walls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

__all__ = ["backdrop", "floor_pattern", "random_colour"]

Array = npt.NDArray[np.float32]
Rng = np.random.Generator


def random_colour(rng: Rng, saturation: float = 1.0) -> Array:
    """A linear colour [3] of any brightness; ``saturation`` 0 is grey."""
    value, hue = rng.uniform(0.02, 0.95), rng.uniform(0, 1, 3)
    strength = saturation * rng.random() ** 1.5
    colour = value * (1 - strength + strength * hue / hue.max())
    return colour.astype(np.float32)


def _enlarge(values: Array, size: int, method: Image.Resampling = Image.Resampling.BICUBIC) -> Array:
    """[h, w, C] to [size, size, C]."""
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(values[..., c])).resize((size, size), method))
        for c in range(values.shape[2])
    ]
    return np.stack(planes, -1)


def _clouds(size: int, channels: int, rng: Rng) -> Array:
    """Fractal noise in about 0..1, [size, size, channels]."""
    total, norm, amplitude = np.zeros((size, size, channels), np.float32), 0.0, 1.0
    cells, decay = int(rng.integers(2, 9)), rng.uniform(0.4, 0.75)
    while cells < size // 2 and amplitude > 0.06:
        total += amplitude * _enlarge(rng.random((cells, cells, channels), np.float32), size)
        norm, amplitude, cells = norm + amplitude, amplitude * decay, cells * 2
    return (total / norm - 0.5) * np.float32(rng.uniform(1, 2)) + 0.5


def _collage(size: int, rng: Rng) -> Array:
    """Boxes, discs and bars of random colours, in places with clouds: shelves, windows, furniture out of focus."""
    saturation = rng.uniform(0, 1)
    canvas = Image.new("RGB", (size, size), tuple((random_colour(rng, saturation) * 255).astype(int).tolist()))
    pen = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(3, 30))):
        colour = tuple((random_colour(rng, saturation) * 255).astype(int).tolist())
        x, y = rng.uniform(-0.2, 1, 2) * size
        w, h = np.exp(rng.uniform(np.log(0.02), np.log(0.8), 2)) * size
        kind = rng.integers(4)
        if kind < 2:
            pen.rectangle((x, y, x + w, y + h), fill=colour)
        elif kind == 2:
            pen.ellipse((x, y, x + w, y + h), fill=colour)
        else:
            step = max(3.0, rng.uniform(0.02, 0.12) * size)
            for k in range(int(rng.integers(3, 14))):
                pen.rectangle((x + k * step, y, x + k * step + step * 0.4, y + h), fill=colour)
    picture = np.asarray(canvas, np.float32) / 255
    share = np.float32(rng.uniform(0, 0.6))
    return picture * (1 - share + share * 2 * _clouds(size, 1, rng))


def _landscape(size: int, rng: Rng) -> Array:
    """Bands of colour below a sky, their borders ragged, with clouds of detail."""
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    picture = random_colour(rng) * (1 - rows) + random_colour(rng) * rows + np.zeros((1, size, 1), np.float32)
    detail = _clouds(size, 3, rng)
    level = rng.uniform(0.1, 0.5)
    for _ in range(int(rng.integers(1, 5))):
        ragged = level + rng.uniform(0, 0.15) * (_clouds(size, 1, rng)[0, :, 0] - 0.5)
        below = rows[..., 0] > ragged[None]
        picture[below] = (random_colour(rng) * (0.4 + 1.2 * detail))[below]
        level += rng.uniform(0.03, 0.3)
    return picture


def backdrop(size: int, rng: Rng, plain: float = 0.2) -> Array:
    """A background picture, linear [size, size, 3]; ``plain`` is the share of those with hardly anything to see."""
    if rng.random() < plain:
        first = random_colour(rng, rng.choice([0.2, 1.0]))
        second = first * rng.uniform(0.5, 1.4) if rng.random() < 0.6 else first
        angle = rng.uniform(0, 2 * np.pi)
        line = np.linspace(0, 1, size, dtype=np.float32)
        ramp = np.clip(0.5 + (line - 0.5)[None] * np.cos(angle) + (line - 0.5)[:, None] * np.sin(angle), 0, 1)
        picture = first * (1 - ramp[..., None]) + second * ramp[..., None]
        if rng.random() < 0.4:  # a spot of light on the backdrop
            x, y, wide = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.8)
            glow = np.exp(-((line - x)[None] ** 2 + (line - y)[:, None] ** 2) / wide**2)
            picture = picture * (1 + rng.uniform(-0.5, 1.0) * glow[..., None])
        return picture.astype(np.float32)
    kind = rng.integers(4)
    if kind == 0:
        picture = _clouds(size, 3, rng) * (0.3 + 0.9 * random_colour(rng))
    elif kind == 1:
        picture = _landscape(size, rng)
    else:
        picture = _collage(size, rng)
    sigma = np.exp(rng.uniform(np.log(0.4), np.log(0.04 * size)))
    blurred = ndimage.gaussian_filter(picture, (sigma, sigma, 0))
    gain = float(np.exp(rng.normal(0, 0.9)))  # windows blown out, rooms in the dark
    return np.clip(blurred * gain, 0, 3).astype(np.float32)


def _lattice(at: Array, rng: Rng, octaves: int = 3) -> Array:
    """Value noise in 0..1 at points [N, 2], one cell per unit."""
    table, total, norm, amplitude = rng.random((32, 32), np.float32), np.zeros(len(at), np.float32), 0.0, 1.0
    for octave in range(octaves):
        total += amplitude * ndimage.map_coordinates(
            table, at.T * 2.0**octave + 5.7 * octave, order=1, mode="grid-wrap", output=np.float32
        )
        norm, amplitude = norm + amplitude, amplitude * 0.6
    return total / norm


def _planks(at: Array, rng: Rng) -> Array:
    """Boards side by side, each of its own tone, with grain along them and joints between."""
    length = rng.uniform(3, 8)
    row = np.floor(at[:, 0])
    board = np.floor(at[:, 1] / length + row * 0.37)
    tone = rng.random((64, 64), np.float32)[row.astype(int) % 64, board.astype(int) % 64]
    grain = _lattice(np.stack([at[:, 0] * 6 + tone * 9, at[:, 1] * 0.6], 1), rng)
    joint = (at[:, 0] - row < 0.04) | ((at[:, 1] / length + row * 0.37) - board < 0.02)
    return np.clip(0.35 + 0.4 * tone * rng.uniform(0.2, 1) + 0.5 * (grain - 0.5), 0, 1) * np.where(joint, 0.3, 1)


def _tiles(at: Array, rng: Rng) -> Array:
    """Square tiles with joints, in one tone, in many, or in two like a chess board."""
    cell = np.floor(at)
    kind, wide = rng.integers(3), rng.uniform(0.0, 0.08)
    tone = np.full(len(at), 0.7, np.float32)
    if kind == 1:
        tone = rng.random((64, 64), np.float32)[cell[:, 0].astype(int) % 64, cell[:, 1].astype(int) % 64]
    elif kind == 2:
        tone = (cell.sum(1) % 2).astype(np.float32)
    inside = ((at - cell) > wide).all(1)
    return np.where(inside, tone, rng.uniform(0, 1))


def _cloth(at: Array, rng: Rng) -> Array:
    """Threads over and under, on soft folds."""
    weave = 0.5 + 0.25 * np.sin(at[:, 0] * 25) + 0.25 * np.sin(at[:, 1] * 25)
    folds = _lattice(at * 0.5, rng, 2)
    return 0.3 * weave + 0.7 * folds


def _stripes(at: Array, rng: Rng) -> Array:
    bend = _lattice(at * 0.4, rng, 2) * rng.uniform(0, 2)
    return (0.5 + 0.5 * np.clip(np.sin(at[:, 0] * 3 + bend) * rng.uniform(1, 6), -1, 1)).astype(np.float32)


def _speckles(at: Array, rng: Rng) -> Array:
    """Terrazzo, gravel, pile of a carpet."""
    cell = np.floor(at * 3).astype(int)
    return rng.random((128, 128), np.float32)[cell[:, 0] % 128, cell[:, 1] % 128] ** rng.uniform(0.5, 4)


def floor_pattern(at: Array, footprint: Array, base: Array, rng: Rng) -> Array:
    """Linear colours [N, 3] of a floor or a wall.

    Parameters
    ----------
    at : Array
        float32 [N, 2], coordinates on the plane.
    footprint : Array
        float32 [N], what a pixel covers there, in the same unit: patterns fade where they are too fine to be seen.
    base : Array
        float32 [3], the main colour.
    rng : Rng
        Decides the pattern; four in ten are plain or nearly so.
    """
    colour = np.broadcast_to(base, (len(at), 3)).astype(np.float32)
    choice = rng.random()
    if choice < 0.3:
        return colour
    cell = float(np.exp(rng.uniform(np.log(0.04), np.log(0.6))))
    angle = rng.uniform(0, np.pi)
    turned = at @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    if choice < 0.5:
        value, strength = _lattice(turned / cell, rng, 4), rng.uniform(0.02, 0.3)
    else:
        make = [_planks, _planks, _tiles, _cloth, _stripes, _speckles][rng.integers(6)]
        value, strength = make(turned / cell, rng), float(rng.uniform(0.1, 1.0))
    visible = np.clip(1.4 - footprint / (0.5 * cell), 0, 1)[:, None]
    other = base * rng.uniform(0.2, 0.8) if rng.random() < 0.7 else random_colour(rng)
    share = strength * value[:, None]
    return (colour * (1 - share * visible) + other * share * visible).astype(np.float32)

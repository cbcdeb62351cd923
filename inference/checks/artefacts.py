"""What software has left in a picture: blocks of JPEG, bars, lines of text."""

from __future__ import annotations

import numpy as np

from ...contracts import Float, Mask
from .finding import Finding
from .scene import Scene, luma

__all__ = ["bar_rows", "bar_share", "blockiness", "check_artefacts"]

_BLOCKS_FAIR, _BLOCKS = 1.0, 2.0
"""Steps across the borders of 8 x 8 blocks beyond those between their neighbours, of 255."""
_CHANCE = 1.0
"""Standard errors of a mean step that are put down to chance."""
_SHORT = 4
"""Columns with fewer pixels of the subject say nothing of what is chance."""
_SHADES = 2.0
"""Rows of a bar stay within this standard deviation, of 255."""
_STEP, _WIDE = 12.0, 0.6
"""A bar ends in a step of so many of 255 along this share of the picture's width."""
_BAR = 0.02
_LONGEST_BAR = 0.45


def check_artefacts(scene: Scene) -> Finding:
    """The worst of bars and blocks."""
    values = luma(scene.pixels)
    bars = bar_share(values) if scene.found is not None else 0.0
    blocks = blockiness(values, scene.mask)
    if bars >= _BAR:
        text = "Bars run along the picture's edges: crop them away."
        return Finding("Artefacts", "poor", round(bars, 3), "share of bars", text, "crop")
    if blocks >= _BLOCKS:
        text = "The picture is compressed so hard that blocks show: use the original file."
        return Finding("Artefacts", "poor", round(blocks, 2), "levels", text)
    if blocks >= _BLOCKS_FAIR:
        text = "The picture is strongly compressed: use the original file where you have it."
        return Finding("Artefacts", "fair", round(blocks, 2), "levels", text)
    return Finding("Artefacts", "good", round(blocks, 2), "levels", "No traces of compression or bars")


def blockiness(values: Float, subject: Mask) -> float:
    """How much steeper a subject [H, W] is across the borders of some 8 x 8 grid than beside them, in a picture's luma,
    float32 [H, W] in 0..255.

    For each of the eight places the grid may have, the mean excess of the step over those on either side of it; the
    largest less the second largest, so that texture, which is steep everywhere, says nothing. A plain background has no
    blocks however hard it is compressed, and does not count.
    """
    both = [_excess(values, subject), _excess(values.T, subject.T)]
    return float(np.mean(both))


def _excess(values: Float, subject: Mask) -> float:
    if values.shape[1] < 24:
        return 0.0
    step = np.abs(np.diff(values, axis=1))
    beyond = np.maximum(step[:, 1:-1] - np.maximum(step[:, :-2], step[:, 2:]), 0)
    # All four pixels that are compared are the subject's.
    inside = subject[:, :-3] & subject[:, 1:-2] & subject[:, 2:-1] & subject[:, 3:]
    counts, sums = inside.sum(0), np.where(inside, beyond, 0).sum(0)
    means = np.sort([sums[place::8].sum() / max(counts[place::8].sum(), 1) for place in range(8)])
    # In a small subject the means differ by chance.
    long = counts >= max(_SHORT, 0.1 * counts.max())
    if not long.any():
        return 0.0
    chance = _CHANCE * (sums[long] / counts[long]).std() / np.sqrt(np.count_nonzero(long) / 8)
    return float(max(means[-1] - means[-2] - chance, 0.0))


def bar_share(values: Float) -> float:
    """The share of a picture's height, or width, that two bars at opposite sides take; 0 without both."""
    return max(sum(bar_rows(values)) / len(values), sum(bar_rows(values.T)) / values.shape[1])


def bar_rows(values: Float) -> tuple[int, int]:
    """How many rows of luma [H, W] two bars take at the top and at the bottom; 0 and 0 without both."""
    first, last = _bar(values), _bar(values[::-1])
    return (first, last) if first and last else (0, 0)


def _bar(values: Float) -> int:
    """Rows of one shade at the top that end in a step all along; 0 without."""
    limit = int(_LONGEST_BAR * len(values))
    plain = (values[:limit].std(axis=1) < _SHADES) & (np.abs(values[:limit].mean(axis=1) - values[0].mean()) < _SHADES)
    size = int(plain.argmin()) if not plain.all() else 0
    if not size:
        return 0
    # A resampled bar ends over two rows.
    after = values[min(size + 1, len(values) - 1)]
    return size if float((np.abs(after - values[size - 1]) > _STEP).mean()) >= _WIDE else 0

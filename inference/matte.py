"""Separating a subject from its background by colour, edges and position: no network, a few tenths of a second.

The picture is segmented at a small size, where every pixel gets log odds of being the subject: how hard an edge must be
crossed to reach it from the border (`barrier_distance`), how far it is from the background continued underneath it, in
the light or in the shade (`background_density`), how it fits mixtures of both sides' colours, and how central it lies.
Neighbours of like colour pull each other along (mean field of a contrast-sensitive Potts model). Background and
mixtures are then learnt anew from the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..contracts import Float, Mask, Pixels
from .colour_model import background_density, fit_mixture, log_colour, to_lab
from .grid import barrier_distance, box_mean, fill_across, fill_missing, label_pieces

__all__ = ["SEGMENT_SIZE", "segment"]

SEGMENT_SIZE = 160
"""Longest side at which the picture is segmented, in pixels."""

ROUNDS = 4
BORDER = 0.02
"""Width of the frame taken for background, in longest sides."""
UNLIKE = 18.0
"""Lab distance from which two colours are no longer shades of one background."""
MOST_CUT_OFF = 0.8
SUBJECT_DENSITY = 0.035
"""Density of a subject's pixel in the space of `background_density`: anything is as likely."""
GAUSSIANS = 8
SMOOTHNESS = 2.0
PIECE_SHARE = 0.1
PIECE_CENTRALITY = 0.8
SHADOW_OUTLINE = 0.5
"""A patch that looks like shaded floor is one if this share of its outline borders on the background."""
HOLE_SHARE = 0.001
OPENING_SHARE = 0.003
"""An enclosed patch this large that looks just like the background is one seen through the subject, as in a handle."""


@dataclass(frozen=True)
class _Scene:
    """What does not change between rounds; all [H, W, ...]."""

    lab: Float
    log: Float
    points: Float
    border: Mask
    prior: Float
    barrier: Float
    links: tuple[tuple[int, int, Float], ...]


def segment(rgb: Pixels) -> Float:
    """Probability of belonging to the subject.

    Parameters
    ----------
    rgb : Pixels
        uint8 [H, W, 3], sRGB.

    Returns
    -------
    Float
        float32 [h, w] with the longest side at most `SEGMENT_SIZE`, 0 to 1; all zero where nothing stands out.
    """
    image = Image.fromarray(rgb)
    scale = min(1.0, SEGMENT_SIZE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scene = _survey(np.asarray(image.resize(size, Image.Resampling.BOX)))
    ground = scene.border | (scene.barrier < -2.0)
    subject = scene.barrier + scene.prior > 0
    probability = np.zeros(ground.shape, np.float32)
    odds_shaded = odds_lit = probability
    through = shade = np.zeros_like(ground)
    for turn in range(ROUNDS):
        odds_shaded, odds_lit = _background_odds(scene, ground)
        if turn == 0:
            # Only now is the background surely background: later it may have learnt parts of the subject.
            through = box_mean((odds_lit < odds_lit.min() + 2).astype(np.float32), 1) > 0.5
            shade = box_mean((odds_shaded < 0).astype(np.float32), 1) > 0.5
        odds = 0.7 * np.clip(odds_shaded, -5.0, 5.0) + scene.barrier + scene.prior
        if subject.any():
            odds = odds + 0.3 * np.clip(_mixture_odds(scene, ground, subject), -6.0, 6.0)
        odds = np.where(scene.border, np.minimum(odds, 0.0) - 3.0, odds)
        probability = _smooth(odds, scene.links)
        subject = probability > 0.5
        ground = probability < 0.2
        ground[0] = True
        ground[-1] |= scene.border[-1]
        ground[:, [0, -1]] = True
    kept = _drop_shadows(subject, shade)
    kept = _fill_holes(_main_pieces(kept), odds_lit) & ~_large_pieces(kept & through, OPENING_SHARE)
    return np.where(kept, np.maximum(probability, 0.5 + 0.5 * (kept & ~subject)), 0.0).astype(np.float32)


def _survey(rgb: Pixels) -> _Scene:
    height, width = rgb.shape[:2]
    lab, log = to_lab(rgb), log_colour(rgb)
    y = np.broadcast_to(np.linspace(-1, 1, height, dtype=np.float32)[:, None], (height, width))
    x = np.broadcast_to(np.linspace(-1, 1, width, dtype=np.float32), (height, width))
    rim = max(2, round(BORDER * max(height, width)))
    border = np.ones((height, width), bool)
    border[rim:-rim, rim:-rim] = False
    border[-rim:, _cut_off(lab, rim)] = False
    # Lightness counts half: shadows are edges in lightness only.
    distance = barrier_distance(box_mean(lab * np.array([0.5, 1, 1], np.float32), 1), border)
    # In a picture of weak contrast a weaker edge means as much.
    threshold = np.clip(0.25 * np.percentile(distance, 95), 2.5, 8.0)
    barrier = np.clip(2.2 * np.log((distance + 0.3) / threshold), -5.0, 3.0)
    prior = 0.3 * np.clip(1.5 - 1.8 * ((x / 0.8) ** 2 + (y / 0.85) ** 2), -4.0, 1.0)
    points = np.concatenate([lab / 10, 3 * y[..., None], 1.5 * x[..., None]], axis=-1)
    return _Scene(lab, log, points, border, prior, barrier, _links(lab))


def _cut_off(lab: Float, rim: int) -> Mask:
    """Columns, bool [W], where the subject seems to run out of the picture at the bottom, as in a bust.

    Its colours there are found nowhere along the other three sides.
    """
    bottom = lab[-rim:].mean(0)
    others = np.concatenate([lab[:rim].mean(0), lab[:, :rim].mean(1), lab[:, -rim:].mean(1)])
    nearest = np.square(bottom[:, None] - others).sum(-1).min(1)
    foreign = nearest > UNLIKE**2
    return foreign if foreign.mean() < MOST_CUT_OFF else np.zeros_like(foreign)


def _background_odds(scene: _Scene, ground: Mask) -> tuple[Float, Float]:
    """Log odds against the background continued under each pixel, with and without shade: [H, W] each."""
    around = fill_missing(scene.log, ground.astype(np.float32))
    around = box_mean(box_mean(around, 3), 3)
    # A floor and a backdrop change at the horizon, which runs across: so continue along the rows as well, with a row's
    # tolerance up and down.
    across = fill_across(box_mean(scene.log, 1), ground)
    rows = [across, np.concatenate([across[:1], across[:-1]]), np.concatenate([across[1:], across[-1:]])]
    densities = [background_density(scene.log - guess, ground) for guess in (around, *rows)]
    lit = np.max([d[0] for d in densities], axis=0)
    shaded = np.max([d[1] for d in densities], axis=0)
    odds = np.log(SUBJECT_DENSITY) - np.log(np.stack([lit + shaded, lit]) + 1e-9)
    return odds[0].astype(np.float32), odds[1].astype(np.float32)


def _mixture_odds(scene: _Scene, ground: Mask, subject: Mask) -> Float:
    """Log odds by colour and place, from mixtures learnt of both sides: [H, W]."""
    flat = scene.points.reshape(-1, scene.points.shape[-1])
    inside = fit_mixture(scene.points[subject], GAUSSIANS, np.array([0.05, 0.05, 0.05, 0.1, 0.1], np.float32))
    outside = fit_mixture(scene.points[ground], GAUSSIANS, np.array([0.05, 0.05, 0.05, 0.05, 0.1], np.float32))
    return (inside.log_density(flat) - outside.log_density(flat)).reshape(subject.shape)


def _links(lab: Float) -> tuple[tuple[int, int, Float], ...]:
    """How strongly each pixel is tied to its neighbour (down, right): strong where the colours are alike."""
    height, width = lab.shape[:2]
    steps = ((0, 1), (1, 0), (1, 1), (1, -1))
    squares: list[Float] = []
    for step in steps:
        first, second = _pair(step, height, width)
        squares.append(np.square(lab[first] - lab[second]).sum(-1))
    usual = np.mean([s.mean() for s in squares]) + 1e-6
    return tuple(
        (*step, (np.exp(-square / (2 * usual)) / np.hypot(*step)).astype(np.float32))
        for step, square in zip(steps, squares, strict=True)
    )


def _pair(step: tuple[int, int], height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index of all pixels that have a neighbour at a step, and of those neighbours."""
    down, right = step
    first = slice(0, height - down), slice(max(0, -right), width - max(0, right))
    second = slice(down, height), slice(max(0, right), width - max(0, -right))
    return first, second


def _smooth(odds: Float, links: tuple[tuple[int, int, Float], ...], rounds: int = 12) -> Float:
    """Probability after neighbours have agreed: mean field of a Potts model."""
    probability = _logistic(odds)
    for _ in range(rounds):
        sign = 2 * probability - 1
        pull = np.zeros_like(odds)
        for down, right, weight in links:
            first, second = _pair((down, right), *odds.shape)
            pull[first] += weight * sign[second]
            pull[second] += weight * sign[first]
        probability = _logistic(odds + SMOOTHNESS * pull)
    return probability


def _logistic(odds: Float) -> Float:
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30)))


def _drop_shadows(subject: Mask, shade: Mask) -> Mask:
    """Take away patches that look like shaded floor and lie at the subject's outside.

    Shaded parts of the subject itself can look the same, but they are mostly surrounded by the rest of it.
    """
    labels, count = label_pieces(subject & shade)
    outline = np.zeros(count + 1)
    outside = np.zeros(count + 1)
    for axis in (0, 1):
        for step in (1, -1):
            own = np.roll(labels, step, axis)
            edge = labels != own
            outline += np.bincount(labels[edge], minlength=count + 1)
            outside += np.bincount(labels[edge & ~np.roll(subject, step, axis)], minlength=count + 1)
    is_shadow = outside > SHADOW_OUTLINE * np.maximum(outline, 1)
    is_shadow[0] = False
    kept = subject & ~is_shadow[labels]
    # A subject that looks like shaded floor all over would vanish: then the likeness means nothing.
    return kept if kept.sum() > 0.5 * subject.sum() else subject


def _main_pieces(mask: Mask) -> Mask:
    """The piece that is largest and most central, and the others that are not much smaller or farther out."""
    labels, count = label_pieces(mask)
    if count < 2:
        return mask
    y = np.linspace(-1, 1, mask.shape[0])[:, None]
    x = np.linspace(-1, 1, mask.shape[1])
    central = np.exp(-1.5 * (x**2 + y**2))
    area = np.bincount(labels.ravel(), minlength=count + 1).astype(float)
    weight = np.bincount(labels.ravel(), central.ravel(), minlength=count + 1)
    weight[0] = 0.0
    main = int(weight.argmax())
    mean = weight / np.maximum(area, 1)
    keep = (area >= PIECE_SHARE * area[main]) & (mean >= PIECE_CENTRALITY * mean[main])
    keep[0], keep[main] = False, True
    return keep[labels]


def _large_pieces(mask: Mask, share: float) -> Mask:
    """The pieces of at least a share of the whole picture."""
    labels, _ = label_pieces(mask)
    large = np.bincount(labels.ravel()) >= share * mask.size
    large[0] = False
    return large[labels]


def _fill_holes(mask: Mask, lit_odds: Float) -> Mask:
    """Fill holes that are tiny, or do not look like the background in its light."""
    labels, count = label_pieces(~mask)
    if count < 2:
        return mask
    area = np.bincount(labels.ravel(), minlength=count + 1)
    odds = np.bincount(labels.ravel(), np.clip(lit_odds, -5, 5).ravel(), minlength=count + 1) / np.maximum(area, 1)
    fill = (area < HOLE_SHARE * mask.size) | (odds > 0)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    fill[rim], fill[0] = False, False
    return mask | fill[labels]

"""Pictures half of which have a shadow with a hard edge on their subject, thrown by something outside the picture.

The pictures are those of `training.light_scene`. A shadow is either laid over the picture or thrown in the scene along
one of its lamps, and takes the same share of the light everywhere; what is left comes from the sky, and is tinted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional

from .buffers import Buffers
from .light_scene import light_picture, view_of
from .shade import Dice, unit

__all__ = ["ShadowPicture", "shadow_picture"]

SHARE = 0.5
"""Of pictures with a shadow."""
LEFT = (0.1, 0.7)
"""Least and largest part of the light that a shadow leaves."""
SEEN = 0.45
"""A shadow that leaves more is not judged: it may be called one or not."""
SHORTEST = 0.35
"""Nor is one with a shorter edge, in roots of the subject's area."""
STEP = 0.35
"""Change of the shadow within three pixels at what counts as its edge."""
SKY = (0.94, 1.0, 1.1)
"""Tint of the light in a shadow, to a random power."""

Shape = Callable[[Tensor, Tensor, Tensor, Generator], Tensor]
"""How deep in the shadow, in half crop sides and negative outside, places [S, S] are whose coordinates, in the same
unit, are given; the third argument, bool [S, S], says which are the subject's."""


@dataclass(frozen=True)
class ShadowPicture:
    """``rgb`` sRGB in 0..1 [B, 3, S, S]; ``edge`` [B, 1, S, S], 1 at a shadow's edge on the subject; ``hard`` [B], 1
    where there is a hard shadow; ``judged`` [B], 0 where it is too faint or its edge too short to say."""

    rgb: Tensor
    edge: Tensor
    hard: Tensor
    judged: Tensor


def _wall(along: Tensor, over: Tensor, inside: Tensor, rng: Generator) -> Tensor:
    """A wall's or a post's: a half plane or a band with bent edges."""
    for waves in (1, 3):
        over = over + rng.uniform(0, 0.06) * torch.sin(waves * math.pi * along / 2 + rng.uniform(0, 6))
    hidden, wall = rng.uniform(0.2, 0.8), rng.random() < 0.6
    first = 0.0 if wall else rng.uniform(0.05, 0.95 - hidden)
    low, high = np.quantile(over[inside].numpy(), [first, first + hidden])
    return high - over if wall else torch.minimum(high - over, over - low)


def _leaves(along: Tensor, over: Tensor, inside: Tensor, rng: Generator) -> Tensor:
    """Blots of many sizes."""
    pitch = rng.uniform(2, 7)
    ways = rng.uniform(0, 2 * math.pi, 4)
    depth = sum(
        torch.sin(pitch * (along * math.cos(way) + over * math.sin(way)) + rng.uniform(0, 6)) for way in ways
    ) + torch.zeros_like(along)
    return (depth - float(np.quantile(depth[inside].numpy(), rng.uniform(0.3, 0.7)))) / (2 * pitch)


def _blind(_along: Tensor, over: Tensor, _inside: Tensor, rng: Generator) -> Tensor:
    """Stripes."""
    pitch = rng.uniform(8, 30)
    return (torch.sin(pitch * over) + rng.uniform(-0.4, 0.4)) / pitch


def _thing(along: Tensor, over: Tensor, inside: Tensor, rng: Generator) -> Tensor:
    """One blot with lobes in the subject's middle."""
    along, over = along - along[inside].median(), over - over[inside].median()
    lobes = torch.sin(torch.atan2(over, along) * rng.integers(2, 7) + rng.uniform(0, 6))
    return rng.uniform(0.16, 0.6) * (1 + rng.uniform(0, 0.5) * lobes) - torch.hypot(along, over)


SHAPES: tuple[tuple[Shape, float], ...] = ((_wall, 0.6), (_leaves, 0.2), (_blind, 0.1), (_thing, 0.1))
"""With how often each is drawn."""


def _shadow(points: Tensor, normals: Tensor, lamp: Tensor, inside: Tensor, rng: Generator) -> Tensor:
    """One shadow on a surface with ``points`` and ``normals`` [3, S, S]: its share of each pixel [S, S]."""
    size = points.shape[-1]
    reached = torch.ones_like(points[0])
    if rng.random() < 0.5:  # laid over the picture
        angle = rng.uniform(0, 2 * math.pi)
        across = (torch.arange(size, device=points.device) + 0.5) / size * 2 - 1
        along = across * math.cos(angle) + across[:, None] * math.sin(angle)
        over = across[:, None] * math.cos(angle) - across * math.sin(angle)
    else:  # thrown along the lamp's light; what faces away has none to lose
        first = torch.linalg.cross(lamp, torch.from_numpy(rng.normal(size=3).astype(np.float32)).to(lamp))
        first = first / first.norm().clamp(min=1e-6)
        along, over = (torch.einsum("c,chw->hw", way, points) for way in (first, torch.linalg.cross(lamp, first)))
        reached = torch.sigmoid(12 * torch.einsum("c,chw->hw", lamp, normals))
    shape = SHAPES[int(rng.choice(len(SHAPES), p=[share for _, share in SHAPES]))][0]
    width = rng.uniform(0.13, 0.6) * 2 / size
    return torch.sigmoid(shape(along, over, inside, rng) / width) * reached


def _edges(shadow: Tensor, mask: Tensor) -> Tensor:
    """1 at the edges of shadows [B, 1, S, S] away from the subject's outline."""
    inside = -functional.max_pool2d(-mask, 5, 1, 2)
    high = functional.max_pool2d(shadow, 3, 1, 1)
    low = -functional.max_pool2d(-shadow, 3, 1, 1)
    return ((high - low) > STEP).float() * inside


def shadow_picture(b: Buffers, rng: Generator) -> ShadowPicture:
    """Pictures of ``b``, each in paint and light of its own, and half of them with a shadow."""
    dice = Dice(rng, len(b.mask), b.mask.device)
    there = dice.chance(SHARE)
    left = torch.exp(dice.uniform(math.log(LEFT[0]), math.log(LEFT[1])))
    tint = torch.tensor(SKY, device=b.mask.device)[None, :, None, None] ** dice.uniform(-0.3, 2)
    points, lamps = view_of(b).points, unit(b.lights[:, 0, :, None, None])[..., 0, 0]
    shadows = [_shadow(points[k], b.normals[k], lamps[k], b.mask[k, 0] > 0, rng) for k in range(len(points))]
    shadow = torch.stack(shadows)[:, None] * there
    # Brighter where there is a shadow, or the darker pictures would be those that have one.
    linear = light_picture(b, rng).rgb ** 2.2 * torch.exp(dice.uniform(0, 0.5) * there)
    rgb = (linear * (1 + shadow * (left * tint - 1))).clamp(0, 1) ** (1 / 2.2)
    edge = _edges(shadow, b.mask)
    # An edge is two pixels wide.
    length = edge.sum((1, 2, 3)) / 2 / b.mask.sum((1, 2, 3)).sqrt().clamp(min=1)
    seen = ((length > SHORTEST) & (left.reshape(-1) < SEEN)).float()
    without = 1 - there.reshape(-1)
    return ShadowPicture(rgb, edge, seen * (1 - without), torch.maximum(seen, without))

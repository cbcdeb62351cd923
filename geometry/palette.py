"""The few colours a subject is made of, and which of them a guessed place has.

Spreading colours mixes them: between red and blue it makes a purple that the subject has nowhere. So the share of each
of the few colours is spread along, and the place takes the colour of the largest share, as bright and as tinted as the
mixture is, within what that colour's own surface shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Indices, Points

__all__ = ["Palette", "find_palette"]

_COLOURS, _SAMPLES, _ROUNDS = 6, 4000, 12
# Luma, and two differences of colour; these count more, since the eye tells hues better than shades.
_OPPONENT = np.array([[0.3, 0.59, 0.11], [0.75, -0.75, 0.0], [0.375, 0.375, -0.75]])
# A colour on less than this part of the seen surface is none of its own: an eye, a button.
_RARE = 0.03
# How far from a colour's mean its own surface goes, in standard deviations, each at least so many of 255. Evenly
# shaded surface that was cut into several colours has their borders 1.73 away, and must not show them as steps.
_WITHIN, _LEAST_SPREAD = 1.5, 4.0
# How fast one colour gives way to the next as its share falls behind.
_STEEPNESS = 20.0


@dataclass(frozen=True)
class Palette:
    """``means`` float64 [K, 3] sRGB of the colours, and ``inverses`` float64 [K, 3, 3] of their covariances."""

    means: Points
    inverses: Points

    def shares(self, colours: Points) -> Points:
        """1 for the colour nearest to each of ``colours`` [N, 3] and 0 for the others: float64 [N, K]."""
        return np.eye(len(self.means))[_nearest(colours @ _OPPONENT.T, self.means @ _OPPONENT.T)]

    def purified(self, colours: Points, shares: Points) -> Points:
        """Mixed ``colours`` [N, 3] moved into the palette's colour of the largest of ``shares`` [N, K]: [N, 3]."""
        weight = np.exp(_STEEPNESS * (shares - shares.max(1, keepdims=True)))
        weight /= weight.sum(1, keepdims=True)
        result = np.zeros_like(colours)
        for k, (mean, inverse) in enumerate(zip(self.means, self.inverses, strict=True)):
            off = colours - mean
            reach = np.sqrt(((off @ inverse) * off).sum(1))
            result += weight[:, k, None] * (mean + off * np.minimum(1, _WITHIN / np.maximum(reach, 1e-9))[:, None])
        return result


def find_palette(colours: Points, weight: Points) -> Palette | None:
    """Find the few colours that ``colours`` [N, 3], which count by ``weight`` [N], are made of.

    By k-means from the starts of k-means++ (Arthur and Vassilvitskii 2007), always with the same random numbers. None
    where nothing weighs anything.
    """
    if not weight.sum() > 0:
        return None
    rng = np.random.default_rng(0)
    samples = colours[rng.choice(len(colours), _SAMPLES, p=weight / weight.sum())]
    points = samples @ _OPPONENT.T
    centres = points.mean(0)[None]
    for _ in range(_COLOURS - 1):
        apart = ((points - centres[_nearest(points, centres)]) ** 2).sum(1)
        if not apart.sum() > 0:
            break
        centres = np.concatenate([centres, points[rng.choice(len(points), p=apart / apart.sum())][None]])
    for _ in range(_ROUNDS):
        owner = _nearest(points, centres)
        members = np.bincount(owner, minlength=len(centres))
        total = np.stack([np.bincount(owner, channel, len(centres)) for channel in points.T], 1)
        kept = members > _RARE * len(points)
        centres = total[kept] / members[kept, None]
    owner = _nearest(points, centres)
    groups = [samples[owner == k] for k in range(len(centres)) if (owner == k).any()]
    spread = _LEAST_SPREAD**2 * np.eye(3)
    covariances = [(group - group.mean(0)).T @ (group - group.mean(0)) / len(group) + spread for group in groups]
    return Palette(np.stack([group.mean(0) for group in groups]), np.linalg.inv(np.stack(covariances)))


def _nearest(points: Points, centres: Points) -> Indices:
    """The centre [K, 3] nearest to each point [N, 3]: int64 [N]."""
    return np.stack([((points - centre) ** 2).sum(1) for centre in centres]).argmin(0)

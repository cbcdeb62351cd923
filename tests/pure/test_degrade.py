"""Pictures made worse in one known way: what the picture check is measured with."""

from __future__ import annotations

import numpy as np
import pytest
from maquette.contracts import Mask, Pixels
from maquette.training.degrade import DEGRADATIONS, STRENGTHS, degrade

SIDE = 160


def disc() -> Mask:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    return np.hypot(x, y) < 0.35 * SIDE


def photo() -> Pixels:
    pixels = np.full((SIDE, SIDE, 4), 255, np.uint8)
    pixels[..., :3] = np.where(disc()[..., None], (180, 90, 60), (210, 205, 200))
    return pixels


@pytest.mark.parametrize("kind", DEGRADATIONS)
@pytest.mark.parametrize("strength", range(STRENGTHS))
def test_every_degradation_gives_a_picture_and_leaves_its_own_alone(kind: str, strength: int) -> None:
    before = photo()
    worse = degrade(before, disc(), kind, strength, np.random.default_rng(strength))
    assert worse.dtype == np.uint8
    assert worse.ndim == 3
    assert worse.shape[2] == 4
    assert not np.array_equal(worse, before)
    assert np.array_equal(before, photo())


@pytest.mark.parametrize("seed", range(6))
def test_a_hard_shadow_takes_its_share_of_light_from_a_third_to_two_thirds_of_the_subject(seed: int) -> None:
    before = photo()
    dark: list[float] = []
    for strength in range(STRENGTHS):
        worse = degrade(before, disc(), "hard shadow", strength, np.random.default_rng(seed))
        left = ((worse[..., 1] / 255.0) ** 2.2 / (before[..., 1] / 255.0) ** 2.2)[disc()]
        lit = left > 0.98
        assert 0.28 < 1 - lit.mean() < 0.72
        # The edge is so narrow that few pixels are neither in light nor in shade.
        assert np.mean(np.abs(left[~lit] - np.median(left[~lit])) > 0.03) < 0.12
        dark.append(float(np.median(left[~lit])))
    assert dark == pytest.approx([0.7, 0.5, 0.35, 0.22, 0.14], abs=0.02)

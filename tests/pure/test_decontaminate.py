"""A cut-out's edge shows the subject's own colour, whatever it stood before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Pixels
from maquette.inference.decontaminate import decontaminate

RED, GREEN = (200, 40, 30), (40, 220, 60)


def disc(side: int, softness: float) -> np.ndarray:
    """Alpha of a disc in 0..1 whose edge is so many pixels wide."""
    y, x = np.mgrid[:side, :side] + 0.5
    return np.clip((0.35 * side - np.hypot(x - side / 2, y - side / 2)) / softness + 0.5, 0, 1)


def mixed(alpha: np.ndarray, subject: np.ndarray | tuple[int, ...], ground: tuple[int, ...] = GREEN) -> Pixels:
    """The subject before the ground, with the matte that mixed them."""
    share = alpha[..., None]
    colours = np.broadcast_to(subject, (*alpha.shape, 3)) * share + np.array(ground) * (1 - share)
    return np.rint(np.concatenate([colours, share * 255], -1)).astype(np.uint8)


@pytest.mark.parametrize(("side", "softness"), [(100, 2), (512, 4), (512, 12), (1400, 16)])
def test_no_colour_of_the_background_is_left_in_the_edge(side: int, softness: float) -> None:
    picture = mixed(disc(side, softness), RED)
    edge = (picture[..., 3] > 25) & (picture[..., 3] < 250)
    before = np.abs(picture[edge, :3] - np.array(RED)).mean()
    after = np.abs(decontaminate(picture)[edge, :3] - np.array(RED)).mean()
    assert before > 50
    assert after < 0.2 * before


def test_the_subjects_own_pattern_runs_on_to_the_edge() -> None:
    alpha = disc(512, 5)
    stripes = np.where((np.arange(512) // 24 % 2)[None, :, None], RED, (230, 200, 40)) * np.ones((512, 1, 1))
    picture = mixed(alpha, stripes)
    edge = (picture[..., 3] > 100) & (picture[..., 3] < 250)
    before = np.abs(picture[edge, :3] - stripes[edge]).mean()
    assert np.abs(decontaminate(picture)[edge, :3] - stripes[edge]).mean() < 0.45 * before


def test_alpha_and_all_that_is_opaque_or_clear_stay() -> None:
    picture = mixed(disc(300, 6), RED)
    result = decontaminate(picture)
    assert np.array_equal(result[..., 3], picture[..., 3])
    same = (picture[..., 3] == 255) | (picture[..., 3] == 0)
    assert np.array_equal(result[same], picture[same])
    assert result is not picture


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_any_picture_is_taken(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    assert decontaminate(picture).shape == picture.shape


def test_tiles_do_not_show() -> None:
    picture = mixed(disc(700, 40), RED)
    shifted = decontaminate(np.pad(picture, ((37, 0), (91, 0), (0, 0)), mode="edge"))[37:, 91:]
    # The windows grow with the picture, a little.
    assert np.abs(shifted[..., :3].astype(int) - decontaminate(picture)[..., :3]).max() <= 12

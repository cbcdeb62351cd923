"""Sampling a field coarse to fine: nothing of the surface is lost, little of the rest is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Float
from maquette.errors import CancelledError
from maquette.geometry.coarsen import coarsen_field
from maquette.geometry.extract import extract_surface
from maquette.geometry.sample_field import grid_points, sample_field

SIZE = 128


def torus(points: Float) -> Float:
    across = np.hypot(points[:, 0], points[:, 1]) - 0.6
    return (0.13 - np.hypot(across, points[:, 2] - 0.1)).astype(np.float32)


def test_the_surface_is_that_of_every_cell_asked_for() -> None:
    asked = 0

    def count(points: Float) -> Float:
        nonlocal asked
        asked += len(points)
        return torus(points)

    found = sample_field(count, SIZE, lambda _: None)
    every = torus(grid_points(np.arange(SIZE**3), SIZE)).reshape((SIZE,) * 3)
    np.testing.assert_array_equal(found > 0, every > 0)
    for mine, all_of_it in zip(extract_surface(found), extract_surface(every), strict=True):
        np.testing.assert_array_equal(mine, all_of_it)
    assert asked < 0.3 * SIZE**3


def test_axes_and_centres() -> None:
    found = sample_field(lambda p: p[:, 0] + 10 * p[:, 1] + 100 * p[:, 2], 64, lambda _: None)
    line = (2 * np.arange(64) + 1) / 64 - 1
    np.testing.assert_allclose(found[3, 50, 20], line[3] + 10 * line[50] + 100 * line[20], rtol=1e-5)


def test_what_the_coarse_grid_only_touches_is_followed_to_its_end() -> None:
    """A rod thinner than a coarse cell, with one end thick enough to be found."""

    def rod(points: Float) -> Float:
        away = np.hypot(points[:, 1] - 0.004, points[:, 2] - 0.004)
        thick = np.where(points[:, 0] < -0.5, 0.1, 0.012)
        return (np.minimum(thick - away, 0.8 - np.abs(points[:, 0]))).astype(np.float32)

    solid = sample_field(rod, SIZE, lambda _: None) > 0
    line = (2 * np.arange(SIZE) + 1) / SIZE - 1
    assert (solid.any((1, 2)) == (np.abs(line) < 0.8)).all()


@given(seed=st.integers(0, 10_000), size=st.sampled_from([64, 96]), level=st.floats(-0.8, 0.8))
@settings(max_examples=3, deadline=None)
def test_noise_comes_out_closed(seed: int, size: int, level: float) -> None:
    waves = np.random.default_rng(seed).normal(0, 14, (3, 5)).astype(np.float32)
    field = sample_field(lambda p: np.sin(p @ waves).sum(1) + np.float32(level), size, lambda _: None)
    vertices, faces = extract_surface(field)
    body = trimesh.Trimesh(vertices, faces, process=False)
    assert body.is_watertight and body.is_winding_consistent


def test_it_tells_how_far_it_is_and_can_be_stopped() -> None:
    told: list[float] = []

    def tick(share: float) -> None:
        told.append(share)
        if len(told) == 4:
            raise CancelledError("Stopped; nothing was made.")

    with pytest.raises(CancelledError):
        sample_field(torus, 256, tick)
    assert told == sorted(told) and told[0] >= 0 and told[-1] < 1


def test_a_smooth_field_stays_and_a_rough_one_is_averaged_until_it_fits() -> None:
    smooth = sample_field(torus, 64, lambda _: None)
    assert coarsen_field(smooth, 50_000) is smooth
    rough = np.random.default_rng(0).normal(0.1, 1, (64, 64, 64)).astype(np.float32)
    for most in (200_000, 20_000):
        coarse = coarsen_field(rough, most)
        assert len(extract_surface(coarse)[1]) <= most
    assert len(coarse) < 64


def test_averaging_never_leaves_nothing() -> None:
    dust = np.full((64, 64, 64), -3, np.float32)
    dust[::2, ::2, ::2] = 1
    assert (coarsen_field(dust, 1000) > 0).any()

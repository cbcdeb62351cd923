"""The camera that a point map was taken with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.inference.pointmap import recover_camera

N = 96
LINE = (np.arange(N) + 0.5) / N * 2 - 1
X, Y = np.meshgrid(LINE, LINE)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.8, 8.0), st.floats(-3, 30), st.floats(0.01, 100), st.integers(0, 1000))
def test_focal_length_and_shift_come_back(focal: float, shift: float, unit: float, seed: int) -> None:
    """A bumpy thing before a wall, with one point in a hundred somewhere else."""
    rng = np.random.default_rng(seed)
    z = np.where(X**2 + Y**2 < 0.5, 2 + 0.3 * np.cos(5 * X + seed) * np.sin(4 * Y), 2.8)
    points = np.stack([X * z / focal, Y * z / focal, z - shift], -1) * unit
    points += rng.normal(0, 0.002 * unit, points.shape)
    found, offset = recover_camera(points.astype(np.float32), np.ones((N, N), bool))
    assert found == pytest.approx(focal, rel=0.05)
    assert offset == pytest.approx(shift * unit, abs=0.15 * unit)


def test_only_points_within_the_mask_count() -> None:
    z = 3 + 0.5 * X
    points = np.stack([X * z / 2, Y * z / 2, z], -1).astype(np.float32)
    points[:, :40] = 1e4
    focal, shift = recover_camera(points, np.broadcast_to(np.arange(N) >= 40, (N, N)))
    assert focal == pytest.approx(2, rel=0.01)
    assert shift == pytest.approx(0, abs=0.03)

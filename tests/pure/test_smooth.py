"""Smoothing takes noise away and leaves size and place alone."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from maquette.errors import MeshError
from maquette.geometry.smooth import taubin


def test_a_noisy_ball_gets_rounder_and_keeps_its_volume() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    noise = 0.02 * np.random.default_rng(0).normal(size=(len(ball.vertices), 1))
    rough = np.float32(ball.vertices * (1 + noise))
    smooth = taubin(rough, np.int32(ball.faces), 12)
    assert np.linalg.norm(smooth, axis=1).std() < 0.5 * np.linalg.norm(rough, axis=1).std()
    np.testing.assert_allclose(trimesh.Trimesh(smooth, ball.faces).volume, ball.volume, rtol=0.02)


def test_unused_vertices_and_zero_steps_change_nothing() -> None:
    box = trimesh.creation.box()
    vertices = np.float32(np.concatenate([box.vertices, [[9, 9, 9]]]))
    np.testing.assert_array_equal(taubin(vertices, np.int32(box.faces), 3)[-1], [9, 9, 9])
    np.testing.assert_array_equal(taubin(vertices, np.int32(box.faces), 0), vertices)


def test_what_is_no_mesh_is_refused() -> None:
    with pytest.raises(MeshError):
        taubin(np.float32([[0, 0, np.nan]]), np.int32([[0, 0, 0]]), 1)

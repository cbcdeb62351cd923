"""Quads: as many as fit, sound ones, and the surface unchanged."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.geometry.quads import pair_triangles


def split(faces: np.ndarray) -> np.ndarray:
    quads = faces[faces[:, 3] >= 0]
    return np.concatenate([faces[faces[:, 3] < 0, :3], quads[:, :3], quads[:, [0, 2, 3]]])


def test_a_grid_of_triangle_pairs_becomes_a_grid_of_squares() -> None:
    n = 12
    index = np.arange(n * n).reshape(n, n)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    vertices = np.float32(np.stack([x, y, 0 * x], -1).reshape(-1, 3))
    quads = pair_triangles(vertices, np.int32(faces), 1)
    assert len(quads) == (n - 1) ** 2
    corner = vertices[quads]
    np.testing.assert_allclose(np.linalg.norm(np.roll(corner, -1, 1) - corner, axis=2), 1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.55, 1.0))
def test_the_surface_stays_closed_and_the_count_is_met_where_it_can_be(seed: int, share: float) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    rng = np.random.default_rng(seed)
    vertices = np.float32(ball.vertices * (1 + 0.05 * rng.normal(size=(len(ball.vertices), 1))))
    target = int(len(ball.faces) * share)
    faces = pair_triangles(vertices, np.int32(ball.faces), target)
    again = trimesh.Trimesh(vertices, split(faces), process=False)
    assert again.is_watertight and again.is_winding_consistent
    assert len(again.faces) == len(ball.faces)
    assert len(faces) >= target
    np.testing.assert_allclose(again.volume, trimesh.Trimesh(vertices, ball.faces).volume, rtol=0.02)


def test_most_triangles_of_a_round_body_pair_up() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    faces = pair_triangles(np.float32(ball.vertices), np.int32(ball.faces), 1)
    assert (faces[:, 3] >= 0).mean() > 0.9


@pytest.mark.parametrize("target", [12, 100])
def test_nothing_is_joined_when_enough_faces_are_asked_for(target: int) -> None:
    box = trimesh.creation.box()
    faces = pair_triangles(np.float32(box.vertices), np.int32(box.faces), target)
    assert len(faces) == 12 and (faces[:, 3] == -1).all()


def test_a_box_never_folds_a_quad_over_its_edge() -> None:
    box = trimesh.creation.box()
    faces = pair_triangles(np.float32(box.vertices), np.int32(box.faces), 1)
    assert len(faces) == 6 and (faces[:, 3] >= 0).all()

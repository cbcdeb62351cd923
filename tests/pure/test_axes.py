"""The frames of `contracts`: what the camera sees comes back where it was."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from maquette.contracts import Camera
from maquette.geometry.axes import place, project, unproject, view_to_object

unit = st.floats(-1, 1, width=32)


@given(u=unit, v=unit, y=st.floats(-0.875, 3, width=32), distance=st.floats(2, 20))
def test_projection_undoes_unprojection(u: float, v: float, y: float, distance: float) -> None:
    camera = Camera(0.3, distance)
    point = unproject(np.float32([u]), np.float32([v]), np.float32([y]), camera)
    back = project(point, camera)
    np.testing.assert_allclose(np.ravel(back), [u, v, y], atol=2e-5)


def test_the_crop_spans_its_plane() -> None:
    camera = Camera(0.0, 4.0)
    corner = unproject(np.float32([1]), np.float32([1]), np.float32([0]), camera)
    np.testing.assert_allclose(corner, [[1, 0, 1]])
    assert camera.field_of_view == 2 * np.arctan(0.25)


@given(elevation=st.floats(-1, 1.2))
def test_upright_undoes_the_looking_down(elevation: float) -> None:
    """An upright pole seen from above leans towards the camera in the view frame, and must not in the object frame."""
    pole = np.float32([[0, -np.sin(elevation), np.cos(elevation)]])
    np.testing.assert_allclose(view_to_object(pole, elevation), [[0, 0, 1]], atol=1e-6)


@given(elevation=st.floats(-1, 1.2))
def test_turning_keeps_lengths_and_hands(elevation: float) -> None:
    turned = view_to_object(np.eye(3, dtype=np.float32), elevation)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(turned) > 0


def test_placed_on_the_ground_at_the_height_asked_for() -> None:
    box = np.float32([[1, 2, 3], [2, 5, 5]])
    placed = place(box, 4.0)
    np.testing.assert_allclose(placed.min(0)[2], 0)
    np.testing.assert_allclose(np.ptp(placed, 0), [2, 6, 4], rtol=1e-6)
    np.testing.assert_allclose(placed[:, :2].mean(0), 0, atol=1e-6)


def test_a_flat_thing_keeps_to_its_longest_side() -> None:
    coin = np.float32([[-1, -1, 0], [1, 1, 0.05]])
    np.testing.assert_allclose(np.ptp(place(coin, 0.5), 0).max(), 0.5, rtol=1e-6)

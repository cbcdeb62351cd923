"""The rasteriser: every pixel centre belongs to exactly one of the triangles that tile the plane around it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.raster import barycentric, covered_pixels, face_map, undo_perspective

SEEDS = st.integers(0, 2**32 - 1)


def jittered_grid(rng: np.random.Generator, cells: int, size: float) -> np.ndarray:
    """Triangles [T, 3, 2] that tile the square 0..size without gap or overlap."""
    steps = np.linspace(0, size, cells + 1)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x, y], -1)
    points[1:-1, 1:-1] += rng.uniform(-0.2, 0.2, points[1:-1, 1:-1].shape) * size / cells
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    halves = np.stack([a, b, c], 2).reshape(-1, 3, 2), np.stack([a, c, d], 2).reshape(-1, 3, 2)
    return np.concatenate(halves)


@given(SEEDS, st.integers(1, 40), st.integers(1, 70))
@settings(max_examples=60, deadline=None)
def test_tiles_cover_each_pixel_exactly_once(seed: int, cells: int, size: int) -> None:
    triangles = jittered_grid(np.random.default_rng(seed), cells, size)
    assert (face_map(triangles, (size, size)) >= 0).all()
    assert covered_pixels(triangles, (size, size)).sum() == size * size


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_corners_on_pixel_centres_leave_no_gap(seed: int) -> None:
    """The hard case: corners and edges run exactly through centres."""
    rng = np.random.default_rng(seed)
    middle = rng.integers(2, 14, 2) + 0.5
    ring = np.array([[0, 0], [8, 0], [16, 0], [16, 8], [16, 16], [8, 16], [0, 16], [0, 8]], np.float64)
    fan = np.stack([np.broadcast_to(middle, ring.shape), ring, np.roll(ring, -1, axis=0)], 1)
    assert covered_pixels(fan, (16, 16)).sum() == 256
    assert (face_map(fan, (16, 16)) >= 0).all()


def rasterize(corners: np.ndarray, size: tuple[int, int], depth: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """The triangle at each pixel centre, and the weights of its corners, zero where there is none."""
    index = face_map(corners, size, depth)
    weights = np.zeros((*index.shape, 3), np.float32)
    rows, columns = np.nonzero(index >= 0)
    weights[rows, columns] = barycentric(corners, index[rows, columns], columns + 0.5, rows + 0.5)
    return index, weights


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_agrees_with_the_definition(seed: int) -> None:
    """Against the plain test of each pixel centre with each triangle, nearest depth first."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-6, 30, (12, 3, 2))
    depth = rng.uniform(1, 2, (12, 3))
    index, weights = rasterize(corners, (20, 24), depth)
    x, y = np.meshgrid(np.arange(24) + 0.5, np.arange(20) + 0.5)
    nearest, expected = np.full((20, 24), np.inf), np.full((20, 24), -1)
    for t, (a, b, c) in enumerate(corners):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        second = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        third = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        z = (1 - second - third) * depth[t, 0] + second * depth[t, 1] + third * depth[t, 2]
        closer = (second >= 0) & (third >= 0) & (second + third <= 1) & (z < nearest)
        nearest[closer], expected[closer] = z[closer], t
    assert np.array_equal(index, expected)
    shown = index >= 0
    found = (weights[shown] * depth[index[shown]]).sum(1)
    assert np.allclose(found, nearest[shown], atol=1e-3)


def test_weights_bring_back_the_pixel_centre() -> None:
    triangles = jittered_grid(np.random.default_rng(0), 7, 50)
    index, weights = rasterize(triangles, (50, 50))
    place = (weights[..., None] * triangles[index]).sum(2)
    rows, columns = np.indices(index.shape)
    assert np.abs(place - np.stack([columns + 0.5, rows + 0.5], -1)).max() < 1e-3
    assert weights.min() >= 0
    assert np.allclose(weights.sum(-1), 1, atol=1e-6)


def test_nearest_wins_whatever_the_order() -> None:
    square = np.array([[[0, 0], [9, 0], [0, 9]]], np.float64)
    corners = np.repeat(square, 5, axis=0)
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]):
        depth = np.repeat(np.array(order, np.float64)[:, None], 3, axis=1)
        index = face_map(corners, (9, 9), depth)
        assert set(np.unique(index)) == {-1, order.index(0)}


def test_large_triangles_are_worked_through_in_pieces() -> None:
    """One triangle of more pixels than are handled at once, many rows beyond the picture."""
    corners = np.array([[[-1e6, -1e6], [1e7, 0], [0, 1e7]], [[0, 0], [2048, 0], [0, 2048]]], np.float64)
    index = face_map(corners, (2048, 2048), np.array([[2.0] * 3, [1.0] * 3]))
    assert set(np.unique(index)) == {0, 1}
    assert abs(np.mean(index == 1) - 0.5) < 1e-3


def test_degenerate_and_outside_triangles_cover_nothing() -> None:
    corners = np.array(
        [
            [[3, 3], [3, 3], [3, 3]],
            [[0, 2.5], [9, 2.5], [4, 2.5]],
            [[0, 0], [4, 4], [8, 8]],
            [[-9, -9], [-1, -9], [-9, -1]],
            [[20, 1], [30, 1], [20, 9]],
            [[2.6, 2.6], [2.9, 2.6], [2.6, 2.9]],
        ],
        np.float64,
    )
    assert (face_map(corners, (10, 10), np.ones((6, 3))) == -1).all()
    assert covered_pixels(corners, (10, 10)).sum() == 0
    assert (face_map(np.zeros((0, 3, 2)), (4, 4)) == -1).all()


def test_perspective_is_undone() -> None:
    """Points of a slanted triangle, seen through a pinhole: the weights on its surface come back."""
    points = np.array([[-1.0, 0.5, 2.0], [2.0, 1.0, 5.0], [0.5, -2.0, 9.0]])
    true = np.random.default_rng(0).dirichlet([1, 1, 1], 50)
    seen = true @ points
    place = seen[:, :2] / seen[:, 2:]
    corners = (points[:, :2] / points[:, 2:])[None]
    in_picture = barycentric(corners, np.zeros(50, np.int32), place[:, 0], place[:, 1])
    on_surface, distance = undo_perspective(in_picture, np.repeat(1 / points[None, :, 2], 50, axis=0))
    assert np.allclose(on_surface, true, atol=1e-4)
    assert np.allclose(distance, seen[:, 2], rtol=1e-4)


def test_points_outside_get_the_weights_of_the_border() -> None:
    triangle = np.array([[[0, 0], [4, 0], [0, 4]]], np.float64)
    weights = barycentric(triangle, np.zeros(2, np.int32), np.array([-3.0, 9.0]), np.array([1.0, -2.0]))
    assert (weights >= 0).all()
    assert np.allclose(weights.sum(1), 1)


def test_not_finite_is_refused() -> None:
    corners = np.zeros((1, 3, 2))
    corners[0, 1, 0] = np.nan
    with pytest.raises(MeshError):
        face_map(corners, (4, 4))

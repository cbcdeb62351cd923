"""The nearest point of a surface, against trimesh and against comparing with every triangle."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.nearest import NearestSurface, distance_between, surface_samples


def wavy_sphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    sphere = trimesh.creation.icosphere(subdivisions=subdivisions)
    points = np.asarray(sphere.vertices)
    return points + 0.1 * np.sin(5 * points[:, [1, 2, 0]]), np.asarray(sphere.faces, np.int64)


def by_trimesh(points: np.ndarray, triangles: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The distance to every triangle, the least of them; scaled up, as trimesh takes small triangles for flat."""
    corners, queries = 1e4 * points[triangles], 1e4 * queries
    least = np.full(len(queries), np.inf)
    for corner in corners:
        nearest = trimesh.triangles.closest_point(np.repeat(corner[None], len(queries), axis=0), queries)
        least = np.fmin(least, np.linalg.norm(nearest - queries, axis=1))
    return least / 1e4


def named_point(points: np.ndarray, triangles: np.ndarray, triangle: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (points[triangles[triangle]] * weights[:, :, None]).sum(axis=1)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), spread=st.sampled_from([0.01, 0.3, 3.0]))
def test_distances_to_random_triangles(seed: int, n: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-1, 1, (n, 1, 3))
    sizes = spread * 10.0 ** rng.uniform(-2, 0, (n, 1, 1))
    points = (centres + sizes * rng.normal(size=(n, 3, 3))).reshape(-1, 3)
    triangles = np.arange(3 * n).reshape(-1, 3)
    queries = np.concatenate([rng.uniform(-1, 1, (50, 3)), points[:20], 100 * rng.normal(size=(5, 3))])
    distance, triangle, weights = NearestSurface(points, triangles).find(queries)
    reached = named_point(points, triangles, triangle, weights)
    assert (weights >= -1e-12).all()
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.allclose(np.linalg.norm(reached - queries, axis=1), distance, atol=1e-9)
    assert np.allclose(distance, by_trimesh(points, triangles, queries), atol=1e-7)


@settings(deadline=None, max_examples=60)
@given(corners=st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=3, max_size=12), seed=st.integers(0, 99))
def test_flat_triangles_count_as_lines_and_points(corners: list[tuple[int, int, int]], seed: int) -> None:
    points = np.array(corners, float)
    triangles = np.random.default_rng(seed).integers(0, len(points), (6, 3))
    queries = np.random.default_rng(seed).uniform(-1, 3, (20, 3))
    distance, triangle, weights = NearestSurface(points, triangles).find(queries)
    share = np.linspace(0, 1, 41)
    v, w = (grid.ravel() for grid in np.meshgrid(share, share))
    v, w = v[v + w <= 1], w[v + w <= 1]
    mix = np.stack([1 - v - w, v, w], axis=1)
    dense = (points[triangles][:, None] * mix[None, :, :, None]).sum(axis=2).reshape(-1, 3)
    sampled = np.linalg.norm(queries[:, None] - dense, axis=2).min(axis=1)
    reached = named_point(points, triangles, triangle, weights)
    assert np.allclose(np.linalg.norm(reached - queries, axis=1), distance, atol=1e-9)
    assert (distance <= sampled + 1e-9).all()
    assert (distance >= sampled - 0.1).all()


def test_a_surface_of_many_triangles() -> None:
    points, triangles = wavy_sphere(4)
    rng = np.random.default_rng(1)
    near = points[triangles].mean(axis=1)[::7] + rng.normal(scale=1e-3, size=(len(triangles[::7]), 3))
    queries = np.concatenate([near, rng.uniform(-3, 3, (500, 3)), points[::50], np.zeros((1, 3))])
    distance, _, _ = NearestSurface(points, triangles).find(queries)
    expected = trimesh.proximity.closest_point(trimesh.Trimesh(points, triangles, process=False), queries)[1]
    assert np.allclose(distance, expected, atol=1e-6)


def test_a_few_large_triangles_among_many_small_ones() -> None:
    points, triangles = wavy_sphere(3)
    floor = np.array([[-50, -50, -1.5], [50, -50, -1.5], [50, 50, -1.5], [-50, 50, -1.5]])
    joined = np.concatenate([triangles, np.array([[0, 1, 2], [0, 2, 3]]) + len(points)])
    surface = NearestSurface(np.concatenate([points, floor]), joined)
    distance, triangle, _ = surface.find(np.array([[30.0, 20.0, 2.5], [0.0, 0.0, -1.5], [0.0, 0.0, 9.0]]))
    assert distance[:2] == pytest.approx([4.0, 0.0])
    assert (triangle[:2] >= len(triangles)).all()
    assert triangle[2] < len(triangles)


def test_the_limit_hides_what_is_beyond_it() -> None:
    points, triangles = wavy_sphere(3)
    queries = np.random.default_rng(2).uniform(-2, 2, (2000, 3))
    surface = NearestSurface(points, triangles)
    distance, triangle, weights = surface.find(queries)
    limited, some, shares = surface.find(queries, limit=0.3)
    within = distance <= 0.3
    assert 100 < within.sum() < 1900
    assert np.array_equal(limited[within], distance[within])
    assert np.array_equal(np.isinf(limited), ~within)
    assert np.array_equal(some, np.where(within, triangle, -1))
    assert not shares[~within].any()
    assert np.array_equal(shares[within], weights[within])


def test_far_from_the_origin() -> None:
    points, triangles = wavy_sphere(2)
    queries = np.random.default_rng(3).uniform(-2, 2, (100, 3))
    near, _, _ = NearestSurface(points, triangles).find(queries)
    far, _, _ = NearestSurface(points + 1e7, triangles).find(queries + 1e7)
    assert np.allclose(near, far, atol=1e-7)


def test_no_queries_and_no_triangles() -> None:
    points, triangles = wavy_sphere(0)
    distance, triangle, weights = NearestSurface(points, triangles).find(np.zeros((0, 3)))
    assert (distance.shape, triangle.shape, weights.shape) == ((0,), (0,), (0, 3))
    with pytest.raises(MeshError):
        NearestSurface(points, triangles[:0])


def test_samples_are_spread_by_area() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 5], [3, 0, 5], [0, 1, 5]], float)
    triangles = np.array([[0, 1, 2], [3, 4, 5], [0, 0, 4]])
    samples, triangle = surface_samples(points, triangles, 8000, np.random.default_rng(0))
    assert np.bincount(triangle, minlength=3) / 8000 == pytest.approx([0.25, 0.75, 0.0], abs=0.02)
    distance, _, _ = NearestSurface(points, triangles).find(samples)
    assert distance.max() < 1e-12
    assert samples[triangle == 0].mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 0], abs=0.02)


def test_distance_between_surfaces() -> None:
    points, triangles = wavy_sphere(3)
    surface = NearestSurface(points, triangles)
    mean, largest = distance_between(points, triangles, surface)
    assert largest < 1e-9
    spike = points.copy()
    spike[0] *= 2
    mean, largest = distance_between(spike, triangles, surface)
    assert largest == pytest.approx(surface.find(spike[:1])[0][0])
    assert largest > 0.9
    assert 0 < mean < 0.02 * largest

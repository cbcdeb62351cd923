"""Smoothing takes noise away and leaves size and shape."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from maquette.errors import MeshError
from maquette.geometry.extract import extract_surface
from maquette.geometry.repair.polygons import source
from maquette.geometry.self_intersections import crossing_faces
from maquette.geometry.smooth import relax_crossings, smooth_apart, smooth_points, taubin
from scipy.ndimage import gaussian_filter


def noisy_ball() -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(4)
    noise = np.random.default_rng(0).normal(scale=0.01, size=(len(mesh.vertices), 1))
    return (mesh.vertices * (1 + noise)).astype(np.float32), mesh.faces.astype(np.int32)


def test_noise_goes_and_the_volume_stays() -> None:
    vertices, faces = noisy_ball()
    smooth = taubin(vertices, faces, 10)
    before, after = (np.linalg.norm(points, axis=1) for points in (vertices, smooth))
    assert after.std() < 0.4 * before.std()
    assert trimesh.Trimesh(smooth, faces).volume == pytest.approx(trimesh.Trimesh(vertices, faces).volume, rel=0.005)
    assert smooth.dtype == np.float32


def test_no_steps_change_nothing_and_the_arrays_given_stay() -> None:
    vertices, faces = noisy_ball()
    before = vertices.copy()
    assert np.array_equal(taubin(vertices, faces, 0), before)
    taubin(vertices, faces, 3)
    assert np.array_equal(vertices, before)


def test_it_does_not_matter_where_the_mesh_is() -> None:
    vertices, faces = noisy_ball()
    assert np.allclose(taubin(vertices + np.float32(2), faces, 5) - 2, taubin(vertices, faces, 5), atol=1e-5)


def test_quads_are_smoothed_along_their_sides_only() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 1], [0, 1, 0], [5, 5, 5]], np.float32)
    smooth = taubin(vertices, np.array([[0, 1, 2, 3]], np.int32), 1)
    half = vertices[:4] + 0.5 * (
        (np.roll(vertices[:4], 1, axis=0) + np.roll(vertices[:4], -1, axis=0)) / 2 - vertices[:4]
    )
    expected = half - 0.53 * ((np.roll(half, 1, axis=0) + np.roll(half, -1, axis=0)) / 2 - half)
    assert np.allclose(smooth[:4], expected, atol=1e-6)
    assert smooth[4].tolist() == [5, 5, 5]


def test_a_triangle_among_quads() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    both = [taubin(vertices, np.array(faces, np.int32), 2) for faces in ([[0, 1, 2]], [[0, 1, 2, -1]])]
    assert np.array_equal(*both)


def test_bad_meshes_are_refused() -> None:
    vertices, faces = noisy_ball()
    with pytest.raises(MeshError, match="does not exist"):
        taubin(vertices[:-1], faces, 1)


def test_fixed_points_stay_and_faces_may_have_any_number_of_corners() -> None:
    points = np.random.default_rng(1).normal(size=(8, 3))
    mesh = source(points, [0, 1, 2, 3, 4, 4, 3, 5, 6, 7, 0, 4, 7], [0, 5, 9, 13])
    fixed = np.arange(8) % 3 == 0
    smooth = smooth_points(points, mesh.edges, 4, fixed=fixed)
    assert (smooth[fixed] == points[fixed]).all()
    assert (smooth[~fixed] != points[~fixed]).all()
    gentle = smooth_points(points, mesh.edges, 4, 0.1, fixed)
    assert np.abs(gentle - points).max() < np.abs(smooth - points).max()


def test_what_smoothing_would_make_cross_stays_as_it_was() -> None:
    rng = np.random.default_rng(1)
    height = 8 + 10.4 * gaussian_filter(rng.normal(size=(32, 32)), 1.5)
    field = 0.5 - np.abs(np.arange(24)[:, None, None] - height) + rng.normal(0, 0.15, (24, 32, 32))
    for axis in range(3):
        np.moveaxis(field, axis, 0)[[0, 1, -2, -1]] = -1
    vertices, faces = extract_surface(field.astype(np.float32))
    assert crossing_faces(taubin(vertices, faces, 12), faces).any()  # so thin a sheet runs through itself
    apart = smooth_apart(vertices, faces, 12)
    assert not crossing_faces(apart, faces).any()
    moved = np.linalg.norm(apart - vertices, axis=1) > 0
    assert moved.mean() > 0.9


def test_a_corner_pushed_through_a_wall_comes_back() -> None:
    ball = trimesh.creation.icosphere(3)
    points, faces = ball.vertices.copy(), ball.faces.astype(np.int64)
    tip = int(np.argmax(points[:, 2]))
    points[tip] *= -1.2  # from the top through the floor
    assert crossing_faces(points, faces).any()
    free = np.zeros(len(points), bool)
    relaxed = relax_crossings(points, faces, free)
    assert np.count_nonzero(crossing_faces(relaxed, faces)) < np.count_nonzero(crossing_faces(points, faces))
    assert np.array_equal(relax_crossings(points, faces, ~free), points)
    assert relax_crossings(ball.vertices, faces, free) is ball.vertices

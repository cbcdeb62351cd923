"""The extracted surface is closed, manifold and outward whatever the field, and lies where the field changes sign."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.cube_cases import case_table
from maquette.geometry.extract import extract_surface
from maquette.geometry.self_intersections import crossing_faces


def has_one_ring_per_vertex(faces: np.ndarray) -> bool:
    """Walk around every vertex, face by face, and see whether one closed walk meets all its faces."""
    following: dict[int, dict[int, int]] = defaultdict(dict)
    for face in faces.tolist():
        for i in range(3):
            vertex, a, b = face[i], face[(i + 1) % 3], face[(i + 2) % 3]
            if a in following[vertex]:
                return False
            following[vertex][a] = b
    for ring in following.values():
        start = next(iter(ring))
        steps, at = 1, ring[start]
        while at != start and at in ring:
            at = ring[at]
            steps += 1
        if at != start or steps != len(ring):
            return False
    return True


def assert_sound(vertices: np.ndarray, faces: np.ndarray) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert mesh.area_faces.min() > 0
    assert has_one_ring_per_vertex(faces)
    assert len(np.unique(faces)) == len(vertices)
    return mesh


def ball(shape: tuple[int, int, int], radius: float) -> np.ndarray:
    grid = np.indices(shape).astype(np.float32)
    middle = (np.array(shape, np.float32) - 1) / 2
    return radius - np.linalg.norm(grid - middle[:, None, None, None], axis=0)


@given(
    shape=st.tuples(*[st.integers(1, 7)] * 3),
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0.0, 1.0),
    zeros=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_noise_gives_a_sound_surface(shape: tuple[int, int, int], seed: int, share: float, zeros: bool) -> None:
    rng = np.random.default_rng(seed)
    field = rng.normal(size=shape).astype(np.float32) * np.float32(10.0) ** rng.integers(-30, 30, shape)
    field = np.where(rng.random(shape) < share, np.abs(field), -np.abs(field)).astype(np.float32)
    if zeros:
        field[rng.random(shape) < 0.3] = 0.0
    field.flat[rng.integers(field.size)] = 1.0
    vertices, faces = extract_surface(field)
    assert vertices.dtype == np.float32
    assert faces.dtype == np.int32
    assert_sound(vertices, faces)


@pytest.mark.parametrize("seed", range(3))
def test_noise_does_not_cross_itself(seed: int) -> None:
    field = np.random.default_rng(seed).normal(size=(14, 14, 14)).astype(np.float32)
    vertices, faces = extract_surface(field)
    assert not crossing_faces(vertices, faces).any()


def test_every_case_of_a_cube_is_met_by_noise() -> None:
    field = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    solid = np.pad(field > 0, 1)
    cells = sum(
        solid[a : a + 21, b : b + 21, c : c + 21].astype(int) << (4 * a + 2 * b + c)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
    )
    assert len(np.unique(cells)) == 256
    vertices, faces = extract_surface(field)
    assert len(faces) == case_table()[0][cells].sum()
    assert_sound(vertices, faces)


def test_ball_has_its_radius_and_volume() -> None:
    vertices, faces = extract_surface(ball((40, 44, 48), 15.0))
    radii = np.linalg.norm(vertices - np.array([19.5, 21.5, 23.5]), axis=1)
    assert np.abs(radii - 15.0).max() < 0.05
    assert assert_sound(vertices, faces).volume == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.01)


def test_a_plane_lies_at_the_linear_crossing() -> None:
    field = np.broadcast_to(np.array([3.0, 1.0, -3.0, -7.0], np.float32)[:, None, None], (4, 5, 6))
    vertices, _ = extract_surface(field)
    inner = (vertices[:, 0] > 0.5) & np.isin(vertices[:, 1], range(5)) & np.isin(vertices[:, 2], range(6))
    assert inner.sum() == 30
    assert np.allclose(vertices[inner, 0], 1.25)


def test_a_solid_at_the_border_is_closed_half_a_cell_beyond() -> None:
    vertices, faces = extract_surface(np.ones((2, 3, 4), np.float32))
    assert_sound(vertices, faces)
    assert vertices.min(axis=0).tolist() == [-0.5, -0.5, -0.5]
    assert vertices.max(axis=0).tolist() == [1.5, 2.5, 3.5]


def test_two_solid_cells_on_a_diagonal_are_one_piece() -> None:
    field = -np.ones((2, 2, 1), np.float32)
    field[0, 0, 0] = field[1, 1, 0] = 1.0
    mesh = assert_sound(*extract_surface(field))
    assert mesh.body_count == 1


def test_a_hollow_ball_has_an_inward_looking_cavity() -> None:
    field = np.minimum(ball((20, 20, 20), 8.0), -ball((20, 20, 20), 4.0))
    outer, cavity = sorted(assert_sound(*extract_surface(field)).split(), key=lambda part: -abs(part.volume))
    assert outer.volume > 0 > cavity.volume


@pytest.mark.parametrize("value", [-1.0, 0.0])
def test_an_empty_field_is_refused(value: float) -> None:
    with pytest.raises(MeshError, match="No surface was found"):
        extract_surface(np.full((4, 4, 4), value, np.float32))


def test_a_field_without_cells_is_refused() -> None:
    with pytest.raises(MeshError, match="No surface was found"):
        extract_surface(np.zeros((0, 4, 4), np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_field_that_is_not_finite_is_refused(value: float) -> None:
    field = ball((8, 8, 8), 3.0)
    field[4, 4, 4] = value
    with pytest.raises(MeshError, match="not finite"):
        extract_surface(field)


def test_a_flat_field_is_refused() -> None:
    with pytest.raises(MeshError, match="three dimensions"):
        extract_surface(np.ones((4, 4), np.float32))

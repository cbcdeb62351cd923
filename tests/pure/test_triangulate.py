"""Faces of any shape fall into triangles that cover them once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.geometry.arrays import Points
from maquette.geometry.repair.polygons import Polygons, source
from maquette.geometry.repair.triangulate import triangulate_polygons


def polygons(*outlines: np.ndarray) -> Polygons:
    """Make a mesh of separate faces from their outlines [n, 3]."""
    sizes = [len(outline) for outline in outlines]
    return source(np.concatenate(outlines), np.arange(sum(sizes)), np.cumsum([0, *sizes]))


def areas(mesh: Polygons, normal: Points) -> Points:
    """Signed areas of the triangles, seen from where the normal points to."""
    a, b, c = np.moveaxis(mesh.points[mesh.corners[triangulate_polygons(mesh)[0]]], 1, 0)
    return 0.5 * np.cross(b - a, c - a) @ normal


def star(rng: np.random.Generator, n: int) -> np.ndarray:
    """A star-shaped outline in the plane Z = 0 that turns in and out at random, starting anywhere."""
    angle = (np.arange(n) + rng.uniform(-0.3, 0.3, n)) * 2 * np.pi / n
    radius = rng.uniform(0.05, 1.0, n)
    return np.roll(np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(n)], axis=1), rng.integers(n), 0)


def area_of(outline: np.ndarray) -> float:
    x, y = outline[:, 0], outline[:, 1]
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def turned(rng: np.random.Generator, outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline laid anywhere in space, and the normal of its plane."""
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    axes *= np.sign(np.linalg.det(axes))
    return outline @ axes.T + rng.normal(size=3), axes[:, 2]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 40))
@settings(max_examples=150, deadline=None)
def test_concave_faces_are_covered_once(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    outline = star(rng, n)
    placed, normal = turned(rng, outline)
    area = areas(polygons(placed), normal)
    assert area.min() > -1e-12
    assert area.sum() == pytest.approx(area_of(outline))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_triangles_come_face_after_face_with_the_corners_of_their_face(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mesh = polygons(*(turned(rng, star(rng, int(n)))[0] for n in rng.integers(3, 12, 20)))
    triangles, owner = triangulate_polygons(mesh)
    assert np.array_equal(owner, np.repeat(np.arange(20), mesh.sizes - 2))
    for face in range(20):
        mine = triangles[owner == face]
        assert np.array_equal(np.unique(mine), np.arange(mesh.first[face], mesh.first[face + 1]))
        # Every side of the face is a side of exactly one triangle, run along the same way; all others are met twice.
        sides = [tuple(side) for side in np.stack([mine, np.roll(mine, -1, 1)], 2).reshape(-1, 2).tolist()]
        ring = range(int(mesh.first[face]), int(mesh.first[face + 1]))
        outer = {(a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)}
        assert outer <= set(sides)
        assert {(b, a) for a, b in set(sides) - outer} == set(sides) - outer
        assert len(set(sides)) == len(sides)


def test_a_sound_quad_is_cut_from_its_first_corner() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    assert triangulate_polygons(polygons(square, square))[0].tolist() == [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]]


@pytest.mark.parametrize("roll", range(4))
def test_an_arrowhead_is_cut_through_its_dent(roll: int) -> None:
    arrow = np.roll(np.array([[0, 0, 0], [2, -1, 0], [1, 0, 0], [2, 1, 0]], float)[::-1], roll, axis=0)
    area = areas(polygons(arrow), np.array([0.0, 0.0, -1.0]))
    assert area == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("roll", range(8))
def test_corners_on_a_straight_line_give_no_flat_triangles(roll: int) -> None:
    ring = [[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [0, 2], [0, 1]]
    square = np.roll(np.array([[*xy, 0] for xy in ring], float), roll, axis=0)
    assert areas(polygons(square), np.array([0.0, 0.0, 1.0])).min() >= 0.5


def test_a_ring_opened_along_a_bridge() -> None:
    outer = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    inner = [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]
    face = np.array([[*xy, 0] for xy in outer + inner], float)
    area = areas(polygons(face), np.array([0.0, 0.0, 1.0]))
    assert area.min() >= 0
    assert area.sum() == pytest.approx(12.0)


def test_a_comb_of_thousands_of_corners() -> None:
    x = np.arange(3000.0)
    teeth = np.stack([x, np.where(np.arange(3000) % 2, 1.0, 100.0), np.zeros(3000)], 1)
    outline = np.concatenate([[[0.0, 0.0, 0.0], [2999.0, 0.0, 0.0]], teeth[::-1]])
    area = areas(polygons(outline), np.array([0.0, 0.0, 1.0]))
    assert area.min() > 0
    assert area.sum() == pytest.approx(area_of(outline))


def test_flat_crossing_and_repeated_corners_still_give_all_triangles() -> None:
    line = np.array([[i, 0, 0] for i in range(6)], float)
    crossed = np.array([[0, 0, 0], [2, 2, 0], [2, 0, 0], [0, 2, 0], [-1, 1, 0]], float)
    mesh = polygons(line, np.zeros((5, 3)), crossed, crossed[[0, 1, 2, 3]])
    triangles, owner = triangulate_polygons(mesh)
    assert np.bincount(owner).tolist() == [4, 3, 3, 2]
    assert all(len(set(triangle)) == 3 for triangle in triangles.tolist())

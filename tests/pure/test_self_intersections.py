"""Crossing faces are found, and touching ones are not taken for crossing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.geometry.box_pairs import group_boxes, near_boxes, near_groups
from maquette.geometry.self_intersections import crossing_faces


def side(a: list[int], b: list[int], c: list[int], d: list[int]) -> int:
    """On which side of the plane a, b, c the point d lies: exact in whole numbers."""
    (p, q, r), (s, t, u), (v, w, x) = ([y[i] - a[i] for i in range(3)] for y in (b, c, d))
    volume = p * (t * x - u * w) - q * (s * x - u * v) + r * (s * w - t * v)
    return (volume > 0) - (volume < 0)


def pierces(p: list[int], q: list[int], triangle: list[list[int]]) -> bool:
    if side(*triangle, p) * side(*triangle, q) >= 0:
        return False
    turns = [side(p, q, triangle[i], triangle[(i + 1) % 3]) for i in range(3)]
    return turns[0] == turns[1] == turns[2] != 0


def crossing_by_hand(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Every edge of every face against every other face."""
    crossing = np.zeros(len(faces), bool)
    corners = [[points[i].tolist() for i in face] for face in faces]
    for i, j in combinations(range(len(faces)), 2):
        if len({*faces[i], *faces[j]}) < 5:
            continue
        edges = [(corners[a][k], corners[a][(k + 1) % 3], b) for a, b in ((i, j), (j, i)) for k in range(3)]
        if any(pierces(p, q, corners[b]) for p, q, b in edges):
            crossing[[i, j]] = True
    return crossing


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 25), size=st.sampled_from([100, 400, 1000]))
@settings(max_examples=150, deadline=None)
def test_random_triangles_against_exact_arithmetic(seed: int, n: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    # Few points, so that many faces share corners; of very different sizes, so that several grids are used.
    centres = rng.integers(-1000, 1000, (n, 1, 3))
    points = (centres + rng.integers(-size, size, (n, 3, 3)) // rng.integers(1, 30, (n, 1, 1))).reshape(-1, 3)
    faces = np.arange(3 * n).reshape(n, 3)
    for _ in range(n // 2):
        faces[rng.integers(n), rng.integers(3)] = rng.integers(3 * n)
    faces = faces[[len({*face}) == 3 for face in faces]].astype(np.int32)
    assert np.array_equal(crossing_faces(points.astype(np.float32), faces), crossing_by_hand(points, faces))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_two_boxes_through_each_other(scale: float, offset: float) -> None:
    # Their edges run through the middle of each other's faces: exactly through the edges inside those.
    boxes = [trimesh.creation.box(), trimesh.creation.box().apply_translation([0.5, 0.5, 0.5])]
    mesh = trimesh.util.concatenate(boxes)
    vertices = ((mesh.vertices + offset) * scale).astype(np.float32)
    crossing = crossing_faces(vertices, mesh.faces.astype(np.int32))
    # Only the faces inside the other box can cross: those of the first at +0.5, those of the second at 0.
    inside = [np.isclose(boxes[0].triangles, 0.5).all(axis=1), np.isclose(boxes[1].triangles, 0.0).all(axis=1)]
    by_face = np.concatenate(inside) & crossing[:, None]
    assert not crossing[~np.concatenate(inside).any(axis=1)].any()
    assert by_face[:12].any(axis=0).all()
    assert by_face[12:].any(axis=0).all()


def test_nothing_crosses_in_a_clean_mesh() -> None:
    for mesh in (trimesh.creation.icosphere(3), trimesh.creation.torus(2, 0.5), trimesh.creation.box().subdivide()):
        assert not crossing_faces(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)).any()


def test_boxes_that_touch_do_not_cross() -> None:
    boxes = [trimesh.creation.box(), trimesh.creation.box().apply_translation([1.0, 0.25, 0.0])]
    mesh = trimesh.util.concatenate(boxes)
    assert not crossing_faces(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)).any()


def test_a_box_standing_on_a_plate_does_not_cross_it() -> None:
    plate = trimesh.Trimesh([[-3, -3, -0.5], [3, -3, -0.5], [0, 4, -0.5]], [[0, 1, 2]])
    mesh = trimesh.util.concatenate([plate, trimesh.creation.box()])
    assert not crossing_faces(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)).any()


def test_faces_that_share_a_corner_and_pass_through_each_other() -> None:
    vertices = np.array([[0, 0, 0], [2, 1, 0], [2, -1, 0], [2, 0, 1], [2, 0, -1], [1.9, 0.2, 1]], np.float32)
    assert crossing_faces(vertices, np.array([[0, 1, 2], [0, 3, 4]], np.int32)).all()
    assert not crossing_faces(vertices, np.array([[0, 1, 2], [0, 3, 5]], np.int32)).any()


def test_the_faces_of_a_deep_dent_cross_the_other_side() -> None:
    mesh = trimesh.creation.icosphere(3)
    vertices = mesh.vertices.astype(np.float32)
    top = int(vertices[:, 2].argmax())
    vertices[top, 2] = -1.5
    crossing = crossing_faces(vertices, mesh.faces.astype(np.int32))
    around = (mesh.faces == top).any(axis=1)
    assert crossing[around].all()
    assert 1 <= crossing[~around].sum() <= 6


def test_degenerate_and_repeated_faces_do_no_harm() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 1, 2], [0, 0, 1], [3, 3, 3], [0, 1, 3]], np.int32)
    assert not crossing_faces(vertices, faces).any()


def test_one_large_face_among_many_small_ones() -> None:
    ball = trimesh.creation.icosphere(4)
    plane = trimesh.Trimesh([[-90, -80, 0.01], [90, -85, 0.01], [3, 99, 0.01]], [[0, 1, 2]])
    mesh = trimesh.util.concatenate([ball, plane])
    crossing = crossing_faces(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32))
    z = ball.triangles[:, :, 2]
    assert np.array_equal(crossing[:-1], (z.min(axis=1) < 0.01) & (z.max(axis=1) > 0.01))
    assert crossing[-1]


@given(seed=st.integers(0, 2**32 - 1), noise=st.sampled_from([30, 150, 600]), shape=st.sampled_from(["ball", "ring"]))
@settings(max_examples=15, deadline=None)
def test_rough_closed_meshes_against_exact_arithmetic(seed: int, noise: int, shape: str) -> None:
    rng = np.random.default_rng(seed)
    body = trimesh.creation.icosphere(1) if shape == "ball" else trimesh.creation.torus(1.0, 0.4, 8, 5)
    points = np.round(body.vertices * 1000).astype(np.int64) + rng.integers(-noise, noise, body.vertices.shape)
    faces = body.faces.astype(np.int32)
    expected = crossing_by_hand(points, faces)
    everywhere = np.ones(len(points), np.bool_)
    assert np.array_equal(crossing_faces(points.astype(np.float32), faces, everywhere), expected)
    assert np.array_equal(crossing_faces(points.astype(np.float32), faces), expected)


def test_a_vertex_that_its_faces_go_around_twice() -> None:
    # All faces look up and each is joined to the next, but they lie over each other and cross once around.
    n = 10
    angle = np.arange(n) * 4 * np.pi / n + 0.1
    height = np.where(np.arange(n) < n // 2, 0.2, -0.2)
    radius = np.where(np.arange(n) < n // 2, 1.0, 1.3)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    points = np.concatenate([[[0.0, 0.0, 0.0]], ring])
    near = np.arange(n) + 1
    faces = np.stack([np.zeros(n, int), near, np.roll(near, -1)], axis=1)
    expected = crossing_by_hand(np.round(points * 1e6).astype(np.int64), faces)
    assert np.flatnonzero(expected).tolist() == [4, 9]
    assert np.array_equal(crossing_faces(points, faces, np.arange(n + 1) == 0), expected)


def test_numbers_beyond_single_precision_and_strays_do_no_harm() -> None:
    boxes = [trimesh.creation.box(), trimesh.creation.box().apply_translation([0.5, 0.4, 0.45])]
    mesh = trimesh.util.concatenate([*boxes, trimesh.creation.icosphere(2).apply_translation([1e9, 0, 0])])
    expected = crossing_faces(mesh.vertices[:16], mesh.faces[:24])
    assert expected.any()
    for scale in (1e-30, 1e30, 1e40):
        assert np.array_equal(crossing_faces(mesh.vertices * scale, mesh.faces)[:24], expected)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300), spread=st.sampled_from([0.1, 1.0, 10.0]))
@settings(max_examples=60, deadline=None)
def test_boxes_that_overlap_are_all_found_once(seed: int, n: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(-spread, spread, (3, n))
    high = low + rng.uniform(0.0, 0.3, (3, n)) * 2.0 ** rng.integers(0, 6, n)
    boxes = group_boxes(low, high)
    assert np.array_equal(np.sort(boxes.order), np.arange(n))
    found = []
    for groups in near_groups(boxes):
        a, b = near_boxes(boxes, groups)
        found += zip(boxes.order[a].tolist(), boxes.order[b].tolist(), strict=True)
    pairs = {(min(pair), max(pair)) for pair in found}
    assert len(pairs) == len(found)
    for slack, holds in ((0.0, pairs.issuperset), (1e-5 * spread, pairs.issubset)):
        overlap = ((low[:, :, None] <= high[:, None] + slack) & (low[:, None] <= high[:, :, None] + slack)).all(axis=0)
        assert holds((a, b) for a, b in np.argwhere(overlap).tolist() if a < b)

"""Wrapping: any faces become one closed surface that keeps their shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.edges import is_closed_manifold
from maquette.geometry.nearest import NearestSurface, distance_between
from maquette.geometry.repair.enclose import find_outside
from maquette.geometry.repair.polygons import NONE, Polygons, from_faces
from maquette.geometry.repair.voxels import count_cells, grid_distance
from maquette.geometry.repair.wrap import wrap
from maquette.geometry.self_intersections import crossing_faces

MESHES = Path(__file__).resolve().parents[3] / "shared" / "test-meshes"


def surface(mesh: Polygons) -> tuple[np.ndarray, np.ndarray]:
    assert (mesh.sizes == 3).all()
    return mesh.points, mesh.corners.reshape(-1, 3)


def volume(mesh: Polygons) -> float:
    points, faces = surface(mesh)
    return trimesh.Trimesh(points - points.mean(axis=0), faces, process=False).volume


def check(result: Polygons, points: np.ndarray, faces: np.ndarray, off: float = 0.01) -> None:
    """The result is closed, wound outwards, keeps the shape and the box, and remembers no source."""
    wrapped, triangles = surface(result)
    assert is_closed_manifold(triangles.astype(np.int32), len(wrapped))
    assert volume(result) > 0
    used = points[np.unique(faces)]
    diagonal = np.linalg.norm(np.ptp(used, axis=0))
    mean, largest = distance_between(wrapped, triangles, NearestSurface(points, faces), 4000)
    assert mean < off * diagonal
    assert largest < 0.05 * diagonal
    assert np.abs(np.ptp(wrapped, axis=0) - np.ptp(used, axis=0)).max() < 0.03 * diagonal
    for memory in (result.point_from, result.corner_from, result.face_from):
        assert (memory == NONE).all()


def damaged(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """A body in pieces: every face by itself, some turned over, some gone, some twice."""
    bodies = [trimesh.creation.icosphere(subdivisions=3), trimesh.creation.torus(1.0, 0.4), trimesh.creation.box()]
    body = bodies[rng.integers(3)]
    body.apply_transform(trimesh.transformations.random_rotation_matrix(rng.random(3)))
    body.apply_scale(rng.uniform(0.5, 2.0, 3) * 10.0 ** rng.uniform(-3, 3))
    points = body.vertices[body.faces].reshape(-1, 3) + rng.uniform(-50, 50, 3) * body.scale
    faces = np.arange(len(points)).reshape(-1, 3)
    turned = rng.random(len(faces)) < 0.5
    faces[turned] = faces[turned][:, ::-1]
    small = body.area_faces < 0.002 * body.area
    keep = ~small | (rng.random(len(faces)) > 0.02)
    return points, np.concatenate([faces[keep], faces[keep][:5]]), abs(body.volume)


@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_bodies_come_back(seed: int) -> None:
    points, faces, expected = damaged(np.random.default_rng(seed))
    result = wrap(from_faces(points, faces), cells=64)
    check(result, points, faces)
    assert volume(result) == pytest.approx(expected, rel=0.03)
    assert not crossing_faces(*(rows.astype(kind) for rows, kind in zip(surface(result), "fi", strict=True))).any()


@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30))
def test_any_soup_becomes_a_body(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    points = (rng.uniform(-1, 1, (n, 1, 3)) + rng.normal(scale=0.5, size=(n, 3, 3))).reshape(-1, 3)
    faces = np.arange(3 * n).reshape(-1, 3)
    check(wrap(from_faces(points, faces), cells=40), points, faces, off=0.03)


def test_a_box_comes_out_sharp() -> None:
    box = trimesh.creation.box((3.0, 2.0, 1.0))
    box.apply_transform(trimesh.transformations.rotation_matrix(0.4, (1, 2, 3)))
    points, faces = np.asarray(box.vertices), np.asarray(box.faces, np.int64)
    result = wrap(from_faces(points, faces), cells=96)
    check(result, points, faces)
    assert result.n_faces < 2000
    corners, _, _ = NearestSurface(*surface(result)).find(points)
    assert corners.max() < 0.005 * box.scale
    assert volume(result) == pytest.approx(6.0, rel=0.01)


def test_a_sheet_becomes_a_plate_as_thick_as_asked() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]], float)
    for thickness in (0.005, 0.015):
        result = wrap(from_faces(points, np.array([[0, 1, 2, 3]])), cells=64, thickness=thickness)
        check(result, points, np.array([[0, 1, 2], [0, 2, 3]]))
        assert np.ptp(result.points[:, 2]) == pytest.approx(5 * thickness, rel=0.05)
        assert volume(result) == pytest.approx(12 * 5 * thickness, rel=0.1)


def test_a_very_thick_plate() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]], float)
    result = wrap(from_faces(points, np.array([[0, 1, 2, 3]])), cells=64, thickness=0.06)
    assert is_closed_manifold(surface(result)[1].astype(np.int32), len(result.points))
    assert np.ptp(result.points[:, 2]) == pytest.approx(0.3, rel=0.05)


def open_sphere(hole: float) -> tuple[np.ndarray, np.ndarray, float]:
    """A unit ball with a round hole of some diameter at the top."""
    sphere = trimesh.creation.icosphere(subdivisions=4)
    rim = sphere.triangles[:, :, 2].max(axis=1) < np.sqrt(1 - hole**2 / 4)
    return np.asarray(sphere.vertices), np.asarray(sphere.faces)[rim], sphere.volume


def test_a_hollow_behind_a_small_hole_comes_out_solid() -> None:
    points, faces, expected = open_sphere(0.02 * 2 * 3**0.5)
    result = wrap(from_faces(points, faces), cells=96)
    check(result, points, faces)
    assert volume(result) == pytest.approx(expected, rel=0.02)


def test_a_bowl_stays_open() -> None:
    points, faces, whole = open_sphere(1.0)
    result = wrap(from_faces(points, faces), cells=64)
    check(result, points, faces)
    assert volume(result) < 0.2 * whole


def test_bodies_apart_stay_apart_and_a_wide_gap_stays_open() -> None:
    one, other = trimesh.creation.box(), trimesh.creation.box()
    other.apply_translation((1.1, 0, 0))
    both = one + other
    result = wrap(from_faces(both.vertices, both.faces), cells=96)
    parts = trimesh.Trimesh(*surface(result), process=False)
    assert parts.body_count == 2
    assert volume(result) == pytest.approx(2.0, rel=0.01)


def test_huge_offset_and_unused_points_far_out() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=2)
    points = np.concatenate([sphere.vertices, [[5e5, 0, 0]]]) + 1e7
    faces = np.asarray(sphere.faces, np.int64)
    result = wrap(from_faces(points, faces), cells=64)
    check(result, points, faces)
    assert volume(result) == pytest.approx(sphere.volume, rel=0.02)


def test_no_extent_is_refused() -> None:
    with pytest.raises(MeshError, match="one point"):
        wrap(from_faces(np.ones((3, 3)), np.array([[0, 1, 2]])))


def test_distance_on_the_grid() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=12.3)
    points, faces = np.asarray(sphere.vertices) + 20, np.asarray(sphere.faces, np.int64)
    distance = grid_distance(points, faces, (41, 41, 41), 1.75)
    exact, _, _ = NearestSurface(points, faces).find(np.argwhere(distance < 9).astype(float))
    assert np.abs(distance.ravel() - np.minimum(exact, 1.75)).max() < 0.35
    assert count_cells(points, faces, 1.0) == pytest.approx(1.25 * sphere.area, rel=0.2)


@pytest.mark.parametrize(("hole", "solid"), [(0, True), (3, True), (9, False)])
def test_a_room_with_a_hole_in_its_wall(hole: int, solid: bool) -> None:
    walls = np.zeros((60, 60, 60), bool)
    walls[15:45, 15:45, 15:45] = True
    walls[16:44, 16:44, 16:44] = False
    walls[30 - hole // 2 : 30 - hole // 2 + hole, 30 - hole // 2 : 30 - hole // 2 + hole, 15] = False
    outside = find_outside(walls, 3)
    assert outside[0, 0, 0]
    assert not (outside & walls).any()
    assert outside[30, 30, 30] != solid
    rooms = ~outside[16:44, 16:44, 16:44]
    assert rooms.mean() > 0.98 if solid else rooms.mean() < 0.02


NAMES = [
    "cgal_boeing",
    "trimesh_teapot",
    "meshlab_greek_helmet",
    "trimesh_chair_model",
    "meshlab_non_manif_hole",
    "libigl_two-boxes-bad-self-union",
    "gen_moebius",
]


@pytest.mark.parametrize("name", NAMES)
def test_meshes_of_others(name: str) -> None:
    path = MESHES / f"{name}.ply"
    if not path.exists():
        pytest.skip("the shared folder beside the checkout is missing")
    mesh = trimesh.load(path, process=False, force="mesh")
    points, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int64)
    result = wrap(from_faces(points, faces), cells=64)
    check(result, points, faces, off=0.015)
    assert volume(result) < 1.05 * mesh.convex_hull.volume

"""Each step of the cleaning mends what it is for, and leaves the rest."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.repair.caps import close_holes
from maquette.geometry.repair.faces import remove_degenerate, remove_duplicates
from maquette.geometry.repair.faults import find_faults
from maquette.geometry.repair.fill import span_loop
from maquette.geometry.repair.holes import fill_holes
from maquette.geometry.repair.manifold import remove_non_manifold
from maquette.geometry.repair.merge import merge_vertices
from maquette.geometry.repair.parts import remove_inner_shells, remove_loose_parts
from maquette.geometry.repair.polygons import NONE, Polygons, from_faces, keep_faces, source, turn_faces
from maquette.geometry.repair.prepare import drop_invalid
from maquette.geometry.repair.triangulate import triangulate_polygons
from maquette.geometry.repair.union import resolve_self_intersections
from maquette.geometry.repair.winding import make_consistent, one_sided_faces


def polygons(mesh: trimesh.Trimesh) -> Polygons:
    return from_faces(mesh.vertices, mesh.faces)


def solid(mesh: Polygons) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.points, mesh.corners[triangulate_polygons(mesh)[0]], process=False)


def cube() -> Polygons:
    """Six quads around the unit cube."""
    points = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], float)
    rows = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    return source(points, np.array(rows).ravel(), np.arange(0, 25, 4))


def test_cube_of_quads_is_sound() -> None:
    assert find_faults(cube()).total == 0
    assert solid(cube()).volume == pytest.approx(1.0)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_merging_moves_nothing_further_than_the_distance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.random((60, 3))
    faces = rng.permutation(60).reshape(-1, 3)
    distance = float(rng.uniform(0.01, 0.3))
    mesh = from_faces(points, faces)
    merged = merge_vertices(mesh, distance=distance)
    at = merged.points[merged.corners]
    was = mesh.points[mesh.corners[merged.corner_from]]
    assert np.linalg.norm(at - was, axis=1).max() <= distance + 1e-12
    # What is left lies further apart than that: merging again changes nothing.
    assert merge_vertices(merged, distance=distance) is merged


def test_merging_a_soup_gives_the_body_back() -> None:
    ball = trimesh.creation.icosphere(2)
    soup = from_faces(ball.vertices[ball.faces].reshape(-1, 3), np.arange(ball.faces.size).reshape(-1, 3))
    merged = merge_vertices(soup)
    assert len(merged.points) == len(ball.vertices)
    assert find_faults(merged).total == 0
    assert (merged.corner_from == np.arange(ball.faces.size)).all()


def test_faces_that_come_through_a_vertex_twice_are_split() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1e-9, 0], [-1, -1, 0], [-1, 0, 0]], float)
    mesh = merge_vertices(source(points, [0, 1, 2, 3, 5, 4], [0, 6]), distance=1e-6)
    assert mesh.sizes.tolist() == [3, 3]
    assert solid(mesh).area == pytest.approx(1.0)


def test_merging_across_everything_is_refused() -> None:
    rng = np.random.default_rng(0)
    points = rng.random((30_000, 3))
    with pytest.raises(MeshError, match="smaller"):
        merge_vertices(from_faces(points, np.arange(30_000).reshape(-1, 3)), distance=2.0)


def test_duplicates_go_and_the_first_stays() -> None:
    mesh = cube()
    again = source(mesh.points, np.r_[mesh.corners, mesh.corners[:4][::-1], mesh.corners[4:8]], np.arange(0, 33, 4))
    left = remove_duplicates(again)
    assert left.face_from.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_wall_between_two_bodies_goes_whole() -> None:
    mesh = cube()
    wall = source(mesh.points, np.r_[mesh.corners, mesh.corners[:4][::-1]], np.arange(0, 29, 4))
    assert remove_duplicates(wall, both_of_opposite=True).face_from.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("tip", [(0.5, 0.0, 0.0), (0.3, 1e-9, 0.0)])
def test_a_flat_triangle_gives_its_corner_to_the_neighbour(tip: tuple[float, float, float]) -> None:
    points = np.array([(0, 0, 0), (1, 0, 0), (0.5, 1, 0), (0.5, -1, 0), tip], float)
    # A square of two triangles, one of which was cut in two at a corner on the common side; the sliver is left.
    mesh = from_faces(points, [[0, 1, 2], [1, 0, 4], [0, 3, 4], [4, 3, 1]])
    left = remove_degenerate(mesh)
    assert left.n_faces == 4
    assert find_faults(left).boundary_edges == 4
    assert find_faults(left).degenerate_faces == 0
    assert solid(left).area == pytest.approx(1.0)


def test_a_needle_shrinks_to_a_vertex() -> None:
    ball = trimesh.creation.icosphere(1)
    points, faces = np.concatenate([ball.vertices, ball.vertices[:1] + 1e-10]), ball.faces.copy()
    ring = np.flatnonzero((faces == 0).any(axis=1))
    neighbours = [set(faces[f]) - {0} for f in ring]
    faces[ring[0]] = np.where(faces[ring[0]] == 0, len(points) - 1, faces[ring[0]])
    gaps = [[0, len(points) - 1, v] for v in neighbours[0]]
    mesh = make_consistent(from_faces(points, np.concatenate([faces, gaps])))
    left = remove_degenerate(mesh)
    assert find_faults(left).total == 0
    assert left.n_faces == len(ball.faces)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_any_flipping_is_turned_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bodies = [trimesh.creation.icosphere(2), trimesh.creation.box().apply_translation((3, 0, 0))]
    whole = trimesh.util.concatenate(bodies)
    mesh = polygons(whole)
    turned = turn_faces(mesh, rng.random(mesh.n_faces) < rng.random())
    right = make_consistent(turned)
    assert find_faults(right).total == 0
    assert solid(right).volume == pytest.approx(whole.volume)


def test_a_cavity_stays_a_cavity_and_an_inner_shell_goes() -> None:
    outer, inner = trimesh.creation.icosphere(2), trimesh.creation.icosphere(2, radius=0.5)
    hollow = outer.copy()
    hidden = inner.copy()
    hidden.invert()
    hollow = polygons(trimesh.util.concatenate([outer, hidden]))
    assert make_consistent(hollow) is hollow
    assert remove_inner_shells(hollow) is hollow
    assert remove_inner_shells(hollow, keep_cavities=False).n_faces == len(outer.faces)
    doubled = polygons(trimesh.util.concatenate([outer, inner]))
    assert remove_inner_shells(doubled).n_faces == len(outer.faces)


def moebius() -> Polygons:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rows = [
        (1 + s * np.cos(angle / 2))[:, None] * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
        + (s * np.sin(angle / 2))[:, None] * np.array([0, 0, 1])
        for s in (-0.3, 0.3)
    ]
    low, high = np.arange(40), 40 + np.arange(40)
    quads = [[low[i], low[i + 1], high[i + 1], high[i]] for i in range(39)] + [[low[39], high[0], low[0], high[39]]]
    return source(np.concatenate(rows), np.array(quads).ravel(), np.arange(0, 161, 4))


def test_a_moebius_strip_is_not_closed() -> None:
    strip = moebius()
    assert one_sided_faces(strip).all()
    assert fill_holes(strip) is strip
    assert close_holes(strip) is strip


def test_two_cubes_at_one_edge_come_apart() -> None:
    one = trimesh.creation.box()
    two = trimesh.creation.box().apply_translation((1, 1, 0))
    mesh = merge_vertices(polygons(trimesh.util.concatenate([one, two])))
    assert find_faults(mesh).crowded_edges == 1
    apart = remove_non_manifold(mesh)
    assert find_faults(apart).total == 0
    assert solid(apart).volume == pytest.approx(2.0, rel=1e-4)
    assert find_faults(merge_vertices(apart)).total == 0


def test_bodies_that_touch_at_a_vertex_come_apart() -> None:
    one = trimesh.creation.box()
    two = trimesh.creation.box().apply_translation((1, 1, 1))
    mesh = merge_vertices(polygons(trimesh.util.concatenate([one, two])))
    assert find_faults(mesh).pinched_vertices == 1
    assert find_faults(remove_non_manifold(mesh)).total == 0


def test_fins_are_cut_off() -> None:
    box = trimesh.creation.box()
    points = np.concatenate([box.vertices, 1.3 * box.vertices[box.faces[0, :1]]])
    mesh = from_faces(points, np.concatenate([box.faces, [[*box.faces[0, :2], 8]]]))
    left = remove_non_manifold(mesh)
    assert left.n_faces == 12
    assert find_faults(left).total == 0


@given(st.integers(3, 200), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_loop_is_spanned_by_a_disc(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    radius = 1 + 0.5 * np.sin(angle * 3 + rng.uniform(0, 6))
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0.1 * rng.normal(size=count)], 1)
    rows = span_loop(points)
    assert rows.shape == (count - 2, 3)
    sides = np.sort(np.stack([rows, np.roll(rows, -1, 1)], 2).reshape(-1, 2), axis=1)
    _, times = np.unique(sides, axis=0, return_counts=True)
    assert np.count_nonzero(times == 1) == count
    assert (times <= 2).all()


@pytest.mark.parametrize("smooth", [False, True])
def test_a_hole_in_a_ball_is_closed(smooth: bool) -> None:
    ball = trimesh.creation.icosphere(3)
    mesh = polygons(ball)
    open_ball = keep_faces(mesh, ball.triangles_center[:, 2] < 0.7)
    closed = fill_holes(open_ball, smooth=smooth)
    assert find_faults(closed).total == 0
    missing = 1 - solid(closed).volume / ball.volume
    # The flat patch cuts the cap off; the smooth one bulges where the ball did.
    assert missing < 0.02 if smooth else missing > 0.03


def test_only_small_holes_are_closed_when_asked() -> None:
    ball = trimesh.creation.icosphere(3)
    keep = (ball.triangles_center[:, 2] < 0.7) & (np.arange(len(ball.faces)) != 5)
    mesh = keep_faces(polygons(ball), keep)
    assert find_faults(fill_holes(mesh, max_sides=3)).boundary_edges == find_faults(mesh).boundary_edges - 3
    assert find_faults(fill_holes(mesh, max_length=0.2)).boundary_edges == find_faults(mesh).boundary_edges - 3


def test_a_missing_quad_comes_back_as_one() -> None:
    mesh = keep_faces(cube(), np.arange(6) != 3)
    filled = fill_holes(mesh)
    assert filled.sizes.tolist() == [4] * 6
    assert find_faults(filled).total == 0
    assert (filled.corner_from != NONE).all()


def test_sheets_stay_open_and_missing_sides_do_not() -> None:
    assert find_faults(close_holes(keep_faces(cube(), np.arange(6) != 0))).total == 0
    sheet = keep_faces(cube(), np.arange(6) == 0)
    assert close_holes(sheet) is sheet


def test_loose_parts_go_by_size_count_and_faces() -> None:
    bodies = [trimesh.creation.icosphere(2), *(trimesh.creation.icosphere(0, radius=0.02 * n) for n in (1, 2, 3))]
    for index, body in enumerate(bodies):
        body.apply_translation((2.0 * index, 0, 0))
    mesh = polygons(trimesh.util.concatenate(bodies))
    count = lambda left: int(left.parts.max()) + 1  # noqa: E731
    assert count(remove_loose_parts(mesh, keep_largest=2)) == 2
    assert count(remove_loose_parts(mesh, fewest_faces=100)) == 1
    assert count(remove_loose_parts(mesh, smallest_size=0.015)) == 3
    assert remove_loose_parts(mesh) is mesh


def test_union_of_two_balls_is_exact_and_knows_its_source() -> None:
    one = trimesh.creation.icosphere(3)
    two = trimesh.creation.icosphere(3).apply_translation((0.8, 0.1, 0.2))
    away = trimesh.creation.box().apply_translation((5, 0, 0))
    whole = trimesh.util.concatenate([one, two, away])
    united = resolve_self_intersections(polygons(whole))
    assert find_faults(united).total == 0
    expected = trimesh.boolean.union([one, two], engine="manifold").volume + 1.0
    assert solid(united).volume == pytest.approx(expected, rel=1e-6)
    # Corners that were there before name the source's corner at the same place.
    known = united.corner_from != NONE
    assert known.mean() > 0.7
    places = whole.vertices[whole.faces.ravel()[united.corner_from[known]]]
    assert np.abs(united.points[united.corners[known]] - places).max() < 1e-12
    # And each face lies in the plane of the face it comes from.
    centre = united.points[united.corners].reshape(-1, 3, 3).mean(axis=1)
    off = ((centre - whole.triangles_center[united.face_from]) * whole.face_normals[united.face_from]).sum(axis=1)
    assert np.abs(off).max() < 1e-9


def test_nothing_to_work_on_is_refused() -> None:
    with pytest.raises(MeshError, match="no faces"):
        source(np.zeros((3, 3)), [], [0])
    with pytest.raises(MeshError, match="does not exist"):
        source(np.zeros((3, 3)), [0, 1, 7], [0, 3])
    with pytest.raises(MeshError, match="numbers"):
        drop_invalid(from_faces(np.full((3, 3), np.nan), [[0, 1, 2]]))
    with pytest.raises(MeshError, match="line"):
        drop_invalid(from_faces(np.arange(9.0).reshape(3, 3), [[0, 1, 2]]))
    with pytest.raises(MeshError, match="line"):
        drop_invalid(from_faces(np.ones((3, 3)), [[0, 1, 2]]))

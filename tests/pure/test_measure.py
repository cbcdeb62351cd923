"""The mesh report, checked against trimesh, manifold3d and brute force on meshes broken by hand and at random."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import manifold3d
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import MeshReport
from maquette.errors import MeshError
from maquette.geometry.edges import find_edges, is_closed_manifold
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CUBE_FACES = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
CUBE_VERTICES = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
SOUND = MeshReport(8, 12, 0, 0, 0, 0, 0, 1, 0, 0, 0, True, 1.0, (1.0, 1.0, 1.0))


def cube() -> tuple[np.ndarray, np.ndarray]:
    """Make a unit cube of twelve triangles."""
    quads = np.array(CUBE_FACES, np.int32)
    return np.array(CUBE_VERTICES, np.float32), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def joined(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put meshes side by side in one, without welding them."""
    shift = np.cumsum([0] + [len(vertices) for vertices, _ in parts[:-1]])
    faces = [part[1] + np.int32(start) for part, start in zip(parts, shift, strict=True)]
    return np.concatenate([vertices for vertices, _ in parts]), np.concatenate(faces).astype(np.int32)


def test_a_cube_is_sound() -> None:
    assert measure(from_faces(*cube())) == SOUND


def test_a_cube_of_quads_is_sound() -> None:
    vertices = np.array(CUBE_VERTICES, np.float32)
    assert measure(from_faces(vertices, np.array(CUBE_FACES, np.int32))) == replace(SOUND, faces=6)


def test_a_cube_of_quads_and_triangles_is_sound() -> None:
    quads = np.array(CUBE_FACES, np.int32)
    halves = np.array([[0, 3, 2, -1], [0, 2, 1, -1]], np.int32)
    assert measure(from_faces(np.array(CUBE_VERTICES, np.float32), np.concatenate([halves, quads[1:]]))) == replace(
        SOUND, faces=7
    )


def test_an_open_cube_has_a_border() -> None:
    vertices, faces = cube()
    keep = (vertices[faces][:, :, 2] < 1).any(axis=1)
    report = measure(from_faces(vertices, faces[keep]))
    assert report.boundary_edges == 4
    assert (report.non_manifold_edges, report.non_manifold_vertices, report.inconsistent_edges) == (0, 0, 0)
    assert not report.watertight


def test_a_doubled_face() -> None:
    vertices, faces = cube()
    report = measure(from_faces(vertices, np.concatenate([faces, faces[:1, [1, 2, 0]]])))
    assert report.duplicate_faces == 1
    assert (report.non_manifold_edges, report.non_manifold_vertices) == (3, 3)
    assert not report.watertight


def test_a_face_with_its_back_on_it_is_a_duplicate_too() -> None:
    vertices, faces = cube()
    assert measure(from_faces(vertices, np.concatenate([faces, faces[:2, ::-1]]))).duplicate_faces == 2


def test_a_doubled_quad() -> None:
    quads = np.array(CUBE_FACES, np.int32)
    report = measure(from_faces(np.array(CUBE_VERTICES, np.float32), np.concatenate([quads, quads[2:3, [2, 3, 0, 1]]])))
    assert report.duplicate_faces == 1
    assert report.non_manifold_edges == 4


def test_cubes_that_meet_in_a_vertex() -> None:
    vertices, faces = joined(cube(), (cube()[0] + 1, cube()[1]))
    faces[faces == 8] = 6  # the corner (1, 1, 1) of both
    report = measure(from_faces(vertices, faces))
    assert report.non_manifold_vertices == 1
    assert report.non_manifold_edges == 0
    assert report.watertight
    assert report.loose_parts == 1
    assert not is_closed_manifold(faces, len(vertices))


def test_cubes_that_meet_in_an_edge() -> None:
    vertices, faces = joined(cube(), (cube()[0] + np.array([1, 1, 0], np.float32), cube()[1]))
    faces[faces == 8] = 2
    faces[faces == 12] = 6
    report = measure(from_faces(vertices, faces))
    assert (report.non_manifold_edges, report.non_manifold_vertices) == (1, 2)
    assert not report.watertight


def test_a_fin() -> None:
    vertices, faces = cube()
    vertices = np.concatenate([vertices, np.array([[0.5, -1, -1]], np.float32)])
    report = measure(from_faces(vertices, np.concatenate([faces, np.array([[0, 1, 8]], np.int32)])))
    assert (report.non_manifold_edges, report.boundary_edges, report.non_manifold_vertices) == (1, 2, 2)
    assert report.self_intersections == 0


def test_a_turned_over_face() -> None:
    vertices, faces = cube()
    faces[5] = faces[5, ::-1]
    report = measure(from_faces(vertices, faces))
    assert report.inconsistent_edges == 3
    assert report.watertight
    assert report.duplicate_faces == 0
    assert not is_closed_manifold(faces, len(vertices))


def test_all_faces_turned_over_are_consistent_but_of_negative_volume() -> None:
    vertices, faces = cube()
    assert measure(from_faces(vertices, faces[:, ::-1])) == replace(SOUND, volume=-1.0)


def test_a_cavity_is_an_inner_shell() -> None:
    vertices, faces = cube()
    report = measure(from_faces(*joined((vertices, faces), (vertices * 0.5 + 0.25, faces[:, ::-1]))))
    assert (report.inner_shells, report.loose_parts) == (1, 2)
    assert report.volume == pytest.approx(1 - 0.125)
    assert report.watertight


def test_an_inner_shell_of_an_open_part_is_none() -> None:
    vertices, faces = cube()
    report = measure(from_faces(*joined((vertices, faces[1:]), (vertices * 0.5 + 0.25, faces))))
    assert (report.inner_shells, report.loose_parts, report.boundary_edges) == (0, 2, 3)


def test_two_parts_side_by_side() -> None:
    vertices, faces = cube()
    report = measure(from_faces(*joined((vertices, faces), (vertices + 2, faces))))
    assert report == replace(
        SOUND, vertices=16, faces=24, loose_parts=2, volume=report.volume, dimensions=(3.0, 3.0, 3.0)
    )
    assert report.volume == pytest.approx(2.0)


def test_degenerate_faces() -> None:
    vertices, faces = cube()
    vertices = np.concatenate([vertices, np.array([[0.5, 0, 0]], np.float32)])
    extra = np.array([[0, 0, 1], [0, 8, 1]], np.int32)  # a repeated corner, and three corners on a line
    assert measure(from_faces(vertices, np.concatenate([faces, extra]))).degenerate_faces == 2


def test_degenerate_quads() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 0, 0], [3, 0, 0]], np.float32)
    faces = np.array([[0, 1, 2, 3], [0, 1, 2, 2], [0, 1, 4, 5], [0, 1, 2, -1], [0, 1, 4, -1]], np.int32)
    assert measure(from_faces(vertices, faces)).degenerate_faces == 3


def test_small_and_large_meshes_are_not_degenerate() -> None:
    vertices, faces = cube()
    for scale in (1e-12, 1e12):
        assert measure(from_faces((vertices * scale).astype(np.float32), faces)).degenerate_faces == 0


def test_boxes_through_each_other() -> None:
    vertices, faces = cube()
    tilted = vertices + np.array([0.3, 0.4, 0.45], np.float32)
    report = measure(from_faces(*joined((vertices, faces), (tilted, faces))))
    assert 6 <= report.self_intersections <= 12
    assert report.inner_shells == 0


def test_a_quad_that_crosses_counts_once() -> None:
    vertices = np.array(
        [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [-0.5, 0, -1], [0.5, 0.1, -1], [0.5, 0.1, 1], [-0.5, 0, 1]],
        np.float32,
    )
    assert measure(from_faces(vertices, np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32))).self_intersections == 2


def test_unused_vertices_are_no_part_and_have_no_size() -> None:
    vertices, faces = cube()
    report = measure(from_faces(np.concatenate([vertices, np.full((1, 3), 9, np.float32)]), faces))
    assert report == replace(SOUND, vertices=9)


def test_far_from_the_origin_the_volume_is_still_right() -> None:
    vertices, faces = cube()
    assert measure(from_faces(vertices + np.float32(1e5), faces)).volume == pytest.approx(1.0)


def has_one_fan(corners: list[tuple[int, int]]) -> bool:
    """Tell whether the sides opposite a vertex, given by their ends, form one path or one ring."""
    ends = Counter(end for side in corners for end in side)
    if max(ends.values()) > 2:
        return False
    reached, todo = set(), [corners[0][0]]
    while todo:
        at = todo.pop()
        if at not in reached:
            reached.add(at)
            todo += [b for side in corners for a, b in (side, side[::-1]) if a == at]
    return len(reached) == len(ends)


@given(seed=st.integers(0, 2**32 - 1), n_vertices=st.integers(4, 12), n_faces=st.integers(1, 25))
@settings(max_examples=150, deadline=None)
def test_random_faces_against_brute_force(seed: int, n_vertices: int, n_faces: int) -> None:
    rng = np.random.default_rng(seed)
    faces = np.array([rng.permutation(n_vertices)[:3] for _ in range(n_faces)], np.int32)
    vertices = rng.normal(size=(n_vertices, 3)).astype(np.float32)
    report = measure(from_faces(vertices, faces))
    directed = [(face[i], face[(i + 1) % 3]) for face in faces.tolist() for i in range(3)]
    count = Counter(tuple(sorted(edge)) for edge in directed)
    assert report.boundary_edges == sum(c == 1 for c in count.values())
    assert report.non_manifold_edges == sum(c > 2 for c in count.values())
    assert report.duplicate_faces == n_faces - len({frozenset(face) for face in faces.tolist()})
    twice = Counter(directed)
    assert report.inconsistent_edges == sum(twice[edge] == 2 and count[tuple(sorted(edge))] == 2 for edge in twice)
    around = {v: [tuple(x for x in face if x != v) for face in faces.tolist() if v in face] for v in np.unique(faces)}
    assert report.non_manifold_vertices == sum(not has_one_fan(corners) for corners in around.values())
    graph = coo_array((np.ones(len(directed)), np.array(directed).T), shape=(n_vertices,) * 2)
    assert report.loose_parts == len(np.unique(connected_components(graph, directed=False)[1][faces]))
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert report.watertight == mesh.is_watertight
    if mesh.is_watertight and mesh.is_winding_consistent:
        assert report.volume == pytest.approx(mesh.volume, abs=1e-5)
    used = vertices[np.unique(faces)]
    assert report.dimensions == pytest.approx(tuple(np.ptp(used, axis=0).tolist()))
    whole = report.watertight and not report.inconsistent_edges and not report.non_manifold_vertices
    assert is_closed_manifold(faces, n_vertices) == whole


@pytest.mark.parametrize("make", [trimesh.creation.icosphere, trimesh.creation.torus, trimesh.creation.capsule])
def test_manifold3d_agrees_on_volume_and_soundness(make: type) -> None:
    mesh = make(major_radius=2.0, minor_radius=0.5) if make is trimesh.creation.torus else make()
    vertices, faces = mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)
    solid = manifold3d.Manifold(manifold3d.Mesh(vertices, faces.astype(np.uint32)))
    report = measure(from_faces(vertices, faces))
    assert solid.status() == manifold3d.Error.NoError
    assert report.volume == pytest.approx(solid.volume(), rel=1e-5)
    assert report.watertight
    assert is_closed_manifold(faces, len(vertices))
    assert (report.non_manifold_vertices, report.inconsistent_edges, report.self_intersections) == (0, 0, 0)


def test_edges_list_their_sides() -> None:
    faces = np.array([[0, 1, 2, 3], [2, 1, 4, -1]], np.int32)
    edges = find_edges(faces)
    assert edges.start.tolist() == [0, 1, 2, 3, 2, 1, 4]
    assert edges.end.tolist() == [1, 2, 3, 0, 1, 4, 2]
    assert edges.face.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert edges.after.tolist() == [1, 2, 3, 0, 5, 6, 4]
    shared = edges.first[edges.count == 2]
    assert edges.order[shared[0] : shared[0] + 2].tolist() == [1, 4]


def test_bad_meshes_are_refused() -> None:
    vertices, faces = cube()
    with pytest.raises(MeshError, match="no faces"):
        measure(from_faces(vertices, faces[:0]))
    with pytest.raises(MeshError, match="does not exist"):
        measure(from_faces(vertices[:7], faces))
    with pytest.raises(MeshError, match="does not exist"):
        measure(from_faces(vertices, np.where(faces == 3, -1, faces)))
    with pytest.raises(MeshError, match="not numbers"):
        measure(from_faces(np.where(vertices > 0, np.inf, vertices).astype(np.float32), faces))
    with pytest.raises(MeshError, match="three coordinates"):
        measure(from_faces(vertices[:, :2], faces))

"""Each fault is found where it was made, and the counts are those of independent tools."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import manifold3d
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.measure import measure
from maquette.geometry.problems import Problems, find_problems
from maquette.geometry.repair.polygons import Polygons, from_faces, source

BODIES = {
    "ball": trimesh.creation.icosphere(2),
    "ring": trimesh.creation.torus(2.0, 0.6, major_sections=14, minor_sections=9),
    "box": trimesh.creation.box().subdivide(),
}


def pairs(mesh: Polygons, sides: np.ndarray) -> set[tuple[int, int]]:
    """The edges that sides stand for, as pairs of vertices."""
    ends = np.sort(np.stack([mesh.edges.start[sides], mesh.edges.end[sides]], axis=1), axis=1)
    assert len(np.unique(ends, axis=0)) == len(ends)
    return {(a, b) for a, b in ends.tolist()}


def edges_of(faces: np.ndarray) -> Counter[tuple[int, int]]:
    return Counter(tuple(sorted((face[i], face[(i + 1) % 3]))) for face in faces.tolist() for i in range(3))


def none_but(problems: Problems, *names: str) -> None:
    """Nothing is found but what is named."""
    for name, value in vars(problems).items():
        assert name in (*names, "part") or not len(value), name


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(BODIES)))
@settings(max_examples=40, deadline=None)
def test_missing_faces_leave_their_rims(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    faces = np.array(BODIES[name].faces)
    gone = rng.permutation(len(faces))[: rng.integers(1, 20)]
    kept = np.delete(faces, gone, axis=0)
    mesh = from_faces(BODIES[name].vertices, kept)
    problems = find_problems(mesh)
    assert pairs(mesh, problems.boundary_edges) == {edge for edge, count in edges_of(kept).items() if count == 1}
    assert problems.unused_vertices.tolist() == sorted(set(range(len(mesh.points))) - set(kept.ravel().tolist()))
    none_but(problems, "boundary_edges", "unused_vertices", "non_manifold_vertices", "loose_faces")


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(BODIES)))
@settings(max_examples=40, deadline=None)
def test_turned_faces_are_told_from_the_others(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    faces = np.array(BODIES[name].faces)
    turned = np.sort(rng.permutation(len(faces))[: rng.integers(1, len(faces) // 2)])
    faces[turned] = faces[turned, ::-1]
    mesh = from_faces(BODIES[name].vertices, faces)
    problems = find_problems(mesh)
    assert problems.turned_faces.tolist() == turned.tolist()
    directed = Counter((face[i], face[(i + 1) % 3]) for face in faces.tolist() for i in range(3))
    assert pairs(mesh, problems.inconsistent_edges) == {(min(e), max(e)) for e, count in directed.items() if count == 2}
    none_but(problems, "turned_faces", "inconsistent_edges")
    assert not trimesh.Trimesh(mesh.points, faces, process=False).is_winding_consistent


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(BODIES)))
@settings(max_examples=40, deadline=None)
def test_doubled_faces_and_fins(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    body = BODIES[name]
    n, n_vertices = len(body.faces), len(body.vertices)
    doubled = rng.permutation(n)[: rng.integers(1, 6)]
    again = np.array([rng.permutation(body.faces[face]) for face in doubled])
    face = rng.integers(n)
    foot = body.faces[face, :2]
    tip = body.vertices[foot].mean(axis=0) + 0.1 * body.face_normals[face]
    mesh = from_faces(
        np.append(body.vertices, [tip], axis=0), np.concatenate([body.faces, again, [[*foot, n_vertices]]])
    )
    problems = find_problems(mesh)
    assert problems.duplicate_faces.tolist() == list(range(n, n + len(doubled)))
    crowded = set(edges_of(again)) | {tuple(sorted(foot.tolist()))}
    assert pairs(mesh, problems.non_manifold_edges) == crowded
    assert set(problems.non_manifold_vertices.tolist()) == {vertex for edge in crowded for vertex in edge}
    assert pairs(mesh, problems.boundary_edges) == {(int(vertex), n_vertices) for vertex in foot}
    none_but(problems, "duplicate_faces", "non_manifold_edges", "non_manifold_vertices", "boundary_edges")


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_split_vertices_open_the_surface_as_trimesh_sees_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = BODIES["ball"]
    vertices, faces = np.array(body.vertices), np.array(body.faces)
    for vertex in rng.permutation(len(vertices))[:8].tolist():
        face, corner = np.argwhere(faces == vertex)[: rng.integers(1, 4)].T
        vertices = np.append(vertices, vertices[[vertex]], axis=0)
        faces[face, corner] = len(vertices) - 1
    report = measure(from_faces(vertices, faces))
    whole = trimesh.Trimesh(vertices, faces, process=False)
    assert report.boundary_edges == len(trimesh.grouping.group_rows(whole.edges_sorted, require_count=1))
    assert report.loose_parts == len(trimesh.graph.connected_components(whole.edges, nodes=np.unique(faces)))
    assert (report.watertight, report.self_intersections) == (False, 0)


def scattered(rng: np.random.Generator, n: int) -> trimesh.Trimesh:
    """Bodies of different sizes, far enough from each other."""
    parts = []
    for place in range(n):
        part = BODIES[rng.choice(sorted(BODIES))].copy()
        part.apply_scale(rng.uniform(0.1, 1.0))
        part.apply_translation([6.0 * place, *rng.uniform(-1, 1, 2)])
        parts.append(part)
    return trimesh.util.concatenate(parts)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_loose_parts_are_those_of_trimesh(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    whole = scattered(rng, n)
    faces = whole.faces[rng.permutation(len(whole.faces))]
    problems = find_problems(from_faces(whole.vertices, faces))
    labels = trimesh.graph.connected_component_labels(trimesh.graph.face_adjacency(faces), node_count=len(faces))
    assert len({*zip(labels.tolist(), problems.part.tolist(), strict=True)}) == n == whole.body_count
    area = np.bincount(labels, trimesh.triangles.area(whole.vertices[faces]))
    assert problems.loose_faces.tolist() == np.flatnonzero(labels != area.argmax()).tolist()
    none_but(problems, "loose_faces")


def test_shells_inside_and_which_of_them_are_hollows() -> None:
    ball = trimesh.creation.icosphere(2)
    hollow, doubled = ball.copy().apply_scale(0.9), ball.copy().apply_scale(0.5)
    hollow.invert()
    mixed = ball.copy().apply_scale(0.2)
    mixed.invert()
    mixed.faces[0] = mixed.faces[0, ::-1]
    whole = trimesh.util.concatenate([ball, hollow, doubled, mixed])
    problems = find_problems(from_faces(whole.vertices, whole.faces))
    n = len(ball.faces)
    assert problems.inner_shells.tolist() == [1, 2, 3]
    assert problems.inner_faces.tolist() == list(range(n, 4 * n))
    assert problems.cavity_faces.tolist() == list(range(n, 2 * n))
    assert problems.turned_faces.tolist() == [3 * n]


def test_bow_ties_and_long_fans() -> None:
    # Two cones over rings of many corners that share their tip: more faces there than a short walk goes around.
    n = 100
    angle = np.arange(n) * 2 * np.pi / n
    ring = np.stack([np.cos(angle), np.sin(angle), np.ones(n)], axis=1)
    side = np.stack([np.arange(n), np.roll(np.arange(n), -1)], axis=1)
    tip, low = np.full((n, 1), 2 * n), np.full((n, 1), 2 * n + 1)
    cone = np.concatenate([np.append(side[:, ::-1], tip, axis=1), np.append(side, low, axis=1)])
    points = np.concatenate([ring, -ring, [[0, 0, 0], [0, 0, 3], [0, 0, -3]]])
    one = from_faces(points, cone)
    assert find_problems(one).non_manifold_vertices.tolist() == []
    other = np.where(cone < n, cone + n, np.where(cone == 2 * n, 2 * n, 2 * n + 2))
    both = find_problems(from_faces(points, np.concatenate([cone, other])))
    assert both.non_manifold_vertices.tolist() == [2 * n]
    none_but(both, "non_manifold_vertices")


def prism(outline: np.ndarray, height: float) -> Polygons:
    """A closed prism over an outline (counter-clockwise): two faces with all corners, and quads around."""
    n = len(outline)
    low = np.column_stack([outline, np.zeros(n)])
    points = np.concatenate([low, low + np.array([0, 0, height])])
    ring = np.arange(n)
    walls = np.stack([ring, np.roll(ring, -1), np.roll(ring, -1) + n, ring + n], axis=1)
    corners = np.concatenate([ring[::-1], ring + n, walls.ravel()])
    return source(points, corners, np.cumsum([0, n, n, *[4] * n]))


HOOK = np.array([[0, 0], [5, 0], [5, 1], [1, 1], [1, 3], [5, 3], [5, 4], [0, 4]], float)


def test_large_concave_faces_count_as_themselves() -> None:
    report = measure(prism(HOOK, 2.0))
    assert (report.faces, report.vertices, report.loose_parts, report.watertight) == (10, 16, 1, True)
    assert report.volume == pytest.approx(2.0 * 12.0)
    assert report.dimensions == (5.0, 4.0, 2.0)
    none_but(find_problems(prism(HOOK, 2.0)))


@pytest.mark.parametrize(("low", "crosses"), [(1.5, False), (0.5, True)])
def test_what_stands_in_the_notch_of_a_concave_face_does_not_cross_it(low: float, crosses: bool) -> None:
    hook, post = prism(HOOK, 2.0), prism(np.array([[2, low], [3, low], [3, 2.5], [2, 2.5]]), 4.0)
    points = np.concatenate([hook.points, post.points - [0, 0, 1]])
    corners = np.concatenate([hook.corners, post.corners + len(hook.points)])
    both = source(points, corners, np.concatenate([hook.first, hook.first[-1] + post.first[1:]]))
    assert bool(measure(both).self_intersections) is crosses


def test_faces_with_a_corner_twice_or_no_area_are_degenerate() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [2, 2, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]], float)
    faces = [[0, 1, 2, 3], [0, 1, 4, 2, 3, 4], [0, 5, 6, 7, 1], [0, 1, 1], [0, 5, 6], [0, 1, 2]]
    mesh = source(points, np.concatenate(faces), np.cumsum([0, *map(len, faces)]))
    assert find_problems(mesh).degenerate_faces.tolist() == [1, 2, 3, 4]


def test_faces_with_the_same_corners_in_any_order_are_duplicates() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0.1], [0, 1, 0], [0.5, 2, 0]])
    faces = [
        [0, 1, 2, 3],
        [2, 1, 0, 3],
        [0, 2, 1, 3],
        [3, 2, 4],
        [4, 3, 2],
        [0, 1, 2],
        [0, 1, 2, 4, 3],
        [1, 3, 4, 2, 0],
    ]
    mesh = source(points, np.concatenate(faces), np.cumsum([0, *map(len, faces)]))
    assert find_problems(mesh).duplicate_faces.tolist() == [1, 2, 4, 7]


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(BODIES)), damage=st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_manifold3d_takes_what_the_report_calls_closed_and_consistent(seed: int, name: str, damage: int) -> None:
    rng = np.random.default_rng(seed)
    faces = np.array(BODIES[name].faces)
    at = rng.integers(len(faces), size=2)
    if damage == 1:
        faces = np.delete(faces, at, axis=0)
    elif damage == 2:
        faces[at[0]] = faces[at[0], ::-1]
    elif damage == 3:
        faces = np.concatenate([faces, faces[at[:1]]])
    elif damage == 4:  # two holes joined at a vertex
        faces = np.delete(
            faces, [int(np.flatnonzero((faces == faces[at[0], 0]).any(axis=1))[i]) for i in (0, 2)], axis=0
        )
    mesh = from_faces(BODIES[name].vertices, faces)
    report = measure(mesh)
    body = manifold3d.Manifold(manifold3d.Mesh(mesh.points.astype(np.float32), faces.astype(np.uint32)))
    sound = report.watertight and not report.inconsistent_edges
    assert (body.status() == manifold3d.Error.NoError) == sound == (damage == 0)
    if sound:
        assert report.volume == pytest.approx(body.volume(), rel=1e-4)
        assert len(mesh.points) - len(mesh.edges.first) + mesh.n_faces == 2 - 2 * body.genus()


def test_the_measured_meshes_of_the_shared_folder(shared: Path) -> None:
    folder = shared / "test-meshes"
    compared = 0
    for row in csv.DictReader((folder / "index.csv").open(encoding="utf-8")):
        if not row["file"].endswith(".ply") or not row["boundary_edges"] or row["faces"] == "0":
            continue
        mesh = trimesh.load(folder / row["file"], process=False, force="mesh")
        if not np.isfinite(mesh.vertices).all():
            with pytest.raises(MeshError, match="not numbers"):
                measure(from_faces(mesh.vertices, mesh.faces))
            continue
        report = measure(from_faces(mesh.vertices, mesh.faces))
        found = report.boundary_edges, report.non_manifold_edges, report.loose_parts, report.watertight
        columns = "boundary_edges", "nonmanifold_edges", "components", "watertight"
        assert [str(value) for value in found] == [row[column] for column in columns], row["file"]
        compared += 1
    assert compared > 40

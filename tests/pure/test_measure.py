"""The mesh report: each count against an independent tool, or against a defect made by hand."""

from __future__ import annotations

from dataclasses import asdict

import manifold3d
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.measure import measure

BOX = trimesh.creation.box()
COUNTS = (
    "boundary_edges",
    "non_manifold_edges",
    "non_manifold_vertices",
    "duplicate_faces",
    "degenerate_faces",
    "inner_shells",
    "inconsistent_edges",
    "self_intersections",
)


def problems(vertices: np.ndarray, faces: np.ndarray) -> dict[str, int]:
    report = asdict(measure(np.float32(vertices), np.int32(faces)))
    return {name: report[name] for name in COUNTS if report[name]}


def joined(*meshes: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    whole = trimesh.util.concatenate(meshes)
    return whole.vertices, whole.faces


@settings(max_examples=15, deadline=None)
@given(sections=st.integers(3, 30), radius=st.floats(0.2, 0.9), scale=st.floats(1e-3, 1e3))
def test_a_clean_mesh_has_no_problems_and_its_true_size(sections: int, radius: float, scale: float) -> None:
    torus = trimesh.creation.torus(1.0, radius, major_sections=24, minor_sections=sections)
    torus.apply_scale(scale)
    vertices, faces = np.float32(torus.vertices), np.int32(torus.faces)
    report = measure(vertices, faces)
    assert problems(vertices, faces) == {}
    assert report.watertight and report.loose_parts == 1
    assert (report.vertices, report.faces) == (len(vertices), len(faces))
    solid = manifold3d.Manifold(manifold3d.Mesh(vertices, np.uint32(faces)))
    np.testing.assert_allclose(report.volume, solid.volume(), rtol=1e-3)
    np.testing.assert_allclose(report.dimensions, np.ptp(vertices, axis=0), rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_damaged_meshes_count_as_trimesh_counts_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(subdivisions=2)
    faces = ball.faces[rng.random(len(ball.faces)) > 0.1]
    turned = rng.random(len(faces)) < 0.1
    faces = np.where(turned[:, None], faces[:, ::-1], faces)
    mesh = trimesh.Trimesh(ball.vertices, faces, process=False)
    report = measure(np.float32(mesh.vertices), np.int32(mesh.faces))
    _, uses = np.unique(mesh.edges_sorted, axis=0, return_counts=True)
    assert report.boundary_edges == (uses == 1).sum()
    assert report.watertight == (mesh.is_watertight and mesh.is_winding_consistent)
    assert (report.inconsistent_edges == 0) == mesh.is_winding_consistent
    assert report.loose_parts == len(trimesh.graph.connected_components(faces[:, [0, 1, 1, 2]].reshape(-1, 2)))


def test_an_open_box() -> None:
    assert problems(BOX.vertices, BOX.faces[1:]) == {"boundary_edges": 3}
    assert not measure(np.float32(BOX.vertices), np.int32(BOX.faces[1:])).watertight


def test_a_flipped_face() -> None:
    faces = BOX.faces.copy()
    faces[0] = faces[0, ::-1]
    assert problems(BOX.vertices, faces) == {"inconsistent_edges": 3}


def test_a_doubled_face() -> None:
    found = problems(BOX.vertices, np.concatenate([BOX.faces, np.roll(BOX.faces[:1], 1, axis=1)]))
    assert found == {"duplicate_faces": 1, "non_manifold_edges": 3}


def test_faces_without_area() -> None:
    vertices = np.concatenate([BOX.vertices, [[5, 0, 0], [6, 0, 0], [7, 0, 0]]])
    line, point = [8, 9, 10], [0, 0, 1]
    assert measure(np.float32(vertices), np.int32([*BOX.faces, line, point])).degenerate_faces == 2


def test_a_fin() -> None:
    edge = BOX.faces[0, :2]
    vertices = np.concatenate([BOX.vertices, [[2, 2, 2]]])
    found = problems(vertices, np.concatenate([BOX.faces, [[*edge, 8]]]))
    assert found["non_manifold_edges"] == 1 and found["boundary_edges"] == 2


def test_two_bodies_that_touch_at_a_vertex() -> None:
    other = BOX.copy()
    other.apply_translation([1, 1, 1])
    vertices, faces = joined(BOX, other)
    touching = np.nonzero((vertices == 0.5).all(1))[0]
    faces[faces == touching[1]] = touching[0]
    assert problems(vertices, faces) == {"non_manifold_vertices": 1}
    assert measure(np.float32(vertices), np.int32(faces)).loose_parts == 1


@pytest.mark.parametrize("inwards", [False, True])
def test_a_shell_within(inwards: bool) -> None:
    core = trimesh.creation.icosphere(radius=0.3)
    if inwards:
        core.invert()
    vertices, faces = joined(BOX, core)
    assert problems(vertices, faces) == {"inner_shells": 1}
    report = measure(np.float32(vertices), np.int32(faces))
    assert report.loose_parts == 2
    np.testing.assert_allclose(report.volume, 1 + core.volume, rtol=1e-5)


def test_two_bodies_through_each_other() -> None:
    other = BOX.copy()
    other.apply_transform(trimesh.transformations.rotation_matrix(0.5, [1, 2, 3], [0.4, 0.1, 0]))
    other.apply_translation([0.6, 0.1, 0.2])
    vertices, faces = joined(BOX, other)
    found = problems(vertices, faces)
    assert set(found) == {"self_intersections"}
    assert 4 <= found["self_intersections"] <= 24


def test_quads_count_as_faces_and_their_diagonals_as_nothing() -> None:
    corner = np.float32([[x, y, z] for x in (0, 2) for y in (0, 1) for z in (0, 1)])
    quads = np.int32([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    report = measure(corner, quads)
    assert problems(corner, quads) == {}
    assert (report.faces, report.vertices, report.watertight) == (6, 8, True)
    np.testing.assert_allclose(report.volume, 2, rtol=1e-6)
    mixed = np.int32([*quads[:5], [1, 5, 7, -1], [1, 7, 3, -1]])
    assert problems(corner, mixed) == {} and measure(corner, mixed).faces == 7


def test_vertices_no_face_uses_do_not_count() -> None:
    vertices = np.concatenate([BOX.vertices, [[99, 99, 99]]])
    report = measure(np.float32(vertices), np.int32(BOX.faces))
    assert report.vertices == 8
    np.testing.assert_allclose(report.dimensions, 1)


@pytest.mark.parametrize("faces", [np.zeros((0, 3)), [[0, 1, 9]], [[0, 1, -2]]])
def test_what_is_no_mesh_is_refused(faces: object) -> None:
    with pytest.raises(MeshError):
        measure(np.float32(BOX.vertices), np.int32(faces).reshape(-1, 3))

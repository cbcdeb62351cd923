"""Decimation lands on the count, keeps a closed manifold one, and stays near the shape."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.decimate import decimate
from maquette.geometry.edges import find_edges, is_closed_manifold
from maquette.geometry.extract import extract_surface
from maquette.geometry.self_intersections import crossing_faces
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree


def blob(seed: int, size: int = 40, roughness: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """The surface of a ball with smooth random bumps, possibly in several parts and with handles."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(size, size, size)), size / 14)
    radius = np.linalg.norm(np.stack(np.meshgrid(*[np.linspace(-1, 1, size)] * 3, indexing="ij")), axis=0)
    return extract_surface((0.75 - radius + roughness * noise / noise.std()).astype(np.float32))


def arrays(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    return mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)


def euler(faces: np.ndarray) -> int:
    return len(np.unique(faces)) - len(find_edges(faces).first) + len(faces)


def distance(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    """The largest of the distances from points on each surface to the other's points."""
    points = [
        trimesh.sample.sample_surface(trimesh.Trimesh(*mesh, process=False), 60_000, seed=1)[0] for mesh in (one, other)
    ]
    return max(
        cKDTree(points[0]).query(points[1][:20_000])[0].max(), cKDTree(points[1]).query(points[0][:20_000])[0].max()
    )


@given(seed=st.integers(0, 2**32 - 1), roughness=st.floats(0.0, 0.4), share=st.floats(0.1, 0.99))
@settings(max_examples=25, deadline=None)
def test_random_blobs_stay_closed_manifolds(seed: int, roughness: float, share: float) -> None:
    vertices, faces = blob(seed, 32, roughness)
    target = int(share * len(faces))
    fewer_vertices, fewer_faces = decimate(vertices, faces, target)
    assert len(fewer_faces) in (target, target - 1)
    assert is_closed_manifold(fewer_faces, len(fewer_vertices))
    assert euler(fewer_faces) == euler(faces)
    assert len(np.unique(fewer_faces)) == len(fewer_vertices)
    mesh = trimesh.Trimesh(fewer_vertices, fewer_faces, process=False)
    assert mesh.body_count == trimesh.Trimesh(vertices, faces, process=False).body_count
    assert mesh.volume > 0
    assert fewer_vertices.dtype == np.float32
    assert fewer_faces.dtype == np.int32


@pytest.mark.parametrize("target", [5000, 1000, 201])
def test_the_shape_stays(target: int) -> None:
    vertices, faces = blob(3, 48, 0.1)
    fewer = decimate(vertices, faces, target)
    # In cells of the field. The error grows with the inverse of the count, as for any good triangulation.
    assert distance((vertices, faces), fewer) < 1.0 + 1000 / target
    assert trimesh.Trimesh(*fewer).volume == pytest.approx(trimesh.Trimesh(vertices, faces).volume, rel=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_smooth_shapes_do_not_come_to_cross_themselves(seed: int) -> None:
    vertices, faces = blob(seed, 48, 0.1)
    assert not crossing_faces(*decimate(vertices, faces, len(faces) // 8)).any()


def test_a_torus_keeps_its_hole_to_the_last() -> None:
    vertices, faces = arrays(trimesh.creation.torus(2.0, 0.6, 48, 24))
    fewer_vertices, fewer_faces = decimate(vertices, faces, 40)
    assert len(fewer_faces) == 40
    assert is_closed_manifold(fewer_faces, len(fewer_vertices))
    assert euler(fewer_faces) == 0


def test_flat_faces_cost_nothing() -> None:
    mesh = trimesh.creation.box(extents=(1, 2, 3)).subdivide().subdivide().subdivide()
    vertices, faces = decimate(*arrays(mesh), 200)
    assert len(faces) == 200
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(6.0, rel=1e-5)


def test_faces_are_well_shaped() -> None:
    vertices, faces = blob(5, 48, 0.1)
    vertices, faces = decimate(vertices, faces, len(faces) // 6)
    corners = vertices[faces].astype(float)
    sides = np.roll(corners, -1, axis=1) - corners
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    shape = 4 * np.sqrt(3) * area / (sides**2).sum(axis=(1, 2))
    assert np.median(shape) > 0.8  # 1 is equilateral
    assert np.quantile(shape, 0.01) > 0.2


def test_position_and_size_do_not_matter() -> None:
    vertices, faces = blob(1, 24, 0.1)
    _, near = decimate(vertices, faces, 500)
    moved, far = decimate(vertices * np.float32(2**-10) + np.float32(2**3), faces, 500)
    assert len(near) == len(far) == 500
    back = (moved - np.float32(2**3)) * np.float32(2**10)
    assert distance((vertices, faces), (back, far)) < 2.5


def test_a_small_mesh_is_returned_as_it_is() -> None:
    vertices, faces = arrays(trimesh.creation.icosphere(1))
    same_vertices, same_faces = decimate(vertices, faces, len(faces))
    assert np.array_equal(same_vertices, vertices)
    assert np.array_equal(same_faces, faces)


def test_the_arrays_given_are_left_alone() -> None:
    vertices, faces = blob(1, 24)
    before = vertices.copy(), faces.copy()
    decimate(vertices, faces, 500)
    assert np.array_equal(vertices, before[0])
    assert np.array_equal(faces, before[1])


def test_a_border_stays_as_it_is() -> None:
    mesh = trimesh.creation.icosphere(subdivisions=4)
    mesh.update_faces(mesh.triangles_center[:, 2] > 0.3)
    mesh.remove_unreferenced_vertices()
    vertices, faces = arrays(mesh)
    fewer_vertices, fewer_faces = decimate(vertices, faces, 600)
    assert 599 <= len(fewer_faces) <= 600

    def border(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
        edges = find_edges(faces)
        lone = edges.order[edges.first[edges.count == 1]]
        return np.unique(vertices[edges.start[lone]].round(5), axis=0)

    assert np.array_equal(border(vertices, faces), border(fewer_vertices, fewer_faces))


def test_what_is_not_manifold_stays_as_it_is() -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices, faces = arrays(ball)
    fin = np.array([[*faces[0, :2], len(vertices)]], np.int32)
    vertices = np.concatenate([vertices, np.array([[3.0, 0.0, 0.0]], np.float32)])
    fewer_vertices, fewer_faces = decimate(vertices, np.concatenate([faces, fin]), 200)
    assert len(fewer_faces) <= 200
    edges = find_edges(fewer_faces)
    assert sorted(edges.count[edges.count != 2].tolist()) == [1, 1, 3]
    kept = edges.order[edges.first[edges.count == 3]]
    assert np.allclose(
        np.sort(fewer_vertices[[edges.start[kept[0]], edges.end[kept[0]]]], axis=0),
        np.sort(vertices[faces[0, :2]], axis=0),
        atol=1e-6,
    )


def test_a_target_below_what_the_surface_needs_is_refused() -> None:
    balls = [trimesh.creation.icosphere(subdivisions=1) for _ in range(10)]
    for i, ball in enumerate(balls):
        ball.apply_translation((3 * i, 0, 0))
    vertices, faces = arrays(trimesh.util.concatenate(balls))
    with pytest.raises(MeshError, match="cannot be reduced to 30 faces"):
        decimate(vertices, faces, 30)


def test_bad_meshes_are_refused() -> None:
    vertices, faces = arrays(trimesh.creation.icosphere(2))
    with pytest.raises(MeshError, match="does not exist"):
        decimate(vertices[:-1], faces, 10)
    with pytest.raises(MeshError, match="no faces"):
        decimate(vertices, faces[:0], 10)
    with pytest.raises(MeshError, match="not numbers"):
        decimate(np.where(vertices > 0.9, np.nan, vertices), faces, 10)


def test_sheets_that_nearly_touch_are_kept_apart() -> None:
    # A wavy gap, much thinner than the faces get, between two halves of a ball.
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, 48)] * 3, indexing="ij")
    gap = np.abs(z - 0.15 * np.sin(7 * x) * np.cos(5 * y)) - 0.03
    vertices, faces = extract_surface(np.minimum(0.9 - np.sqrt(x * x + y * y + z * z), gap).astype(np.float32))
    fewer_vertices, fewer_faces = decimate(vertices, faces, 2500)
    assert len(fewer_faces) == 2500
    assert is_closed_manifold(fewer_faces, len(fewer_vertices))
    assert not crossing_faces(fewer_vertices, fewer_faces).any()

"""Triangles become good quads, and the count lands on the target."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.decimate import decimate
from maquette.geometry.matching import match_cheapest, rematch
from maquette.geometry.measure import measure
from maquette.geometry.quads import pair_triangles
from maquette.geometry.repair.polygons import from_faces


@pytest.fixture(scope="module")
def ellipsoid() -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(subdivisions=5)
    return decimate((mesh.vertices * [1.0, 0.6, 1.4]).astype(np.float32), mesh.faces.astype(np.int32), 4000)


def corner_angles(corners: np.ndarray) -> np.ndarray:
    """Angles of quads [N, 4, 3] in degrees."""
    ahead, back = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    cosine = (ahead * back).sum(axis=2) / (np.linalg.norm(ahead, axis=2) * np.linalg.norm(back, axis=2))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def best_size(links: list[tuple[int, int]]) -> int:
    """The size of the largest matching, by trying all."""
    for size in range(len(links), 0, -1):
        for some in combinations(links, size):
            if len({end for link in some for end in link}) == 2 * size:
                return size
    return 0


def test_a_box_becomes_its_six_sides() -> None:
    mesh = trimesh.creation.box(extents=(1, 2, 3))
    quads = pair_triangles(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32))
    assert quads.shape == (6, 4)
    assert quads.dtype == np.int32
    assert np.allclose(corner_angles(mesh.vertices[quads]), 90, atol=1e-3)
    assert measure(from_faces(mesh.vertices.astype(np.float32), quads)).volume == pytest.approx(6.0)


def test_most_faces_become_convex_flat_quads(ellipsoid: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = ellipsoid
    result = pair_triangles(vertices, faces)
    quads = result[result[:, 3] >= 0]
    assert len(quads) >= 0.9 * len(result)
    corners = vertices[quads].astype(float)
    angles = corner_angles(corners)
    assert angles.max() < 166
    assert np.abs(angles - 90).max(axis=1).mean() < 45
    normals = [np.cross(corners[:, i] - corners[:, 0], corners[:, i + 1] - corners[:, 0]) for i in (1, 2)]
    cosine = (normals[0] * normals[1]).sum(axis=1) / np.prod([np.linalg.norm(n, axis=1) for n in normals], axis=0)
    assert cosine.min() > np.cos(np.radians(50))
    assert np.median(cosine) > np.cos(np.radians(5))


def test_the_surface_is_the_same(ellipsoid: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = ellipsoid
    result = pair_triangles(vertices, faces)
    before, after = measure(from_faces(vertices, faces)), measure(from_faces(vertices, result))
    assert after.watertight
    assert (after.inconsistent_edges, after.non_manifold_vertices, after.loose_parts) == (0, 0, 1)
    assert after.volume == pytest.approx(before.volume, rel=1e-6)
    n_quads = np.count_nonzero(result[:, 3] >= 0)
    assert len(result) + n_quads == len(faces)


@pytest.mark.parametrize("target", [4000, 3999, 3000, 2200])
def test_the_count_lands_on_the_target(ellipsoid: tuple[np.ndarray, np.ndarray], target: int) -> None:
    assert len(pair_triangles(*ellipsoid, target)) == target


def test_a_target_out_of_reach_gives_all_it_can(ellipsoid: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = ellipsoid
    assert np.array_equal(pair_triangles(vertices, faces, 10), pair_triangles(vertices, faces))
    unpaired = pair_triangles(vertices, faces, 9000)
    assert np.array_equal(unpaired[:, :3], faces)
    assert (unpaired[:, 3] == -1).all()


def test_the_best_pairs_are_kept(ellipsoid: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = ellipsoid

    def skew(target: int) -> float:
        result = pair_triangles(vertices, faces, target)
        return float(np.abs(corner_angles(vertices[result[result[:, 3] >= 0]]) - 90).mean())

    assert skew(3500) < skew(3000) < skew(2200)


def test_no_quad_is_bent_over_a_sharp_edge_or_not_convex() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0.5, 1, 0], [0.5, 0.2, 1]], np.float32)
    assert (pair_triangles(vertices, np.array([[0, 1, 2], [1, 0, 3]], np.int32))[:, 3] == -1).all()
    # An arrow head: the angles at the first vertex make 270 degrees.
    arrow = np.array([[0, 0, 0], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]], np.float32)
    assert (pair_triangles(arrow, np.array([[0, 1, 2], [1, 0, 3]], np.int32))[:, 3] == -1).all()


def test_triangles_wound_against_each_other_or_sharing_all_corners_stay() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    assert len(pair_triangles(vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32))) == 1
    assert len(pair_triangles(vertices, np.array([[0, 1, 2], [0, 3, 2]], np.int32))) == 2
    assert len(pair_triangles(vertices, np.array([[0, 1, 2], [0, 2, 1]], np.int32))) == 2


def test_bad_meshes_are_refused(ellipsoid: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = ellipsoid
    with pytest.raises(MeshError, match="does not exist"):
        pair_triangles(vertices[:-1], faces)


@given(
    n=st.integers(2, 8),
    links=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=11),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None)
def test_matching_random_graphs(n: int, links: set[tuple[int, int]], seed: int) -> None:
    links = sorted({(a % n, b % n) for a, b in links if a % n < b % n})
    ends = np.array(links, np.int64).reshape(-1, 2)
    cost = np.random.default_rng(seed).permutation(len(links)).astype(float)
    greedy = match_cheapest(ends[:, 0], ends[:, 1], cost, n)
    taken: set[int] = set()
    one_by_one = []
    for link in np.argsort(cost).tolist():
        if not taken & set(links[link]):
            taken |= set(links[link])
            one_by_one.append(link)
    assert sorted(greedy.tolist()) == sorted(one_by_one)
    more = rematch(ends[:, 0], ends[:, 1], greedy, n)
    matched = ends[more].ravel().tolist()
    assert len(set(matched)) == len(matched)
    assert taken <= set(matched)
    assert len(greedy) <= len(more) <= best_size(links)


@given(n=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_paths_are_matched_in_full(n: int, seed: int) -> None:
    # A graph without odd cycles, where the largest matching is always found.
    name = np.random.default_rng(seed).permutation(n)
    cost = np.random.default_rng(seed).random(n - 1)
    a, b = name[:-1].astype(np.int64), name[1:].astype(np.int64)
    assert len(rematch(a, b, match_cheapest(a, b, cost, n), n)) == n // 2

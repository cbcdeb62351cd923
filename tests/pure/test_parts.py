"""Parts are told apart, and each use keeps what it should."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.components import components
from maquette.geometry.edges import find_edges
from maquette.geometry.parts import keep_parts, part_labels, part_volumes
from maquette.geometry.shells import inner_shells
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def ball(radius: float, at: tuple[float, float, float] = (0, 0, 0), cavity: bool = False) -> trimesh.Trimesh:
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    mesh.apply_translation(at)
    if cavity:
        mesh.invert()
    return mesh


def arrays(*parts: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.util.concatenate(parts)
    return mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32)


def shells(*parts: trimesh.Trimesh, closed: list[bool] | None = None) -> list[bool]:
    vertices, faces = arrays(*parts)
    labels = np.repeat(np.arange(len(parts)), [len(part.faces) for part in parts]).astype(np.int32)
    return inner_shells(vertices, faces, labels, np.array(closed or [True] * len(parts))).tolist()


@given(
    n=st.integers(1, 60),
    links=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=80),
)
@settings(max_examples=100, deadline=None)
def test_components_are_those_of_scipy(n: int, links: list[tuple[int, int]]) -> None:
    ends = np.array([(a % n, b % n) for a, b in links], np.int64).reshape(-1, 2)
    ours = components(n, ends[:, 0], ends[:, 1])
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    count, theirs = connected_components(graph, directed=False)
    assert len(np.unique(ours)) == count
    assert len(np.unique(np.stack([ours, theirs]), axis=1).T) == count
    assert (ours <= np.arange(n)).all()


def test_components_of_a_star_and_of_a_long_path() -> None:
    n = 20_000
    assert (components(n, np.arange(n - 1), np.full(n - 1, n - 1)) == 0).all()
    path = np.random.default_rng(0).permutation(n)
    assert (components(n, path[:-1], path[1:]) == 0).all()


def test_labels_count_parts_and_leave_unused_vertices_out() -> None:
    vertices, faces = arrays(ball(1.0), ball(1.0, (5, 0, 0)))
    labels = part_labels(find_edges(faces), len(vertices) + 3)
    n = len(vertices) // 2
    assert labels.tolist() == [0] * n + [1] * n + [-1] * 3


def test_labels_of_quads_and_triangles() -> None:
    faces = np.array([[0, 1, 2, 3], [4, 5, 6, -1], [3, 7, 8, -1]], np.int32)
    assert part_labels(find_edges(faces), 9).tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 0]


def test_volumes_are_those_of_trimesh_far_from_the_origin() -> None:
    parts = [ball(1.0, (1000, 0, 0)), ball(0.5, (1000, 0, 0), cavity=True)]
    vertices, faces = arrays(*parts)
    labels = part_labels(find_edges(faces), len(vertices))[faces[:, 0]]
    assert np.allclose(part_volumes(vertices, faces, labels, 2), [part.volume for part in parts], rtol=1e-3)


def test_a_cavity_and_what_floats_in_it_are_inner_shells() -> None:
    nested = [ball(1.0), ball(0.9, cavity=True), ball(0.5), ball(0.4, cavity=True), ball(1.0, (3, 0, 0))]
    assert shells(*nested) == [False, True, True, True, False]


def test_neighbours_and_overlapping_parts_are_no_inner_shells() -> None:
    assert shells(ball(1.0), ball(1.0, (1.5, 0, 0)), ball(0.3, (0, 0, 1.0))) == [False, False, False]


def test_a_spike_that_sticks_out_makes_a_part_no_inner_shell() -> None:
    spiked = ball(0.3)
    spiked.vertices[17] *= 10
    assert shells(ball(1.0), spiked) == [False, False]


def test_a_part_in_the_hole_of_a_ring_is_no_inner_shell() -> None:
    ring = trimesh.creation.torus(major_radius=2.0, minor_radius=0.5)
    assert shells(ring, ball(0.5), ball(0.2, (2.0, 0.0, 0.0))) == [False, False, True]


def test_open_parts_neither_hold_nor_are_inner_shells() -> None:
    assert shells(ball(1.0), ball(0.5), ball(0.2), closed=[False, True, True]) == [False, False, True]
    assert shells(ball(1.0), ball(0.5), closed=[True, False]) == [False, False]


def test_axis_aligned_boxes_in_boxes() -> None:
    # Rays along an axis from a box's corners would run into the edges of the others.
    boxes = [trimesh.creation.box(extents=[size] * 3) for size in (4.0, 3.0, 2.0, 1.0)]
    assert shells(*boxes) == [False, True, True, True]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_inner_shells_of_random_balls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    balls: list[tuple[np.ndarray, float]] = []
    while len(balls) < 12:
        centre, radius = rng.uniform(-1, 1, 3), rng.uniform(0.02, 0.8)
        # The balls are polyhedra: keep their spheres a tenth of a radius apart.
        gaps = [abs(np.linalg.norm(centre - c) - r) - radius - 0.1 * max(r, radius) for c, r in balls]
        around = [radius - np.linalg.norm(centre - c) - r - 0.1 * radius for c, r in balls]
        if all(max(pair) > 0 for pair in zip(gaps, around, strict=True)):
            balls.append((centre, radius))
    parts = [ball(radius, tuple(centre)) for centre, radius in balls]
    expected = [
        any(np.linalg.norm(centre - c) < r and radius < r for j, (c, r) in enumerate(balls) if j != i)
        for i, (centre, radius) in enumerate(balls)
    ]
    assert shells(*parts) == expected


def test_solid_keeps_the_large_pieces_without_cavities_and_crumbs() -> None:
    large, second, crumb = ball(1.0), ball(0.6, (3, 0, 0)), ball(0.4, (6, 0, 0))
    cavity, floating = ball(0.8, cavity=True), ball(0.7)
    vertices, faces = keep_parts(*arrays(crumb, cavity, large, floating, second), "solid")
    kept = trimesh.Trimesh(vertices, faces, process=False)
    assert kept.is_watertight
    assert kept.volume == pytest.approx(large.volume + second.volume, rel=1e-4)


def test_solid_keeps_the_largest_of_many_equal_crumbs() -> None:
    parts = [ball(1.0, (3 * i, 0, 0)) for i in range(15)] + [ball(1.1, (-5, 0, 0))]
    vertices, faces = keep_parts(*arrays(*parts), "solid")
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(parts[-1].volume, rel=1e-4)


def test_visual_keeps_small_pieces_but_not_dust_or_cavities() -> None:
    large, small, dust, cavity = ball(1.0), ball(0.2, (3, 0, 0)), ball(0.05, (6, 0, 0)), ball(0.5, cavity=True)
    vertices, faces = keep_parts(*arrays(dust, large, cavity, small), "visual")
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(large.volume + small.volume, rel=1e-4)
    assert len(np.unique(faces)) == len(vertices)


def test_raw_keeps_everything() -> None:
    vertices, faces = arrays(ball(1.0), ball(0.5, cavity=True), ball(0.01, (3, 0, 0)))
    kept_vertices, kept_faces = keep_parts(vertices, faces, "raw")
    assert np.array_equal(kept_vertices, vertices)
    assert np.array_equal(kept_faces, faces)


def test_bad_meshes_are_refused() -> None:
    vertices, faces = arrays(ball(1.0))
    with pytest.raises(MeshError, match="no faces"):
        keep_parts(vertices, faces[:0], "solid")
    with pytest.raises(MeshError, match="does not exist"):
        keep_parts(vertices[:-1], faces, "solid")
    vertices[3, 1] = np.nan
    with pytest.raises(MeshError, match="not numbers"):
        keep_parts(vertices, faces, "solid")

"""A cleaned mesh finds where to take its UVs, colours and shape keys from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.repair.merge import merge_vertices
from maquette.geometry.repair.polygons import NONE, Polygons, from_faces, keep_faces
from maquette.geometry.repair.transfer import blend

# One square of UV space for each side of a box, by the axis and the sign of its normal.
ISLANDS = [(axis, sign) for axis in range(3) for sign in (-1, 1)]


def unknown(mesh: Polygons) -> Polygons:
    """The same mesh without its memory."""
    none = [np.full(len(rows), NONE) for rows in (mesh.point_from, mesh.corner_from, mesh.face_from)]
    return replace(mesh, point_from=none[0], corner_from=none[1], face_from=none[2])


def box(steps: int) -> Polygons:
    """A box from -1 to 1 of quads, welded."""
    share = np.linspace(-1, 1, steps + 1)
    u, v = (grid.ravel() for grid in np.meshgrid(share, share, indexing="ij"))
    number = np.arange((steps + 1) ** 2).reshape(steps + 1, -1)
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1).reshape(-1, 4)
    points, faces = [], []
    for axis, sign in ISLANDS:
        side = np.empty((len(u), 3))
        side[:, axis], side[:, (axis + 1) % 3], side[:, (axis + 2) % 3] = sign, u, v
        faces.append((quads if sign > 0 else quads[:, ::-1]) + len(points) * len(u))
        points.append(side)
    mesh = merge_vertices(from_faces(np.concatenate(points), np.concatenate(faces)))
    return from_faces(mesh.points, mesh.corners.reshape(-1, 4))


def box_side(mesh: Polygons) -> np.ndarray:
    """The side of the box each face is on."""
    middle = np.add.reduceat(mesh.points[mesh.corners], mesh.first[:-1]) / mesh.sizes[:, None]
    axis = np.abs(middle).argmax(axis=1)
    return 2 * axis + (middle[np.arange(len(middle)), axis] > 0)


def box_uv(mesh: Polygons) -> np.ndarray:
    """UVs of the corners: the sides of the box lie far apart."""
    side = box_side(mesh)[mesh.owner]
    points = mesh.points[mesh.corners]
    rows = np.arange(len(side))
    return np.stack([points[rows, (side // 2 + 1) % 3] + 10 * side, points[rows, (side // 2 + 2) % 3]], axis=1)


@pytest.mark.parametrize("with_islands", [False, True])
@pytest.mark.parametrize(("before", "after"), [(3, 7), (7, 3), (1, 8), (9, 1), (4, 4)])
def test_uv_islands_come_through_a_new_topology(before: int, after: int, with_islands: bool) -> None:
    source, result = box(before), unknown(box(after))
    origin = blend(result, source, box_side(source) if with_islands else None)
    assert np.allclose(origin.corners.mix(box_uv(source)), box_uv(result), atol=1e-9)
    assert np.array_equal(box_side(source)[origin.faces], box_side(result))
    assert np.allclose(origin.points.mix(source.points), result.points, atol=1e-9)


def test_a_face_across_a_seam_stays_in_its_island() -> None:
    source = box(6)
    points = np.array([[1, -0.8, 0.7], [1, 0.8, 0.7], [0.6, 0.8, 1.0], [0.9, -0.8, 1.0]])
    result = unknown(from_faces(points, np.array([[0, 1, 2], [0, 2, 3]])))
    origin = blend(result, source, box_side(source))
    sides = box_side(source)[source.owner]
    for face in range(2):
        mine = origin.corners.nearest[3 * face : 3 * face + 3]
        assert (sides[mine] == box_side(source)[origin.faces[face]]).all()
    uv = origin.corners.mix(box_uv(source)).reshape(2, 3, 2)
    assert np.ptp(uv, axis=1).max() < 3


def test_what_is_remembered_is_copied() -> None:
    source = box(3)
    keep = np.random.default_rng(0).random(source.n_faces) < 0.6
    result = keep_faces(source, keep)
    origin = blend(result, source)
    assert np.array_equal(origin.faces, np.flatnonzero(keep))
    assert np.array_equal(origin.corners.copy(box_uv(source)), box_uv(result))
    assert np.array_equal(origin.points.mix(source.points), result.points)
    assert not len(origin.points.mixed) + len(origin.corners.mixed)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), forgotten=st.floats(0, 1))
def test_partly_forgotten(seed: int, forgotten: float) -> None:
    source = box(4)
    rng = np.random.default_rng(seed)
    rows = [
        np.where(rng.random(len(known)) < forgotten, NONE, known)
        for known in (source.point_from, source.corner_from, source.face_from)
    ]
    result = replace(source, point_from=rows[0], corner_from=rows[1], face_from=rows[2])
    origin = blend(result, source)
    assert np.array_equal(origin.faces, source.face_from)
    assert np.allclose(origin.corners.mix(box_uv(source)), box_uv(source))
    assert np.array_equal(origin.points.copy(np.arange(len(source.points))), source.point_from)


def test_a_new_corner_takes_after_the_face_it_is_cut_from() -> None:
    # Two sheets in one place with different UVs: only memory tells which is which.
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    source = from_faces(np.tile(points, (2, 1)), np.array([[0, 1, 2, 3], [4, 5, 6, 7]]))
    uv = np.concatenate([points[:, :2], points[:, :2] + 5])
    cut = from_faces(np.array([[0.2, 0.1, 0], [0.9, 0.3, 0], [0.5, 0.8, 0]]), np.array([[0, 1, 2], [0, 1, 2]]))
    origin = blend(replace(unknown(cut), face_from=np.array([1, 0])), source)
    expected = cut.points[cut.corners, :2] + np.repeat([5, 0], 3)[:, None]
    assert np.allclose(origin.corners.mix(uv), expected)


def test_values_of_any_kind() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=2)
    source = from_faces(sphere.vertices, sphere.faces)
    fine = sphere.subdivide()
    origin = blend(unknown(from_faces(fine.vertices, fine.faces)), source)
    colours = (0.5 + 0.5 * source.points).astype(np.float32)
    mixed = origin.points.mix(colours)
    assert mixed.dtype == np.float32
    assert np.abs(mixed - (0.5 + 0.5 * fine.vertices)).max() < 1e-6
    height = source.points[:, 2]
    assert np.allclose(origin.points.mix(height), fine.vertices[:, 2])
    flags = origin.points.copy(source.points[:, 2] > 0)
    assert flags.dtype == bool
    far = np.abs(fine.vertices[:, 2]) > 0.3
    assert np.array_equal(flags[far], fine.vertices[far, 2] > 0)


def test_damaged_faces_of_the_source_are_looked_past() -> None:
    source = box(3)
    points = source.points.copy()
    points[0] = np.nan
    damaged = replace(source, points=points)
    broken = np.isnan(points[source.corners]).any(axis=1).reshape(-1, 4).any(axis=1)
    result = unknown(box(5))
    origin = blend(result, damaged)
    assert broken.any()
    assert not broken[origin.faces].any()
    assert np.isfinite(origin.points.mix(points)).all()
    kept = replace(result, face_from=np.where(np.arange(result.n_faces) == 3, np.flatnonzero(broken)[0], NONE))
    assert blend(kept, damaged).faces[3] == np.flatnonzero(broken)[0]
    with pytest.raises(MeshError):
        blend(result, replace(source, points=np.full_like(points, np.nan)))

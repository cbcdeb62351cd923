"""Baked maps give a simple mesh the look of the detailed one: held against formulas, and lines against brute force."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.bake_detail import bake_detail, smooth_mesh_of
from maquette.geometry.bake_detail_data import Detail, DetailMesh
from maquette.geometry.bake_detail_rays import LineTarget
from maquette.geometry.bake_detail_sky import sky_share
from maquette.geometry.raster import barycentric, face_map
from maquette.geometry.tangents import corner_tangents
from maquette.geometry.unwrap import unwrap

SIZE = 256


def sphere(level: int, radius: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(level, radius)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32)


def bumpy_radius(way: np.ndarray) -> np.ndarray:
    """The radius of a displaced sphere in unit directions [..., 3]."""
    x, y, z = np.moveaxis(way, -1, 0)
    return 1 + 0.02 * np.sin(9 * x) * np.sin(8 * y + 1) * np.cos(7 * z)


def bumpy_normals(way: np.ndarray) -> np.ndarray:
    """Its unit normals, from the derivative of the radius."""
    x, y, z = np.moveaxis(way, -1, 0)
    slope = 0.02 * np.stack(
        [
            9 * np.cos(9 * x) * np.sin(8 * y + 1) * np.cos(7 * z),
            8 * np.sin(9 * x) * np.cos(8 * y + 1) * np.cos(7 * z),
            -7 * np.sin(9 * x) * np.sin(8 * y + 1) * np.sin(7 * z),
        ],
        -1,
    )
    slope -= way * (slope * way).sum(-1, keepdims=True)
    normals = way * bumpy_radius(way)[..., None] - slope
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


@functools.cache
def ball() -> DetailMesh:
    points, faces = sphere(3)
    return smooth_mesh_of(points, faces, unwrap(points.astype(np.float32), faces))


@functools.cache
def bumpy() -> DetailMesh:
    points, faces = sphere(6)
    return smooth_mesh_of(points * bumpy_radius(points)[:, None], faces)


@functools.cache
def baked() -> Detail:
    return bake_detail(ball(), bumpy(), SIZE, 0.1)


def read_back(low: DetailMesh, detail: Detail) -> tuple[np.ndarray, np.ndarray]:
    """Points and unit normals of the texels in use, as a renderer reads the displacement and the normal map."""
    assert low.uv is not None
    assert detail.normal is not None
    assert detail.displacement is not None
    corners = np.stack([low.uv[:, :, 0], 1 - low.uv[:, :, 1]], 2) * SIZE
    index = face_map(corners, (SIZE, SIZE)).ravel()
    texel = np.flatnonzero(index >= 0)
    face = index[texel]
    weights = barycentric(corners, face, texel % SIZE + 0.5, texel // SIZE + 0.5)[:, :, None]
    tangents, signs = corner_tangents(low.points, low.triangles, low.normals, low.uv)
    normal = (low.normals[face] * weights).sum(1)
    tangent = (tangents[face] * weights).sum(1)
    bitangent = signs[face, None] * np.cross(normal, tangent)
    colour = detail.normal.reshape(-1, 3)[texel] / 127.5 - 1
    decoded = colour[:, :1] * tangent + colour[:, 1:2] * bitangent + colour[:, 2:] * normal
    height = (detail.displacement.ravel()[texel] / 65535 - detail.midlevel) * detail.scale
    outwards = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    points = (low.points[low.triangles[face]] * weights).sum(1) + height[:, None] * outwards
    return points, decoded / np.linalg.norm(decoded, axis=1, keepdims=True)


def angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((one * other).sum(-1), -1, 1)))


def test_the_normals_of_a_displaced_sphere_are_those_of_its_formula() -> None:
    points, normals = read_back(ball(), baked())
    way = points / np.linalg.norm(points, axis=1, keepdims=True)
    apart = angles(normals, bumpy_normals(way))
    assert angles(way, bumpy_normals(way)).mean() > 4  # what a flat map would miss
    assert apart.mean() < 0.5
    assert apart.max() < 1.5
    assert baked().met == 1


def test_the_displacement_leads_to_the_detailed_surface() -> None:
    points, _ = read_back(ball(), baked())
    radius = np.linalg.norm(points, axis=1)
    assert np.abs(radius - bumpy_radius(points / radius[:, None])).max() < 5e-4
    assert np.ptp(radius) > 0.03


@settings(max_examples=4, deadline=None)
@given(st.floats(0, 360), st.booleans())
def test_turned_or_mirrored_uvs_read_back_the_same(turn: float, mirrored: bool) -> None:
    low = ball()
    assert low.uv is not None
    angle = np.radians(turn)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    uv = ((low.uv - 0.5) * ([-1, 1] if mirrored else [1, 1])) @ spin.T * 0.7 + 0.5
    turned = replace(low, uv=uv.astype(np.float32))
    maps = frozenset({"normal", "displacement"})
    points, normals = read_back(turned, bake_detail(turned, bumpy(), SIZE, 0.1, maps))
    apart = angles(normals, bumpy_normals(points / np.linalg.norm(points, axis=1, keepdims=True)))
    assert apart.max() < 1.5


def test_a_mesh_baked_onto_itself_is_flat() -> None:
    detail = bake_detail(ball(), ball(), SIZE, 0.1, frozenset({"normal", "displacement"}))
    assert detail.normal is not None
    assert detail.displacement is not None
    assert np.abs(detail.normal.astype(int) - [128, 128, 255]).max() <= 1
    assert np.abs((detail.displacement / 65535 - 0.5) * detail.scale).max() < 1e-6
    assert detail.occlusion is None


def test_the_padding_continues_the_map() -> None:
    detail = baked()
    assert detail.normal is not None
    assert detail.displacement is not None
    inside = detail.covered
    outer = ~inside & (np.roll(inside, 1, 0) | np.roll(inside, -1, 0) | np.roll(inside, 1, 1) | np.roll(inside, -1, 1))
    rows, columns = np.nonzero(outer[1:-1, 1:-1])
    for row, column in zip(rows[::50] + 1, columns[::50] + 1, strict=True):
        window = slice(row - 1, row + 2), slice(column - 1, column + 2)
        near = detail.displacement[window][inside[window]].astype(int)
        assert np.abs(near - detail.displacement[row, column]).min() < 0.1 * 65535


def test_what_lies_too_far_away_is_left_out_and_told() -> None:
    points, faces = sphere(4, 1.5)
    detail = bake_detail(ball(), smooth_mesh_of(points, faces), SIZE, 0.1)
    assert (detail.met, detail.near) == (0, 0)
    assert detail.normal is not None
    assert np.abs(detail.normal.astype(int) - [128, 128, 255]).max() <= 1


def test_the_back_of_a_wall_is_not_taken_for_its_front() -> None:
    """A plate thinner than the reach: each side finds its own skin."""
    plate = trimesh.creation.box((1, 1, 0.02))
    points, faces = np.asarray(plate.vertices), np.asarray(plate.faces, np.int32)
    target = LineTarget(points, faces)
    start = np.array([[0.1, 0.2, 0.002], [0.1, 0.2, -0.002]])
    distance, _, _ = target.find(start, np.array([[0, 0, 1.0], [0, 0, -1.0]]), 0.5)
    np.testing.assert_allclose(distance, 0.008, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300))
def test_lines_meet_the_nearest_triangle_that_faces_them(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(count, 1, 3)) + rng.normal(size=(count, 3, 3)) * rng.choice([0.1, 0.5])
    start = rng.normal(size=(40, 3))
    along = rng.normal(size=(40, 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    triangles = np.arange(3 * count).reshape(-1, 3)
    distance, triangle, weights = LineTarget(corners.reshape(-1, 3), triangles).find(start, along, 1.0)
    expected = np.full(40, np.inf)
    for line in range(40):
        for a, b, c in corners:
            matrix = np.stack([b - a, c - a, -along[line]], 1)
            if np.linalg.det(matrix) >= 0:  # the outer side faces the other way
                continue
            v, w, t = np.linalg.solve(matrix, start[line] - a)
            if v >= 0 and w >= 0 and v + w <= 1 and abs(t) <= min(1.0, abs(expected[line])):
                expected[line] = t
    np.testing.assert_allclose(np.where(triangle >= 0, distance, np.inf), expected, atol=1e-9)
    met = triangle >= 0
    places = (corners[triangle[met]] * weights[met][:, :, None]).sum(1)
    np.testing.assert_allclose(places, start[met] + distance[met, None] * along[met], atol=1e-6)


def test_the_sky_beside_a_long_wall_is_as_open_as_the_formula_says() -> None:
    """Under an endless wall of height h at distance d, (1 + d / hypot(d, h)) / 2 of the light arrives."""
    scene = trimesh.util.concatenate(
        [
            trimesh.creation.box((4, 30, 0.2), trimesh.transformations.translation_matrix((2, 0, -0.1))),
            trimesh.creation.box((0.2, 30, 1), trimesh.transformations.translation_matrix((-0.1, 0, 0.5))),
        ]
    )
    distance = np.array([0.5, 1.0, 2.0, 3.0])
    at = np.stack([distance, np.zeros(4), np.zeros(4)], 1).astype(np.float32)
    up = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    share = sky_share(np.asarray(scene.vertices), np.asarray(scene.faces), at, up)
    np.testing.assert_allclose(share, (1 + distance / np.hypot(distance, 1)) / 2, atol=0.04)


def test_a_ball_sees_all_of_the_sky_and_a_closed_room_none() -> None:
    points, faces = sphere(5)
    way = points.astype(np.float32)
    assert sky_share(points, faces, way, way).min() > 0.98
    room = sky_share(points, faces, way * np.float32(0.9), -way)
    assert room.mean() < 0.001
    assert room.max() < 0.05


def test_overlapping_uvs_are_told() -> None:
    low = ball()
    assert low.uv is not None
    assert baked().overlap == 0
    twice = low.uv.copy()
    twice[: len(twice) // 2] = low.uv[-(len(twice) // 2) :]
    assert bake_detail(replace(low, uv=twice), ball(), SIZE, 0.1, frozenset({"normal"})).overlap > 0.5


def test_meshes_that_cannot_be_baked_are_refused_with_what_to_do() -> None:
    empty = smooth_mesh_of(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    with pytest.raises(MeshError, match="unwrap it"):
        bake_detail(bumpy(), ball(), SIZE, 0.1)
    with pytest.raises(MeshError, match="no faces"):
        bake_detail(ball(), empty, SIZE, 0.1)
    away = replace(ball(), uv=np.full_like(ball().uv, 3.0))
    with pytest.raises(MeshError, match="unwrap it"):
        bake_detail(away, ball(), SIZE, 0.1)


def test_a_run_can_be_stopped() -> None:
    class StoppedError(Exception):
        pass

    def stop(share: float) -> None:
        assert 0 <= share <= 1
        if share > 0.5:
            raise StoppedError

    with pytest.raises(StoppedError):
        bake_detail(ball(), bumpy(), SIZE, 0.1, progress=stop)

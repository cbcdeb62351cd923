"""UV unwrapping: nothing overlaps, the square is well used, and texels are of one size."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.devtools.measure_texture import stretch_of
from maquette.errors import MeshError
from maquette.geometry.charts import AXES, find_links, label_axes, number_charts
from maquette.geometry.pack import pack_charts
from maquette.geometry.raster import covered_pixels, face_map
from maquette.geometry.triangles import area_vectors, triangulate
from maquette.geometry.unwrap import unwrap
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Arrays = tuple[np.ndarray, np.ndarray]


def arrays(mesh: trimesh.Trimesh) -> Arrays:
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


def blob(seed: int, subdivisions: int = 3) -> Arrays:
    """A closed lumpy body with folds."""
    rng = np.random.default_rng(seed)
    vertices, faces = arrays(trimesh.creation.icosphere(subdivisions))
    waves = np.sin(vertices @ rng.normal(0, 2.5, (3, 4)) + rng.uniform(0, 6, 4)) @ rng.uniform(0.05, 0.2, 4)
    return (vertices * (1 + waves[:, None]) * rng.uniform(0.3, 1, 3)).astype(np.float32), faces


def ramp() -> Arrays:
    """A spiral ramp of four turns: from above, each turn lies over the one below."""
    angle = np.linspace(0, 8 * np.pi, 200)
    rims = [np.stack([r * np.cos(angle), r * np.sin(angle), 0.05 * angle], 1) for r in (0.5, 1.0)]
    i = np.arange(199)
    faces = np.concatenate([np.stack([i, i + 200, i + 201], 1), np.stack([i, i + 201, i + 1], 1)])
    return np.concatenate(rims).astype(np.float32), faces.astype(np.int32)


def quad_grid() -> Arrays:
    """A wavy sheet of quads, some split into triangles."""
    x, y = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 25))
    vertices = np.stack([x, y, 0.4 * np.sin(3 * x) * np.cos(2 * y)], -1).reshape(-1, 3).astype(np.float32)
    a = (np.arange(24)[:, None] * 25 + np.arange(24)).ravel()
    quads = np.stack([a, a + 1, a + 26, a + 25], 1)
    split = quads[::5]
    halves = np.concatenate([split[:, :3], split[:, [0, 2, 3]]])
    triangles = np.concatenate([halves, np.full((len(halves), 1), -1)], 1)
    return vertices, np.concatenate([np.delete(quads, np.s_[::5], 0), triangles]).astype(np.int32)


MESHES = {
    "sphere": arrays(trimesh.creation.icosphere(4)),
    "torus": arrays(trimesh.creation.torus(1.0, 0.35)),
    "box": arrays(trimesh.creation.box((1, 2, 3))),
    "blob": blob(3, 4),
    "ramp": ramp(),
    "quads": quad_grid(),
}


@functools.cache
def unwrapped(name: str) -> np.ndarray:
    return unwrap(*MESHES[name])


def uv_triangles(faces: np.ndarray, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertex indices [T, 3] and UV corners [T, 3, 2]."""
    triangles, owner, corner = triangulate(faces)
    return triangles, uv[owner[:, None], corner].astype(np.float64)


def uv_areas(corners: np.ndarray) -> np.ndarray:
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])


def charts_of(triangles: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Charts as a renderer sees them: triangles that share a vertex at the same UV."""
    keys = np.concatenate([triangles.reshape(-1, 1), np.rint(corners.reshape(-1, 2) * 1e5)], 1)
    _, node = np.unique(keys, axis=0, return_inverse=True)
    node = node.reshape(-1, 3)
    ends = node[:, [0, 1, 1, 2]].reshape(-1, 2)
    links = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (node.max() + 1,) * 2)
    return connected_components(links, directed=False)[1][node[:, 0]]


@pytest.mark.parametrize("name", MESHES)
def test_no_overlap_inside_the_square_and_unmirrored(name: str) -> None:
    faces = MESHES[name][1]
    uv = unwrapped(name)
    assert uv.shape == (*faces.shape, 2)
    assert uv.dtype == np.float32
    assert uv.min() >= 0
    assert uv.max() <= 1
    _, corners = uv_triangles(faces, uv)
    assert (uv_areas(corners) > 0).all()
    pixels = corners * 2048
    shown = np.count_nonzero(face_map(pixels, (2048, 2048)) >= 0)
    assert covered_pixels(pixels, (2048, 2048)).sum() - shown <= 1e-5 * shown


@pytest.mark.parametrize("name", MESHES)
def test_charts_keep_clear_of_each_other(name: str) -> None:
    """At 1024 no texel next to one chart belongs to another: filtering never mixes two charts."""
    faces = MESHES[name][1]
    triangles, corners = uv_triangles(faces, unwrapped(name))
    chart = charts_of(triangles, corners)
    index = face_map(corners * 1024, (1024, 1024))
    shown = np.where(index >= 0, chart[index], -1)
    for axis in (0, 1):
        here, there = np.moveaxis(shown, axis, 0)[:-1], np.moveaxis(shown, axis, 0)[1:]
        assert not ((here >= 0) & (there >= 0) & (here != there)).any()
    assert (shown[[0, -1]] == -1).all()
    assert (shown[:, [0, -1]] == -1).all()


@pytest.mark.parametrize("name", ["sphere", "torus", "box", "blob", "quads"])
def test_texels_are_of_one_size_and_not_wasted(name: str) -> None:
    vertices, faces = MESHES[name]
    triangles, corners = uv_triangles(faces, unwrapped(name))
    areas = uv_areas(corners)
    assert areas.sum() >= 0.45
    chart = charts_of(triangles, corners)
    surface = np.linalg.norm(area_vectors(vertices, triangles), axis=1)
    density = np.bincount(chart, areas) / np.bincount(chart, surface)
    assert density.max() / density.min() < 1.05


@pytest.mark.parametrize("name", ["sphere", "torus", "box", "blob"])
def test_lengths_are_kept(name: str) -> None:
    assert stretch_of(*MESHES[name], unwrapped(name)) < 1.1


def test_stretch_of_a_square_drawn_twice_as_wide() -> None:
    vertices, faces = (
        np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )
    plain = vertices[faces.astype(np.int32)][:, :, [0, 2]] * 0.3
    assert np.isclose(stretch_of(vertices, faces.astype(np.int32), plain), 1.0)
    # Singular values 1 and 1/2 at equal area: sqrt((2 + 1/2) / 2).
    assert np.isclose(stretch_of(vertices, faces.astype(np.int32), plain * [2, 1]), np.sqrt(1.25))


def test_few_charts_on_simple_shapes() -> None:
    for name, most in (("box", 6), ("sphere", 8), ("torus", 16)):
        faces = MESHES[name][1]
        triangles, corners = uv_triangles(faces, unwrapped(name))
        assert len(np.unique(charts_of(triangles, corners))) <= most


def test_both_halves_of_a_quad_stay_together() -> None:
    faces = MESHES["quads"][1]
    uv = unwrapped("quads")
    quads = faces[:, 3] >= 0
    triangles, corners = uv_triangles(faces, uv)
    chart = charts_of(triangles, corners)
    assert np.array_equal(chart[: len(faces)][quads], chart[len(faces) :])
    assert (uv[~quads, 3] == 0).all()


def test_no_face_is_too_steep_for_its_axis() -> None:
    vertices, faces = MESHES["blob"]
    links = find_links(vertices, faces)
    label = label_axes(vertices, faces, links)
    normals = area_vectors(vertices, faces)
    cosine = (normals * AXES[label]).sum(1) / np.linalg.norm(normals, axis=1)
    assert cosine.min() > np.cos(np.radians(81))
    assert number_charts(label, links).max() < 40


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.floats(-100, 100))
@settings(max_examples=6, deadline=None)
def test_any_blob_of_any_size_and_place(seed: int, size: float, shift: float) -> None:
    vertices, faces = blob(seed)
    moved = (vertices * size + shift * size).astype(np.float32)
    _, corners = uv_triangles(faces, unwrap(moved, faces))
    shown = np.count_nonzero(face_map(corners * 1024, (1024, 1024)) >= 0)
    assert covered_pixels(corners * 1024, (1024, 1024)).sum() - shown <= 1e-4 * shown
    assert shown > 0.4 * 1024**2


def test_the_same_mesh_gives_the_same_uvs() -> None:
    assert np.array_equal(unwrap(*MESHES["torus"]), unwrapped("torus"))


@pytest.mark.parametrize("squash", [(1, 0, 1), (1, 0, 0), (0, 0, 0)])
def test_flattened_meshes_do_not_break_it(squash: tuple[int, int, int]) -> None:
    vertices, faces = MESHES["sphere"]
    uv = unwrap(vertices * np.array(squash, np.float32), faces)
    assert np.isfinite(uv).all()
    assert uv.min() >= 0
    assert uv.max() <= 1


def test_bad_meshes_are_refused() -> None:
    vertices, faces = MESHES["box"]
    with pytest.raises(MeshError):
        unwrap(vertices, faces[:0])
    with pytest.raises(MeshError):
        unwrap(np.full_like(vertices, np.inf), faces)
    with pytest.raises(MeshError):
        unwrap(vertices[:3], faces)


def test_packing_keeps_shapes_and_finds_room_in_hollows() -> None:
    """A ring of four bars and a square that fits into its middle: the square goes there."""
    bars = [((0, 0), (10, 1)), ((0, 9), (10, 10)), ((0, 1), (1, 9)), ((9, 1), (10, 9)), ((20, 20), (26, 26))]
    corners = []
    for (x0, y0), (x1, y1) in bars:
        corners += [[[x0, y0], [x1, y0], [x1, y1]], [[x0, y0], [x1, y1], [x0, y1]]]
    corners = np.array(corners, np.float64)
    placed = pack_charts(corners, np.array([0] * 8 + [1] * 2))
    before, after = (np.linalg.norm(c - np.roll(c, 1, axis=1), axis=2) for c in (corners, placed))
    scale = after / before
    assert np.allclose(scale, scale[0, 0], rtol=1e-6)
    ring, square = placed[:8].reshape(-1, 2), placed[8:].reshape(-1, 2)
    assert (square.min(0) > ring.min(0)).all()
    assert (square.max(0) < ring.max(0)).all()

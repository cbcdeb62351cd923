"""Baking: the picture lands where the camera sees the surface, and nowhere else."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Camera, Subject, Surface
from maquette.errors import MeshError, ModelError
from maquette.geometry.axes import project
from maquette.geometry.bake import bake_texture
from maquette.geometry.diffuse import diffuse
from maquette.geometry.filters import box_extreme, sample
from maquette.geometry.foreground import extend_foreground
from maquette.geometry.pad import fill_gaps, pad_texture
from maquette.geometry.triangles import triangulate, vertex_normals
from maquette.geometry.unwrap import unwrap
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

CAMERA = Camera(elevation=0.2, distance=4.0)
RED, BLUE, GREEN = (200, 40, 30), (30, 50, 190), (0, 255, 0)


def subject_of(picture: np.ndarray, left: float = 0.0, top: float = 0.0, side: float | None = None) -> Subject:
    side = float(len(picture)) if side is None else side
    return Subject(np.zeros((512, 512, 4), np.uint8), picture, left, top, side)


def surface_of(camera: Camera = CAMERA) -> Surface:
    nothing = np.zeros((512, 512), np.float32)
    return Surface(nothing, np.zeros((512, 512, 3), np.float32), nothing > 0, nothing, camera)


def crop_grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    centres = (np.arange(size) + 0.5) * (2 / size)
    return np.meshgrid(centres - 1, 1 - centres)


def disc_picture(radius: float, size: int = 512) -> np.ndarray:
    """Left half red, right half blue, and around it bright green that is cut out."""
    u, v = crop_grid(size)
    inside = np.hypot(u, v) < radius
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., :3] = np.where((u < 0)[..., None], RED, BLUE)
    rgba[~inside, :3] = GREEN
    rgba[..., 3] = np.where(inside, 255, 0)
    return rgba


def sphere(radius: float = 0.75, centre: tuple[float, float, float] = (0, 0, 0)) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(4, radius)
    return (np.asarray(mesh.vertices) + centre).astype(np.float32), np.asarray(mesh.faces, np.int32)


def plate(half: float, y: float, cells: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """A square facing the camera at depth ``y``, its half side given as seen in the crop."""
    steps = np.linspace(-half, half, cells + 1) * (1 + y / CAMERA.distance)
    x, z = np.meshgrid(steps, steps)
    vertices = np.stack([x, np.full_like(x, y), z], -1).reshape(-1, 3).astype(np.float32)
    a = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).ravel()
    up = cells + 1
    faces = np.concatenate([np.stack([a, a + 1, a + up + 1], 1), np.stack([a, a + up + 1, a + up], 1)])
    return vertices, faces.astype(np.int32)


def join(*meshes: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0] + [len(vertices) for vertices, _ in meshes])
    faces = [faces + offset for (_, faces), offset in zip(meshes, offsets, strict=False)]
    return np.concatenate([vertices for vertices, _ in meshes]), np.concatenate(faces).astype(np.int32)


def face_colours(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """The texture in the middle of each triangle, as a renderer looks it up: float [F, 3]."""
    middle = uv[:, :3].mean(1) * len(texture)
    return sample(texture, middle[:, 0], len(texture) - middle[:, 1])


def middles(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    u, v, _ = project(vertices[faces].mean(1), CAMERA)
    return u, v


def paint(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
    baked = bake_texture(*arguments)
    return baked.texture, baked.seen


@functools.cache
def baked_sphere() -> tuple[np.ndarray, ...]:
    vertices, faces = sphere()
    uv = unwrap(vertices, faces)
    # The camera is near: of a ball of radius 0.75 it sees 0.763.
    texture, seen = paint(vertices, faces, uv, subject_of(disc_picture(0.763)), surface_of(), 1024)
    return vertices, faces, uv, texture, seen


def test_the_front_shows_the_picture() -> None:
    vertices, faces, uv, texture, _ = baked_sphere()
    u, v = middles(vertices, faces)
    front = (np.hypot(u, v) < 0.6) & (vertices[faces].mean(1)[:, 1] < 0) & (np.abs(u) > 0.05)
    expected = np.where((u < 0)[:, None], RED, BLUE)
    assert front.sum() > 500
    assert np.abs(face_colours(texture, uv) - expected)[front].max() <= 2


def test_no_background_bleeds_in_and_every_texel_is_filled() -> None:
    texture = baked_sphere()[3].astype(int)
    assert texture.shape == (1024, 1024, 3)
    excess = texture[..., 1] - np.maximum(texture[..., 0], texture[..., 2])
    assert excess.max() <= 0
    assert texture.min() >= 4
    assert texture.max() <= 251


def test_the_back_keeps_to_the_side_it_is_on_without_a_seam() -> None:
    vertices, faces, uv, texture, _ = baked_sphere()
    colour = face_colours(texture, uv)
    middle = vertices[faces].mean(1)
    back = middle[:, 1] > 0.4
    left, right = colour[back & (middle[:, 0] < -0.3)].mean(0), colour[back & (middle[:, 0] > 0.3)].mean(0)
    assert left[0] > left[2] + 40
    assert right[2] > right[0] + 40
    # Across the border of what is seen, neighbouring faces of one half hardly differ.
    pairs = trimesh.Trimesh(vertices, faces, process=False).face_adjacency
    one_side = (np.abs(middle[pairs][:, :, 0]) > 0.35).all(1)
    assert np.abs(colour[pairs[:, 0]] - colour[pairs[:, 1]])[one_side].max() < 25


def test_the_back_has_the_colours_of_the_picture_not_their_mixture() -> None:
    vertices, faces, uv, texture, _ = baked_sphere()
    hidden = vertices[faces].mean(1)[:, 1] > 0.1
    colour = face_colours(texture, uv)[hidden]
    apart = np.minimum(*(np.abs(colour - pure).max(1) for pure in (RED, BLUE)))
    assert (apart < 30).mean() > 0.7
    assert (colour[:, 0] > colour[:, 2]).mean() > 0.35
    assert (colour[:, 2] > colour[:, 0]).mean() > 0.35


def test_seen_says_what_the_picture_shows() -> None:
    vertices, _, _, _, seen = baked_sphere()
    to_camera = np.array([0, -CAMERA.distance, 0]) - vertices
    facing = (vertices * to_camera).sum(1) / np.linalg.norm(vertices, axis=1) / np.linalg.norm(to_camera, axis=1)
    assert seen.dtype == np.float32
    assert seen[facing > 0.4].min() > 0.7
    assert seen[facing > 0.4].mean() > 0.93
    assert seen[facing < -0.1].max() == 0


def test_what_stands_in_front_is_not_painted_on_what_is_behind() -> None:
    vertices, faces = join(plate(0.2, -0.5), plate(0.7, 0.5))
    u, v = crop_grid(512)
    inner, outer = np.maximum(abs(u), abs(v)) < 0.2, np.maximum(abs(u), abs(v)) < 0.7
    rgba = np.zeros((512, 512, 4), np.uint8)
    rgba[outer] = (*BLUE, 255)
    rgba[inner] = (*RED, 255)
    uv = unwrap(vertices, faces)
    texture, seen = paint(vertices, faces, uv, subject_of(rgba), surface_of(), 1024)
    colour = face_colours(texture, uv)
    front = np.arange(len(faces)) < len(faces) // 2
    reach = np.maximum(*np.abs(middles(vertices, faces)))
    assert np.abs(colour - RED)[front & (reach < 0.17)].max() <= 3
    assert np.abs(colour - BLUE)[~front & (reach > 0.25) & (reach < 0.65)].max() <= 3
    hidden = colour[~front & (reach < 0.18)]
    assert (hidden[:, 2] > hidden[:, 0]).all()
    behind = (vertices[:, 1] > 0) & (np.abs(vertices[:, [0, 2]]).max(1) < 0.17)
    assert seen[behind].max() == 0


def test_a_part_out_of_sight_takes_the_colours_of_the_rest() -> None:
    vertices, faces = join(sphere(0.5), sphere(0.1, (0.0, 2.5, 0.0)))
    rgba = np.zeros((512, 512, 4), np.uint8)
    rgba[...] = (*RED, 255)
    uv = unwrap(vertices, faces)
    texture, seen = paint(vertices, faces, uv, subject_of(rgba), surface_of(), 512)
    far = vertices[faces].mean(1)[:, 1] > 2
    assert np.abs(face_colours(texture, uv)[far] - RED).max() <= 3
    assert seen[vertices[:, 1] > 2].max() == 0


def test_a_picture_that_misses_the_mesh_still_gives_its_colour() -> None:
    vertices, faces = sphere(0.2, (5.0, 0.0, 0.0))
    texture, seen = paint(vertices, faces, unwrap(vertices, faces), subject_of(disc_picture(0.5)), surface_of(), 256)
    assert np.abs(texture.astype(int).mean((0, 1)) - np.mean([RED, BLUE], axis=0)).max() < 5
    assert seen.max() == 0


def test_the_picture_is_used_at_its_own_sharpness_wherever_the_crop_lies() -> None:
    """Stripes too fine for the networks' crop of 512 arrive in the texture, at their places."""
    side, left, top = 1000.0, -87.5, 40.25
    picture = np.zeros((1100, 950, 4), np.uint8)
    columns = np.arange(950)
    picture[..., :3] = np.where(columns // 3 % 2 == 0, 200, 60)[None, :, None]
    picture[..., 3] = 255
    vertices, faces = plate(0.6, 0.0, cells=4)
    uv = unwrap(vertices, faces)
    texture, _ = paint(vertices, faces, uv, subject_of(picture, left, top, side), surface_of(), 1024)
    rng = np.random.default_rng(0)
    weights = rng.dirichlet([1, 1, 1], 4000).astype(np.float32)
    face = rng.integers(0, len(faces), 4000)
    points = (vertices[faces[face]] * weights[..., None]).sum(1)
    place = (uv[face] * weights[..., None]).sum(1) * 1024
    inside = np.abs(points[:, [0, 2]]).max(1) < 0.55
    x = left + (points[:, 0] + 1) * side / 2
    clear = inside & (np.abs(x / 3 % 1 - 0.5) < 0.15)
    found = sample(texture, place[:, 0], 1024 - place[:, 1])[clear, 0]
    expected = np.where(np.floor(x[clear] / 3) % 2 == 0, 200, 60)
    assert clear.sum() > 500
    assert np.abs(found - expected).mean() < 20


def test_quads_are_painted_on_both_halves() -> None:
    vertices, triangles = plate(0.6, 0.0, cells=6)
    half = len(triangles) // 2
    faces = np.concatenate([triangles[:half], triangles[half:, 2:]], axis=1)
    picture = np.full((256, 256, 4), 255, np.uint8)
    picture[..., :3] = RED
    uv = unwrap(vertices, faces)
    texture, seen = paint(vertices, faces, uv, subject_of(picture), surface_of(), 256)
    assert np.abs(texture.astype(int) - RED).max() <= 1
    assert seen.min() > 0.9
    assert len(triangulate(faces)[0]) == 2 * len(faces)


def test_uvs_that_do_not_fit_are_refused() -> None:
    vertices, faces = plate(0.5, 0.0, cells=2)
    with pytest.raises(MeshError, match="unwrap"):
        bake_texture(vertices, faces, np.zeros((3, 3, 2), np.float32), subject_of(disc_picture(0.5)), surface_of(), 64)


def test_the_foreground_flows_over_the_matte() -> None:
    """Beyond the cut-out only the subject's own colours are found, close to it."""
    foreground = extend_foreground(subject_of(disc_picture(0.6)), 4096)
    colour = foreground.colour.astype(int)
    assert (colour[..., 1] <= np.maximum(colour[..., 0], colour[..., 2])).all()
    u = np.array([-0.61, 0.61, -0.3, 0.3], np.float32)
    x, y = foreground.position(u, np.zeros(4, np.float32))
    assert np.abs(sample(foreground.colour, x, y) - np.array([RED, BLUE, RED, BLUE])).max() <= 2
    assert (sample(foreground.presence, x, y) > 0.5).all()
    far = foreground.position(np.array([0.7], np.float32), np.array([0.7], np.float32))
    assert sample(foreground.presence, *far)[0] == 0


def test_large_pictures_are_averaged_not_skipped() -> None:
    """One pixel in four is white: reduced by two, all is grey."""
    picture = np.full((512, 512, 4), 255, np.uint8)
    picture[..., :3] = 40
    picture[::2, ::2, :3] = 240
    foreground = extend_foreground(subject_of(picture), 256)
    inside = foreground.colour[10:-10, 10:-10]
    assert np.abs(inside.astype(int) - 90).max() <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 25), st.booleans())
def test_extremes_of_windows_are_those_of_a_slow_filter(height: int, width: int, reach: int, largest: bool) -> None:
    picture = np.random.default_rng(height * width).random((height, width)).astype(np.float32)
    slow = maximum_filter if largest else minimum_filter
    expected = slow(picture, 2 * reach + 1, mode="nearest")
    assert np.array_equal(box_extreme(picture, reach, largest), expected)


def test_diffusion_matches_the_exact_solution() -> None:
    vertices, faces = sphere()
    rng = np.random.default_rng(1)
    values = 128 + 100 * np.stack([np.sin(5 * vertices[:, 0]), np.cos(4 * vertices[:, 2]), vertices[:, 1]], 1)
    strength = np.where(vertices[:, 1] < -0.1, 3 * rng.random(len(vertices)), 0.0)
    found = diffuse(values.astype(np.float64), strength, vertices, faces)
    points = vertices[faces].astype(np.float64)
    sides = np.roll(points, -2, axis=1) - np.roll(points, -1, axis=1)
    area = 0.5 * np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    weight = (2 / 3 * area[:, None] / (sides**2).sum(2)).ravel()
    ends = faces[:, [1, 2, 2, 0, 0, 1]].reshape(-1, 2)
    links = coo_matrix((weight, (ends[:, 0], ends[:, 1])), (len(vertices),) * 2).tocsr()
    links = links + links.T
    matrix = diags(np.asarray(links.sum(1)).ravel() + strength) - links
    exact = spsolve(matrix.tocsc(), values * strength[:, None])
    assert np.abs(found - exact).max() < 3


def test_diffusion_of_a_constant_and_of_nothing() -> None:
    vertices, faces = join(sphere(0.5), sphere(0.2, (3, 0, 0)))
    strength = np.where(vertices[:, 0] < 0, 1.0, 0.0)
    found = diffuse(np.full((len(vertices), 2), 7.0), strength, vertices, faces)
    assert np.allclose(found, 7.0, atol=1e-3)
    assert (diffuse(np.full((len(vertices), 2), 7.0), strength * 0, vertices, faces) == 0).all()


def test_gaps_take_the_colour_beside_them() -> None:
    colour = np.zeros((37, 50, 3), np.float32)
    colour[:, :20], colour[:, 30:] = 50, 150
    weight = np.ones((37, 50), np.float32)
    weight[:, 20:30] = 0
    filled = fill_gaps(colour, weight)
    assert np.array_equal(filled[weight > 0], colour[weight > 0])
    assert (filled[:, 20] == 50).all()
    assert (filled[:, 29] == 150).all()
    assert filled[:, 20:30].min() >= 50


def test_padding_changes_nothing_inside_the_charts() -> None:
    rng = np.random.default_rng(0)
    texture = rng.integers(30, 220, (65, 65, 3)).astype(np.uint8)
    covered = np.zeros((65, 65), np.bool_)
    covered[5:20, 8:33] = covered[40:60, 30:64] = True
    texture[~covered] = 0
    padded = pad_texture(texture, covered)
    assert np.array_equal(padded[covered], texture[covered])
    assert padded.min() >= 30


def test_normals_of_a_sphere_point_outwards() -> None:
    vertices, faces = sphere()
    normals = vertex_normals(vertices, faces)
    assert np.allclose((normals * vertices).sum(1), 0.75, atol=0.005)


def test_charts_side_by_side_do_not_mix_where_each_is_looked_up() -> None:
    """Between a black and a white chart five texels apart, the two beside each are its own."""
    texture = np.zeros((64, 64, 3), np.uint8)
    covered = np.zeros((64, 64), np.bool_)
    covered[10:50, 10:30] = covered[10:50, 35:55] = True
    texture[10:50, 35:55] = 250
    padded = pad_texture(texture, covered)
    assert (padded[12:48, 30:32] == 0).all()
    assert (padded[12:48, 33:35] == 250).all()


def layered(size: int = 512) -> tuple[Subject, np.ndarray]:
    """The disc cut out, and a layer of two channels: a ramp to the right, and 0.7; outside of the subject a wild 9."""
    rgba = disc_picture(0.763, size)
    u, _ = crop_grid(size)
    layer = np.where((rgba[..., 3:] > 0), np.stack([0.5 + 0.4 * u, np.full_like(u, 0.7)], 2), 9.0)
    return Subject(rgba, rgba, 0.0, 0.0, float(size)), layer.astype(np.float32)


def test_layers_land_where_the_picture_does_and_keep_to_their_range() -> None:
    vertices, faces, uv, _, _ = baked_sphere()
    subject, layer = layered()
    layers = {"shading": layer[..., 0], "rough": layer}
    baked = bake_texture(vertices, faces, uv, subject, surface_of(), 2048, layers)
    assert baked.maps["shading"].shape == (1024, 1024, 1)
    assert baked.maps["rough"].shape == (1024, 1024, 2)
    found = face_colours(baked.maps["rough"], uv)
    u, v = middles(vertices, faces)
    front = (np.hypot(u, v) < 0.6) & (vertices[faces].mean(1)[:, 1] < 0)
    assert np.abs(found[:, 0] - (0.5 + 0.4 * u))[front].max() < 0.02
    assert np.abs(baked.maps["rough"][..., 1] - 0.7).max() < 1e-5
    assert np.array_equal(baked.maps["rough"][..., :1], baked.maps["shading"])
    # The hidden half goes on smoothly: no face differs much from its neighbours, and left stays below right.
    back = vertices[faces].mean(1)[:, 1] > 0.3
    left = vertices[faces].mean(1)[:, 0] < 0
    assert found[back & left, 0].mean() < found[back & ~left, 0].mean() - 0.1
    pairs = trimesh.Trimesh(vertices, faces, process=False).face_adjacency
    assert np.abs(found[pairs[:, 0], 0] - found[pairs[:, 1], 0]).max() < 0.05
    assert 0.1 <= found[:, 0].min() <= found[:, 0].max() <= 0.9


def test_layers_change_neither_texture_nor_what_is_seen() -> None:
    vertices, faces, uv, _, _ = baked_sphere()
    subject, layer = layered()
    without = bake_texture(vertices, faces, uv, subject, surface_of(), 256)
    having = bake_texture(vertices, faces, uv, subject, surface_of(), 256, {"shading": layer})
    assert without.maps == {}
    assert having.maps["shading"].shape == (256, 256, 2)
    assert np.array_equal(without.texture, having.texture)
    assert np.array_equal(without.seen, having.seen)


@pytest.mark.parametrize(("size", "value", "words"), [(256, 0.5, "size"), (512, np.nan, "finite")])
def test_layers_that_do_not_fit_are_refused(size: int, value: float, words: str) -> None:
    vertices, faces = plate(0.5, 0.0, cells=2)
    layers = {"shading": np.full((size, size), value, np.float32)}
    with pytest.raises(ModelError, match=words):
        bake_texture(vertices, faces, unwrap(vertices, faces), subject_of(disc_picture(0.5)), surface_of(), 64, layers)

"""Painting at its limits: outlines over a strong background, faces along the line of sight, the smallest meshes."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Camera, Subject, Surface
from maquette.geometry.bake import bake_texture
from maquette.geometry.filters import sample
from maquette.geometry.foreground import extend_foreground
from maquette.geometry.unwrap import unwrap

CAMERA = Camera(elevation=0.0, distance=4.0)
RED, GREEN = np.array([205, 40, 30]), np.array([0, 255, 0])
Mesh = tuple[np.ndarray, np.ndarray]


def paint(mesh: Mesh, colour: np.ndarray, alpha: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The texture, and the UVs, of a mesh painted with colours [S, S, 3] and alpha [S, S], 0..255."""
    rgba = np.dstack([colour, alpha]).round().astype(np.uint8)
    side = len(rgba)
    nothing = np.zeros((side, side), np.float32)
    surface = Surface(nothing, np.zeros((side, side, 3), np.float32), nothing > 0, nothing, CAMERA)
    uv = unwrap(*mesh)
    return bake_texture(*mesh, uv, Subject(rgba, rgba, 0.0, 0.0, float(side)), surface, size).texture, uv


def at_random(mesh: Mesh, uv: np.ndarray, texture: np.ndarray, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Places on triangles and the texture there, as a renderer looks it up: float [N, 3] each."""
    vertices, faces = mesh
    rng = np.random.default_rng(0)
    face = rng.integers(0, len(faces), count)
    weights = rng.dirichlet([1, 1, 1], count).astype(np.float32)[..., None]
    place = (uv[face] * weights).sum(1) * len(texture)
    return (vertices[faces[face]] * weights).sum(1), sample(texture, place[:, 0], len(texture) - place[:, 1])


def ball(radius: float = 0.75) -> Mesh:
    mesh = trimesh.creation.icosphere(4, radius)
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


def disc(radius: float, size: int = 512) -> np.ndarray:
    """How much of each pixel lies in a disc: float [S, S] in 0..1."""
    steps = (np.arange(size) + 0.5) * (2 / size) - 1
    return np.clip((radius - np.hypot(steps[:, None], steps)) * size / 2 + 0.5, 0, 1)


@pytest.mark.parametrize("too_wide", [0.0, 0.25])
def test_no_green_gets_in_at_the_outline(too_wide: float) -> None:
    """Pixels at the outline are half green, and the mesh goes a few beyond them; too wide a matte takes in more."""
    share = disc(0.763)
    colour = RED * share[..., None] + GREEN * (1 - share[..., None])
    alpha = 255 * disc(0.763 + too_wide * 2 / 512)
    mesh = ball(0.768)
    texture, uv = paint(mesh, colour, alpha, 1024)
    _, found = at_random(mesh, uv, texture)
    assert np.abs(found - RED).max() < 30
    assert (np.abs(found - RED).max(1) > 15).mean() < 0.01


def test_sides_along_the_line_of_sight_carry_no_smear() -> None:
    """The sides of a block that widens a little to the back are seen at a slant of 88 degrees: no stripes drawn out."""
    box = trimesh.creation.box((1.0, 1.0, 1.0))
    for _ in range(4):
        box = box.subdivide()
    vertices = np.asarray(box.vertices, np.float32)
    # Sight lines diverge: at the back the block must be wider than they are by a hair to show its sides.
    vertices[:, [0, 2]] *= 1 + (vertices[:, 1:2] + 0.5) * (1 / 3.5 + 0.03)
    mesh = vertices, np.asarray(box.faces, np.int32)
    size = 512
    stripes = np.where(np.arange(size) // 8 % 2, 60.0, 200.0)
    colour = np.broadcast_to(stripes[:, None, None], (size, size, 3))
    texture, uv = paint(mesh, colour, np.full((size, size), 255.0), 1024)
    points, found = at_random(mesh, uv, texture)
    front, side = points[:, 1] < -0.499, (np.abs(points[:, 1]) < 0.4)
    assert found[front].std() > 50
    assert found[side].std() < 15
    assert np.abs(found[side].mean() - 130) < 10


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([32, 64, 200]))
def test_a_red_subject_is_red_wherever_it_is_looked_up(seed: int, size: int) -> None:
    """Many charts in few texels: between them, too, nothing foreign is found."""
    rng = np.random.default_rng(seed)
    mesh = trimesh.creation.icosphere(3, 0.6)
    vertices = np.asarray(mesh.vertices, np.float32)
    waves = np.sin(vertices @ rng.normal(0, 5, (3, 4)) + rng.uniform(0, 6, 4)) @ rng.uniform(0.05, 0.15, 4)
    lumpy = (vertices * (1 + waves[:, None])).astype(np.float32), np.asarray(mesh.faces, np.int32)
    colour = np.broadcast_to(RED.astype(np.float64), (64, 64, 3))
    texture, uv = paint(lumpy, colour, np.full((64, 64), 255.0), size)
    assert np.abs(at_random(lumpy, uv, texture)[1] - RED).max() <= 2


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1]])
def test_one_triangle_is_painted_from_both_sides(order: list[int]) -> None:
    vertices = np.array([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0, 0, 0.5]], np.float32)
    mesh = vertices, np.array([order], np.int32)
    colour = np.broadcast_to(RED.astype(np.float64), (64, 64, 3))
    texture, uv = paint(mesh, colour, np.full((64, 64), 255.0), 64)
    assert np.abs(at_random(mesh, uv, texture)[1] - RED).max() <= 2


def test_a_card_shows_the_picture_in_front_and_its_colours_behind() -> None:
    card = trimesh.creation.box((1.2, 0.02, 1.2))
    for _ in range(4):
        card = card.subdivide()
    mesh = np.asarray(card.vertices, np.float32), np.asarray(card.faces, np.int32)
    columns = (np.arange(256) + 0.5) / 128 - 1
    colour = np.where((columns < 0)[None, :, None], RED, 255 - RED) * np.ones((256, 1, 1))
    texture, uv = paint(mesh, colour, np.full((256, 256), 255.0), 512)
    points, found = at_random(mesh, uv, texture)
    clear = np.abs(points[:, 0]) > 0.08
    expected = np.where(points[:, :1] < 0, RED, 255 - RED)
    inner = np.abs(points[:, [0, 2]]).max(1) < 0.55
    assert np.abs(found - expected)[clear & inner & (points[:, 1] < 0)].max() <= 3
    assert np.abs(found - expected)[clear & inner & (points[:, 1] > 0.005)].max(1).mean() < 20


def test_pictures_of_sixteen_pixels_leave_no_texel_open() -> None:
    mesh = ball()
    share = disc(0.763, 16)
    colour = np.broadcast_to(RED.astype(np.float64), (16, 16, 3))
    texture, uv = paint(mesh, colour, 255.0 * (share > 0.5), 256)
    assert np.abs(at_random(mesh, uv, texture)[1] - RED).max() <= 3
    assert np.abs(texture.astype(int) - RED).max() <= 3


def test_thin_parts_keep_their_own_colour() -> None:
    """Spikes of two pixels on a wide bar of another colour."""
    size = 256
    alpha, colour = np.zeros((size, size)), np.broadcast_to(RED.astype(np.float64), (size, size, 3)).copy()
    alpha[180:230, 30:226] = 255
    alpha[40:180, 40:220:12] = alpha[40:180, 41:220:12] = 255
    colour[40:180] = 255 - RED
    subject = Subject(np.zeros((1, 1, 4), np.uint8), np.dstack([colour, alpha]).astype(np.uint8), 0.0, 0.0, 256.0)
    found = extend_foreground(subject, 4096)
    x, y = np.full(100, 41.0, np.float32), np.arange(60, 160, dtype=np.float32) + 0.5
    assert np.abs(sample(found.colour, x + 1, y + 1) - (255 - RED)).max() <= 3

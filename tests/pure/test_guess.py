"""The guessed side: the picture's own colours and fine detail, without what stands out in it, always the same."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import trimesh
from maquette.contracts import Camera, Subject, Surface
from maquette.geometry.bake import Baked, bake_texture
from maquette.geometry.filters import sample
from maquette.geometry.palette import find_palette
from maquette.geometry.unwrap import unwrap

CAMERA = Camera(elevation=0.1, distance=4.0)
GREY, YELLOW = (120, 110, 100), (240, 220, 10)


@functools.cache
def ball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(4, 0.75)
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    return vertices, faces, unwrap(vertices, faces)


def bake(picture: np.ndarray, size: int = 1024) -> Baked:
    """Paint the ball with colours [S, S, 3], cut out along its outline."""
    side = len(picture)
    steps = (np.arange(side) + 0.5) * (2 / side) - 1
    alpha = np.where(np.hypot(steps[:, None], steps) < 0.763, 255, 0)
    rgba = np.dstack([np.clip(picture, 0, 255), alpha]).astype(np.uint8)
    nothing = np.zeros((side, side), np.float32)
    surface = Surface(nothing, np.zeros((side, side, 3), np.float32), nothing > 0, nothing, CAMERA)
    return bake_texture(*ball(), Subject(rgba, rgba, 0.0, 0.0, float(side)), surface, size)


def rough(strength: float, size: int = 512) -> np.ndarray:
    """Grey with fine noise."""
    noise = np.random.default_rng(3).normal(0, strength, (size, size, 1))
    return np.array(GREY) + np.repeat((noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / np.sqrt(3), 3, axis=2)


def at_random(texture: np.ndarray, front: bool) -> np.ndarray:
    """The texture at random places well in front or on the back: float [N, 3]."""
    vertices, faces, uv = ball()
    rng = np.random.default_rng(0)
    face = rng.integers(0, len(faces), 20_000)
    weights = rng.dirichlet([1, 1, 1], len(face)).astype(np.float32)[..., None]
    depth = (vertices[faces[face]] * weights).sum(1)[:, 1]
    place = (uv[face] * weights).sum(1) * len(texture)
    return sample(texture, place[:, 0], len(texture) - place[:, 1])[depth < -0.35 if front else depth > 0.2]


def test_a_rough_surface_is_rough_on_its_back_too() -> None:
    texture = bake(rough(5)).texture
    front, back = at_random(texture, True), at_random(texture, False)
    assert 0.5 * front.std(0).mean() < back.std(0).mean() < 1.2 * front.std(0).mean()
    assert np.abs(back.mean(0) - front.mean(0)).max() < 2


def test_a_smooth_surface_stays_smooth() -> None:
    back = at_random(bake(rough(0)).texture, False)
    assert back.std(0).max() < 0.6


def test_what_stands_out_does_not_come_back_on_the_other_side() -> None:
    """Two eyes in front: nothing of their colour behind."""
    picture = rough(4)
    rows, columns = np.mgrid[:512, :512]
    for column in (200, 312):
        picture[np.hypot(rows - 220, columns - column) < 22] = YELLOW
    texture = bake(picture).texture
    yellow = [float((c[:, 0] - c[:, 2] > 60).mean()) for c in (at_random(texture, True), at_random(texture, False))]
    assert yellow[0] > 0.01
    assert yellow[1] == 0


def test_painting_is_the_same_every_time() -> None:
    first, second = bake(rough(5), 512), bake(rough(5), 512)
    assert np.array_equal(first.texture, second.texture)
    assert np.array_equal(first.seen, second.seen)


@pytest.mark.parametrize("size", [16, 100, 1600])
def test_pictures_of_any_size_are_painted_with(size: int) -> None:
    texture = bake(rough(5, size), 256).texture
    back = at_random(texture, False)
    assert texture.min() >= 4
    assert texture.max() <= 251
    assert np.abs(back.mean(0) - GREY).max() < 6


def test_the_palette_holds_the_common_colours_and_not_the_rare() -> None:
    rng = np.random.default_rng(0)
    colours = np.concatenate([np.full((600, 3), GREY), np.full((390, 3), (20, 30, 200)), np.full((10, 3), YELLOW)])
    palette = find_palette(colours + rng.normal(0, 2, colours.shape), np.ones(1000))
    assert palette is not None
    apart = np.abs(palette.means[:, None] - [GREY, (20, 30, 200), YELLOW]).max(2).min(0)
    assert (apart[:2] < 4).all()
    assert apart[2] > 20
    assert find_palette(colours.astype(np.float64), np.zeros(1000)) is None


def test_a_mixture_goes_to_the_colour_with_the_largest_share() -> None:
    red, blue = np.array([200.0, 30, 30]), np.array([30.0, 30, 200])
    palette = find_palette(np.stack([red, blue] * 50), np.ones(100))
    assert palette is not None
    shares = 0.6 * palette.shares(red[None]) + 0.4 * palette.shares(blue[None])
    assert np.abs(palette.purified(0.6 * red[None] + 0.4 * blue[None], shares) - red).max() < 12

"""The measures of how results look tell good from bad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from maquette.contracts import Camera, MeshArrays, Subject
from maquette.geometry.raster import face_map
from maquette.geometry.unwrap import unwrap
from maquette.training.look_measures import compare_sides, psnr, ssim, to_lab
from maquette.training.look_views import render_around, render_back

CAMERA = Camera(elevation=0.0, distance=4.0)


def ball(colour: tuple[int, int, int] = (120, 90, 60), size: int = 256) -> MeshArrays:
    """A ball of one colour whose front half was seen."""
    mesh = trimesh.creation.icosphere(3, 0.7)
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    texture = np.full((size, size, 3), colour, np.uint8)
    seen = (vertices[:, 1] < 0).astype(np.float32)
    return MeshArrays(vertices, faces, unwrap(vertices, faces), texture, {"seen": seen})


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (64, 64, 3)).astype(np.float32)


def test_psnr_of_a_known_error() -> None:
    picture = np.full((8, 8, 3), 100, np.float32)
    mask = np.zeros((8, 8), np.bool_)
    mask[2:6, 2:6] = True
    wrong = np.where(mask[..., None], picture + 10, 0)
    assert psnr(wrong, picture, mask) == pytest.approx(20 * np.log10(255 / 10), abs=1e-4)


def test_ssim_is_one_for_the_same_picture_and_near_zero_for_another() -> None:
    rng = np.random.default_rng(0)
    picture, mask = noise(rng), np.ones((64, 64), np.bool_)
    assert ssim(picture, picture, mask) == pytest.approx(1)
    assert abs(ssim(noise(rng), picture, mask)) < 0.1
    assert ssim(picture, picture + 30, mask) < 1


def test_ssim_does_not_look_beyond_the_mask() -> None:
    rng = np.random.default_rng(0)
    picture, mask = noise(rng), np.zeros((64, 64), np.bool_)
    mask[10:50, 20:40] = True
    assert ssim(np.where(mask[..., None], picture, 0), picture, mask) == pytest.approx(1)


def test_ssim_of_a_picture_with_less_contrast_follows_the_formula() -> None:
    """On a wide checkerboard-like noise the means agree and contrast alone differs."""
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.choice([-40.0, 40.0], (96, 96, 1)), 3, 2).astype(np.float32) + 128
    weak = 128 + (picture - 128) / 2
    # With equal local means, SSIM = 2 * cov / (var + var / 4) = 0.8 where the constants hardly count.
    assert ssim(weak, picture, np.ones((96, 96), np.bool_)) == pytest.approx(0.8, abs=0.05)


def test_lab_of_known_colours() -> None:
    lab = to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.float32))
    assert np.allclose(lab, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]], atol=0.05)


def test_rendering_back_lands_on_the_pixels_of_the_picture() -> None:
    mesh = ball()
    picture = np.zeros((90, 120, 4), np.uint8)
    back = render_back(mesh, Subject(np.zeros((512, 512, 4), np.uint8), picture, 20.0, -5.0, 100.0), CAMERA)
    rows, columns = np.nonzero(back.cover)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((70, 45), abs=0.2)
    # A ball of radius r at distance d is seen at d * r / sqrt(d * d - r * r).
    assert (columns.max() + 1 - columns.min()) / 2 == pytest.approx(50 * 4 * 0.7 / np.sqrt(16 - 0.49), abs=0.6)
    assert np.abs(back.colour[back.cover] - (120, 90, 60)).max() < 0.01
    assert back.seen[back.cover].min() > 0.5


def test_eight_views_see_both_sides_and_nothing_wrong_in_one_colour() -> None:
    views = render_around(ball(), CAMERA, 64)
    shown = [v.seen[v.cover].mean() for v in views]
    assert len(views) == 8
    assert shown[0] > 0.9
    assert shown[4] < 0.1
    guess = compare_sides(views)
    assert guess.shift < 1e-6
    assert (guess.strange, guess.pure, guess.unfilled) == (0, 0, 0)


def test_pure_colours_and_unfilled_texels_are_found() -> None:
    assert compare_sides(render_around(ball((255, 0, 255)), CAMERA, 64)).pure > 1000
    mesh = ball()
    assert mesh.uv is not None
    corners = mesh.uv.astype(np.float64) * 256
    corners[..., 1] = 256 - corners[..., 1]
    # Only what lies in faces is filled: at the charts' borders lookups between texels meet black.
    holes = np.where((face_map(corners, (256, 256)) >= 0)[..., None], (120, 90, 60), 0).astype(np.uint8)
    assert compare_sides(render_around(replace(mesh, texture=holes), CAMERA, 64)).unfilled > 0


def test_a_guessed_side_of_another_colour_is_strange() -> None:
    mesh = ball()
    assert mesh.uv is not None
    texture = np.full((256, 256, 3), (120, 90, 60), np.uint8)
    back = mesh.vertices[mesh.faces].mean(1)[:, 1] > 0.05
    for corners in mesh.uv[back] * 256:
        low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
        texture[256 - high[1] : 256 - low[1], low[0] : high[0]] = (60, 90, 160)
    guess = compare_sides(render_around(replace(mesh, texture=texture), CAMERA, 64))
    assert guess.shift > 3
    assert guess.strange > 0.5

"""What a depth network for plain photographs is shown."""

from __future__ import annotations

import numpy as np
from maquette.inference.prepare import FILL
from maquette.inference.scene import NEUTRAL, SCENE, SCENE_SIDE, frame_scene


def test_a_photo_keeps_its_background_beyond_the_crop() -> None:
    """A red square of 90 pixels on a background that gets greener to the right and bluer downwards."""
    y, x = np.mgrid[:400, :500]
    photo = np.dstack([0 * x, x // 2, y // 2, 0 * x + 255]).astype(np.uint8)
    photo[155:245, 205:295, :3] = (255, 0, 0)
    cut = photo.copy()
    cut[..., 3] = 255 * (photo[..., 0] == 255)
    scene = frame_scene(photo, cut)
    assert scene.shape == (SCENE_SIDE, SCENE_SIDE, 4)
    side = 90 / FILL * SCENE
    for row, column in ((100, 120), (100, 900), (900, 500)):
        place = (np.array([column, row]) + 0.5) / SCENE_SIDE * side - side / 2 + (250, 200)
        np.testing.assert_allclose(scene[row, column, 1:3], place / 2, atol=2)
    share = (scene[..., 3] > 127).mean()
    np.testing.assert_allclose(share, (FILL / SCENE) ** 2, rtol=0.02)
    middle = SCENE_SIDE // 2
    np.testing.assert_array_equal(scene[middle, middle], (255, 0, 0, 255))


def test_a_cut_out_stands_before_grey_whatever_its_transparent_pixels_hide() -> None:
    picture = np.zeros((120, 200, 4), np.uint8)
    picture[..., 1] = 255
    picture[:, 60:140] = (200, 40, 30, 255)  # touches the upper and the lower border
    scene = frame_scene(picture, picture)
    outside = scene[..., 3] == 0
    assert outside.mean() > 0.7
    assert (scene[outside][:, :3] == NEUTRAL).all()
    edge = (scene[..., 3] > 0) & (scene[..., 3] < 255)
    assert scene[edge][:, 1].max() <= NEUTRAL + 12


def test_a_photo_is_carried_on_beyond_its_border() -> None:
    photo = np.full((100, 100, 4), 255, np.uint8)
    photo[..., :3] = (10, 90, 170)
    cut = photo.copy()
    cut[..., 3] = 0
    cut[:60, :60, 3] = 255
    scene = frame_scene(photo, cut)
    np.testing.assert_array_equal(scene[0, 0], (10, 90, 170, 0))
    np.testing.assert_array_equal(scene[..., :3].reshape(-1, 3).max(0), (10, 90, 170))


def test_a_large_photo_is_framed_as_a_small_one() -> None:
    """The same picture at eight times the size gives the same scene."""
    y, x = np.mgrid[:90, :110]
    small = np.dstack([120 + 80 * np.sin(x / 9), 120 + 80 * np.cos(y / 8), x + y, 0 * x + 255]).astype(np.uint8)
    cut = small.copy()
    cut[..., 3] = 0
    cut[30:70, 30:80, 3] = 255
    large, large_cut = (np.kron(p, np.ones((8, 8, 1), np.uint8)) for p in (small, cut))
    apart = np.abs(frame_scene(small, cut).astype(int) - frame_scene(large, large_cut))
    assert apart[..., :3].max() <= 8
    assert apart.mean() < 1.5

"""Previews: the right side of the mesh, upright, in its own colours."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh
from maquette.contracts import MeshArrays
from maquette.errors import MeshError
from maquette.geometry.preview import contact_sheet, render_view, turntable

RED, GREEN, BLUE, YELLOW = (210, 40, 40), (40, 180, 60), (50, 70, 210), (220, 200, 50)


def sphere() -> MeshArrays:
    mesh = trimesh.creation.icosphere(4)
    return MeshArrays(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32))


def painted_box() -> MeshArrays:
    """A box of quads: front red below and yellow above, right side green, back blue, the rest grey."""
    corners = np.array([(x, y, z) for z in (0, 1) for y in (-0.5, 0.5) for x in (-0.5, 0.5)], np.float32)
    faces = [[0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6], [4, 5, 7, 6], [2, 3, 1, 0]]
    texture = np.full((64, 256, 3), 128, np.uint8)
    texture[:32, :64], texture[32:, :64] = YELLOW, RED
    texture[:, 64:128], texture[:, 128:192] = GREEN, BLUE
    uv = np.zeros((6, 4, 2), np.float32)
    for face, column in enumerate((0, 1, 2, 3, 3, 3)):
        left, right = (column + 0.02) / 4, (column + 0.98) / 4
        uv[face] = [(left, 0.02), (right, 0.02), (right, 0.98), (left, 0.98)]
    return MeshArrays(corners, np.array(faces, np.int32), uv, texture)


def hue_of(picture: np.ndarray, row: float, column: float) -> tuple[int, ...]:
    """Which of the box's colours a place of the picture looks most like."""
    size = len(picture)
    found = picture[int(row * size), int(column * size), :3].astype(float)
    colours = (RED, GREEN, BLUE, YELLOW)
    return max(colours, key=lambda c: np.corrcoef(found - found.mean(), np.array(c) - np.mean(c))[0, 1])


def test_each_direction_shows_its_side_upright() -> None:
    mesh = painted_box()
    front = render_view(mesh, 0.0, 0.0, 128)
    assert hue_of(front, 0.3, 0.5) == YELLOW
    assert hue_of(front, 0.7, 0.5) == RED
    assert hue_of(render_view(mesh, math.radians(90), 0.0, 128), 0.5, 0.5) == GREEN
    assert hue_of(render_view(mesh, math.radians(180), 0.0, 128), 0.5, 0.5) == BLUE


def test_three_quarter_view_shows_front_and_right_side() -> None:
    picture = render_view(painted_box(), size=128)
    assert hue_of(picture, 0.65, 0.35) == RED
    assert hue_of(picture, 0.55, 0.75) == GREEN


def test_a_ball_fills_its_part_of_the_picture() -> None:
    picture = render_view(sphere(), size=200, backdrop=False)
    assert picture.shape == (200, 200, 4)
    assert picture.dtype == np.uint8
    alpha = picture[..., 3] / 255
    rows, columns = np.nonzero(alpha > 0.5)
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert abs(width - 0.78 * 200) <= 2
    assert abs(height - width) <= 1
    assert abs(alpha.sum() - math.pi / 4 * width * height) < 0.01 * alpha.sum()
    assert (picture[0, :, 3] == 0).all()


def test_edges_are_smooth() -> None:
    alpha = render_view(sphere(), size=96, backdrop=False)[..., 3]
    assert 50 < np.count_nonzero((alpha > 0) & (alpha < 255)) < 600


def test_clay_is_lit_from_above_on_a_light_floor_with_a_shadow() -> None:
    picture = render_view(sphere(), size=160).astype(float)
    assert (picture[..., 3] == 255).all()
    grey = picture[..., :3].mean(-1)
    assert grey[:4].min() > 215
    assert grey[45, 75] > grey[120, 85] + 20
    assert grey[148, 80] < grey[148, 4] - 15
    assert np.ptp(picture[80, 80, :3]) < 30


def test_the_size_of_the_mesh_does_not_matter() -> None:
    mesh = painted_box()
    large = MeshArrays(mesh.vertices * 1000, mesh.faces, mesh.uv, mesh.texture)
    small, big = render_view(mesh, size=64).astype(int), render_view(large, size=64).astype(int)
    assert np.abs(small - big).max() <= 3


def test_open_meshes_are_lit_from_inside_too() -> None:
    ball = sphere()
    upper = (ball.vertices[ball.faces][:, :, 2] < 0.3).all(1)
    bowl = MeshArrays(ball.vertices, ball.faces[upper])
    picture = render_view(bowl, 0.0, math.radians(50), 96, backdrop=False)
    inside = picture[picture[..., 3] == 255][:, :3]
    assert inside.mean() > 60


def test_contact_sheet_lines_up_the_views_behind_the_picture() -> None:
    mesh = painted_box()
    photo = np.zeros((30, 60, 4), np.uint8)
    photo[..., :3] = (255, 0, 255)
    photo[:, 20:40] = (10, 200, 30, 255)
    sheet = contact_sheet(mesh, photo, 96)
    assert sheet.shape == (96, 96 * 5, 4)
    assert (sheet[..., 3] == 255).all()
    assert np.abs(sheet[48, 48, :3].astype(int) - (10, 200, 30)).max() <= 1
    red, green, blue = np.moveaxis(sheet[:, :96, :3].astype(int), -1, 0)
    assert not ((red > green + 60) & (blue > green + 60)).any()
    assert hue_of(sheet[:, 96:192], 0.7, 0.5) == RED
    assert hue_of(sheet[:, 3 * 96 : 4 * 96], 0.5, 0.5) == GREEN
    assert hue_of(sheet[:, 4 * 96 :], 0.5, 0.5) == BLUE
    assert contact_sheet(mesh, None, 64).shape == (64, 256, 4)


def test_a_large_photo_is_averaged_into_its_cell() -> None:
    photo = np.zeros((400, 400, 3), np.uint8)
    photo[::2, ::2] = photo[1::2, 1::2] = 200
    cell = contact_sheet(painted_box(), photo, 50)[:, :50, :3].astype(int)
    assert np.abs(cell[10:40, 10:40] - 100).max() <= 25


def test_empty_meshes_are_refused() -> None:
    with pytest.raises(MeshError):
        render_view(MeshArrays(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.int32)))


def test_a_turntable_goes_once_around() -> None:
    strip = turntable(painted_box(), 8, 96)
    assert strip.shape == (96, 96 * 8, 4)
    views = np.split(strip, 8, axis=1)
    first = render_view(painted_box(), size=96)
    assert np.abs(views[0][..., :3].mean((0, 1)) - first[..., :3].mean((0, 1))).max() < 8
    # From the front's right the way leads over the right side and the back.
    assert hue_of(views[1], 0.6, 0.5) == GREEN
    assert hue_of(views[3], 0.6, 0.5) == BLUE
    assert hue_of(views[7], 0.75, 0.5) == RED


def test_a_turntable_keeps_its_place_and_its_scale() -> None:
    views = np.split(turntable(sphere(), 6, 64), 6, axis=1)
    assert all(np.abs(view.astype(int) - views[0]).max() <= 24 for view in views[1:])

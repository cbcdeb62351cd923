"""Projecting a picture onto a mesh: every texel finds its own pixel, and what the camera does not see stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.geometry.pad import pad_texture
from maquette.geometry.project_picture import Blending, only_changes, project_picture, to_texels
from maquette.geometry.project_picture_data import PlacedMesh, Projector
from maquette.geometry.project_picture_show import Skin, show_colours
from maquette.geometry.project_picture_sight import look
from maquette.geometry.raster import barycentric, face_map
from maquette.geometry.triangles import area_vectors, unit, vertex_normals
from maquette.geometry.unwrap import unwrap

ALL = Blending(angle=float(np.radians(89)), softness=0.0)
SIZE = 128


def axes(ahead):
    """Right and up of a camera that looks ahead, its right level."""
    right = unit(np.cross(ahead, [0.0, 0.0, 1.0] if abs(ahead[2]) < 0.999 else [0.0, 1.0, 0.0]))
    return right, np.cross(right, ahead)


def camera(eye, target, lens=1.5, ortho=None, shift=(0.0, 0.0), size=(200, 150), near=0.05) -> Projector:
    """A camera in `eye` looking at `target`; ``lens`` and ``ortho`` are for the picture's width."""
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    ahead = unit(target - eye)
    right, up = axes(ahead)
    rotation = np.stack([right, up, -ahead])
    view = np.eye(4)
    view[:3, :3], view[:3, 3] = rotation, -rotation @ eye
    aspect, far = size[0] / size[1], 100.0
    if ortho:
        scale = 2 / ortho
        lens_matrix = np.diag([scale, scale * aspect, -2 / (far - near), 1.0])
        lens_matrix[:3, 3] = -2 * shift[0], -2 * shift[1] * aspect, -(far + near) / (far - near)
    else:
        lens_matrix = np.zeros((4, 4))
        lens_matrix[0, 0], lens_matrix[1, 1] = lens, lens * aspect
        lens_matrix[0, 2], lens_matrix[1, 2] = 2 * shift[0], 2 * shift[1] * aspect
        lens_matrix[2, 2:] = (far + near) / (near - far), 2 * far * near / (near - far)
        lens_matrix[3, 2] = -1
    return Projector(lens_matrix @ view, *size)


def placed(points, triangles, smooth=True) -> PlacedMesh:
    points, triangles = np.asarray(points, np.float64), np.asarray(triangles, np.int32)
    normals = vertex_normals(points, triangles)[triangles] if smooth else None
    if normals is None:
        normals = unit(area_vectors(points, triangles))[:, None].repeat(3, 1)
    return PlacedMesh(points, triangles, normals.astype(np.float32))


def ball(n=12) -> tuple[PlacedMesh, np.ndarray]:
    """A ball of radius one and its UVs."""
    lon, lat = np.meshgrid(np.arange(2 * n) * np.pi / n, np.linspace(-np.pi / 2, np.pi / 2, n + 1)[1:-1])
    ring = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1).reshape(-1, 3)
    points = np.concatenate([ring, [[0, 0, -1], [0, 0, 1]]])
    faces = []
    for row in range(n - 2):
        for k in range(2 * n):
            a, b = row * 2 * n + k, row * 2 * n + (k + 1) % (2 * n)
            faces += [[a, b, b + 2 * n], [a, b + 2 * n, a + 2 * n]]
    low, high, last = len(ring), len(ring) + 1, (n - 2) * 2 * n
    for k in range(2 * n):
        faces += [[low, (k + 1) % (2 * n), k], [high, last + k, last + (k + 1) % (2 * n)]]
    mesh = placed(points, faces)
    return mesh, unwrap(points.astype(np.float32), mesh.triangles)


BALL, BALL_UV = ball()


def floor(y0=-1.0, y1=1.0, z=0.0) -> tuple[PlacedMesh, np.ndarray]:
    """A square that looks up, its texture's upper edge at y1."""
    points = [[-1, y0, z], [1, y0, z], [1, y1, z], [-1, y1, z]]
    uv = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], np.float32)
    return placed(points, [[0, 1, 2], [0, 2, 3]]), uv


def project(mesh, uv, picture, lens, texture=None, blending=ALL):
    texture = np.full((SIZE, SIZE, 3), 40, np.uint8) if texture is None else texture
    chosen = np.ones(len(mesh.triangles), bool)
    return project_picture(texture, mesh, uv, chosen, picture, look(mesh, lens.resized(512)), lens, blending)


def places(mesh, uv, size=SIZE):
    """Each texel of the charts and the point of the surface it lies on."""
    corners, owner = to_texels(uv, np.ones(len(uv), bool), (size, size))
    index = face_map(corners, (size, size))
    rows, columns = np.nonzero(index >= 0)
    triangle = index[rows, columns]
    weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
    at = (mesh.points[mesh.triangles[owner[triangle]]] * weights[:, :, None]).sum(1)
    return rows, columns, at


def slopes(lens) -> np.ndarray:
    """A picture that tells its pixels apart: red grows to the right, green downwards."""
    picture = np.zeros((lens.height, lens.width, 4), np.uint8)
    picture[..., 0] = np.linspace(20, 220, lens.width)[None]
    picture[..., 1] = np.linspace(20, 220, lens.height)[:, None]
    picture[..., 2:] = 90, 255
    return picture


angles = st.floats(-3.1, 3.1)


@settings(max_examples=25, deadline=None)
@given(
    heading=angles,
    height=st.floats(-1.2, 1.2),
    away=st.floats(2.2, 8.0),
    ortho=st.booleans(),
    shift=st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    size=st.sampled_from([(200, 150), (150, 200), (180, 180)]),
)
def test_each_texel_takes_the_pixel_that_shows_it(heading, height, away, ortho, shift, size) -> None:
    """Against projecting the points one by one, by the camera's axes."""
    way = np.array([np.cos(height) * np.cos(heading), np.cos(height) * np.sin(heading), np.sin(height)])
    lens = camera(way * away, (0, 0, 0), 1.2, 3.0 if ortho else None, shift, size)
    texture, count = project(BALL, BALL_UV, slopes(lens), lens)
    rows, columns, points = places(BALL, BALL_UV)
    ahead = -way
    right, up = axes(ahead)
    depth = (points - way * away) @ ahead
    scale = (2 / 3.0 if ortho else 1.2 / depth) * size[0] / 2
    x = size[0] / 2 + points @ right * scale - shift[0] * size[0]
    y = size[1] / 2 - points @ up * scale + shift[1] * size[0]
    red = 20 + (x - 0.5) * 200 / (size[0] - 1)
    green = 20 + (y - 0.5) * 200 / (size[1] - 1)
    # Well inside of all that fades: the outline and the picture's border.
    inside = (np.minimum(x, size[0] - x) > 8) & (np.minimum(y, size[1] - y) > 8)
    to_camera = way if ortho else unit(way * away - points)
    facing = np.clip((points * to_camera).sum(1), 0, 1)
    from_outline = (1 - np.sqrt(1 - facing**2)) * scale  # in pixels: where the ball is small, its outline is near
    sure = inside & (facing > 0.5) & (from_outline > 5)
    found = texture[rows, columns].astype(float)
    assume(sure.any())
    assert np.abs(found[sure, 0] - red[sure]).max() < 3
    assert np.abs(found[sure, 1] - green[sure]).max() < 3
    hidden = (points * to_camera).sum(1) < -0.1
    assert (found[hidden] == 40).all()
    assert 0 < count < len(rows)


@settings(max_examples=6, deadline=None)
@given(heading=angles, ortho=st.booleans())
def test_a_view_projected_back_changes_nothing_but_roundings(heading, ortho) -> None:
    lens = camera(
        [4 * np.cos(heading), 4 * np.sin(heading), 1], (0, 0, 0), 1.6, 2.4 if ortho else None, size=(512, 512)
    )
    rows, columns, points = places(BALL, BALL_UV, 512)
    texture = np.full((512, 512, 3), 128, np.uint8)
    texture[rows, columns] = np.rint(128 + 60 * np.sin(2 * points))
    covered = np.zeros((512, 512), bool)
    covered[rows, columns] = True
    texture = pad_texture(texture, covered)
    sight = look(BALL, lens)
    chosen = np.ones(len(BALL.triangles), bool)
    view = show_colours(sight, [Skin(chosen, texture, BALL_UV)])
    back, count = project_picture(texture, BALL, BALL_UV, chosen, view, sight, lens, Blending())
    assert count > 0.2 * len(rows)
    apart = np.abs(back.astype(int) - texture)[rows, columns]
    # Single texels where the surface grazes the view take the pixel beside theirs.
    assert np.percentile(apart, 99.9) <= 2
    assert apart.mean() < 0.02
    same, count = project_picture(texture, BALL, BALL_UV, chosen, only_changes(view, view), sight, lens, Blending())
    assert count == 0
    assert (same == texture).all()


@settings(max_examples=15, deadline=None)
@given(x=st.integers(75, 125), y=st.integers(55, 95))
def test_a_dot_painted_on_a_view_lands_where_it_was_painted(x, y) -> None:
    lens = camera((0, -4, 0.7), (0, 0, 0), 2.0)
    sight = look(BALL, lens)
    texture = np.full((SIZE * 2, SIZE * 2, 3), 128, np.uint8)
    chosen = np.ones(len(BALL.triangles), bool)
    view = show_colours(sight, [Skin(chosen, texture, BALL_UV)])
    edited = view.copy()
    edited[y - 3 : y + 4, x - 3 : x + 4] = 255, 0, 0, 255
    back, _ = project_picture(texture, BALL, BALL_UV, chosen, only_changes(edited, view), sight, lens, Blending())
    again = show_colours(sight, [Skin(chosen, back, BALL_UV)])
    rows, columns = np.nonzero(again[..., 0].astype(int) - again[..., 1] > 100)
    assert abs(rows.mean() - y) < 0.6
    assert abs(columns.mean() - x) < 0.6
    assert 35 <= len(rows) <= 70
    far = np.hypot(*np.mgrid[-y : 150 - y, -x : 200 - x]) > 8
    assert (again[far] == view[far]).all()


def test_what_lies_behind_another_part_stays() -> None:
    low, uv = floor()
    points = np.concatenate([low.points, low.points * [0.5, 0.5, 1] + [0, 0, 1]])
    both = placed(points, np.concatenate([low.triangles, low.triangles + 4]))
    uvs = np.concatenate([uv * [0.5, 1], uv * [0.5, 1] + [0.5, 0]]).astype(np.float32)
    lens = camera((0, 0, 20), (0, 0, 0), ortho=2.4, size=(240, 240))
    red = np.full((240, 240, 4), (255, 0, 0, 255), np.uint8)
    texture, _ = project(both, uvs, red, lens)
    lower, upper = texture[:, : SIZE // 2], texture[:, SIZE // 2 :]
    assert (upper[8:-8, 5:-5] == (255, 0, 0)).all()
    assert (lower[38:-38, 20:-20] == 40).all()
    assert (lower[6:24, 4:-4] == (255, 0, 0)).all()


def test_no_picture_behind_the_camera_and_right_perspective_through_the_near_plane() -> None:
    ground, uv = floor(-10, 10)
    lens = camera((0, 0, 0.5), (0, 5, 0), 1.0, near=0.05, size=(256, 256))
    texture, count = project(ground, uv, slopes(lens), lens)
    rows, columns, points = places(ground, uv)
    clip = lens.clip(points)
    behind = clip[:, 3] <= 0
    assert behind.any()
    assert (texture[rows, columns][behind] == 40).all()
    at = lens.pixels(clip[~behind])
    inside = (np.abs(at - 128) < 118).all(1) & (points[~behind, 1] < 4) & (np.abs(points[~behind, 0]) < 0.8)
    found = texture[rows[~behind], columns[~behind]][inside].astype(float)
    assert count > 0
    assert inside.sum() > 20
    assert np.abs(found[:, 0] - (20 + (at[inside, 0] - 0.5) * 200 / 255)).max() < 3


def test_alpha_and_strength_mix_and_grazing_faces_keep_their_colour() -> None:
    ground, uv = floor()
    above = camera((0, 0, 20), (0, 0, 0), ortho=2.4, size=(240, 240))
    picture = np.full((240, 240, 4), (240, 0, 0, 255), np.uint8)
    half, _ = project(ground, uv, picture, above, blending=Blending(strength=0.5))
    assert (half[10:-10, 10:-10] == (140, 20, 20)).all()
    clear, count = project(ground, uv, picture * np.array([1, 1, 1, 0], np.uint8), above)
    assert (clear == 40).all()
    assert count == 0
    faint = picture * np.ones(4, np.uint8)
    faint[..., 3] = 51
    mixed, _ = project(ground, uv, faint, above)
    assert (mixed[10:-10, 10:-10] == (80, 32, 32)).all()
    low = camera((0, -20, 2), (0, 0, 0), ortho=2.4, size=(240, 240))  # 84 degrees from upright
    assert project(ground, uv, picture, low, blending=Blending())[1] == 0


def test_texels_beside_the_charts_follow_and_all_others_stay() -> None:
    ground, uv = floor()
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 4)).astype(np.uint8)
    small = (uv * 0.5 + 0.25).astype(np.float32)
    above = camera((0, 0, 20), (0, 0, 0), ortho=2.4, size=(240, 240))
    texture, _ = project(ground, small, np.full((240, 240, 4), (255, 0, 0, 255), np.uint8), above, noise)
    assert (texture[..., 3] == noise[..., 3]).all()
    assert (texture[36:92, 36:92, :3] == (255, 0, 0)).all()
    assert (texture[:28] == noise[:28]).all()
    assert (texture[:, 100:] == noise[:, 100:]).all()
    beyond = texture[29:32, 50:80].astype(int) - noise[29:32, 50:80]
    assert np.abs(beyond).max() > 0


def test_a_texture_that_repeats_is_painted_on_all_sides() -> None:
    ground, uv = floor()
    above = camera((0, 0, 20), (0, 0, 0), ortho=2.4, size=(240, 240))
    picture = slopes(above)
    plain, _ = project(ground, uv, picture, above)
    shifted, _ = project(ground, uv + np.float32([3.25, -1.5]), picture, above)
    moved = np.roll(plain, (SIZE // 2, SIZE // 4), (0, 1)).astype(int)
    # Seen from the middle, the seam of the texture lies inside of the square.
    assert np.percentile(np.abs(moved - shifted), 95) <= 1


def test_a_fine_picture_is_averaged_not_skipped() -> None:
    ground, uv = floor()
    above = camera((0, 0, 20), (0, 0, 0), ortho=2.4, size=(1200, 1200))
    checks = np.zeros((1200, 1200, 4), np.uint8)
    checks[..., 3] = 255
    checks[(np.indices((1200, 1200)).sum(0) % 2) == 0, :3] = 200
    texture, _ = project(ground, uv, checks, above)
    assert np.abs(texture[10:-10, 10:-10].astype(int) - 100).max() <= 2


def test_a_camera_that_shows_nothing_is_refused() -> None:
    with pytest.raises(MeshError, match="shows nothing"):
        Projector(np.diag([0.0, 1.0, 1.0, 1.0]), 10, 10)
    with pytest.raises(MeshError, match="shows nothing"):
        Projector(np.full((4, 4), np.nan), 10, 10)

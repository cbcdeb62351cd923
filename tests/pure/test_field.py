"""The join of the coarse volume with the picture's silhouette and the visible surface."""

from __future__ import annotations

import numpy as np
import pytest
from maquette.contracts import Camera, Surface, Volume
from maquette.geometry.extract import extract_surface
from maquette.geometry.field import grid_to_view, refine_volume, resize_linear
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces

CAMERA = Camera(0.0, 4.0)


def ball(size: int = 64, radius: float = 0.7) -> tuple[Volume, Surface, np.ndarray]:
    """A ball at the origin as a coarse volume, as the surface a camera far away sees, and as a matte."""
    camera = Camera(0.0, 1000.0)
    line = (np.arange(size) + 0.5) / size * 2 - 1
    u, v = np.meshgrid(line, -line)
    room = radius**2 - u**2 - v**2
    depth = np.where(room > 0, -np.sqrt(np.maximum(room, 0)), 0).astype(np.float32)
    y = (np.arange(48) + 0.5) * 0.04 - 0.96
    field = 12 * (radius - np.sqrt(u**2 + v**2 + y[:, None, None] ** 2))
    normals, seen = np.zeros((size, size, 3), np.float32), room > 0
    surface = Surface(depth, normals, seen, seen.astype(np.float32), camera)
    alpha = np.clip((room * 20) + 0.5, 0, 1).astype(np.float32)
    return Volume(field.astype(np.float32), -0.96, 0.04, camera), surface, alpha


@pytest.mark.parametrize("detail", [48, 64, 128])
def test_a_ball_stays_a_ball(detail: int) -> None:
    volume, surface, alpha = ball()
    fine = refine_volume(volume, surface, alpha, detail)
    vertices, faces = grid_to_view(*extract_surface(fine.field), fine)
    radii = np.linalg.norm(vertices, axis=1)
    assert abs(radii.mean() - 0.7) < 0.02
    assert radii.max() < 0.78 and radii.min() > 0.62
    assert measure(from_faces(vertices, faces)).volume > 0


def test_nothing_outside_the_silhouette_nor_before_the_surface() -> None:
    volume, surface, alpha = ball()
    everything = Volume(np.full_like(volume.field, 5), volume.near, volume.step, volume.camera)
    fine = refine_volume(everything, surface, alpha, 64)
    assert (fine.field.max(0)[alpha < 0.4] < 0).all()
    y = fine.near + (np.arange(48) + 0.5) * fine.step
    before = y[:, None, None] < surface.depth - fine.step
    assert (fine.field[before & surface.mask] < 0).all()


def test_the_visible_surface_is_kept_where_the_volume_is_late() -> None:
    """The shape model puts the front two bins too far back: the depth model's front wins."""
    volume, surface, alpha = ball()
    late = Volume(np.roll(volume.field, 2, 0), volume.near, volume.step, volume.camera)
    late.field[:2] = -5
    fine = refine_volume(late, surface, alpha, 64)
    middle = fine.field[:, 32, 32]
    first = np.nonzero(middle > 0)[0][0]
    assert abs(fine.near + (first + 0.5) * fine.step - -0.7) <= 1.5 * fine.step


def test_grid_corners_land_where_the_contract_says() -> None:
    volume = Volume(np.zeros((4, 8, 8), np.float32), -0.5, 0.25, CAMERA)
    points, _ = grid_to_view(np.float32([[-0.5, -0.5, -0.5], [1.5, 7.5, 7.5]]), np.int32([[0, 1, 0]]), volume)
    np.testing.assert_allclose(points[0], [-0.875, -0.5, 0.875], atol=1e-6)
    np.testing.assert_allclose(points[1], [1, 0, -1], atol=1e-6)


@pytest.mark.parametrize(("length", "size"), [(5, 5), (5, 10), (8, 3), (1, 4), (2, 7)])
def test_linear_resampling_keeps_lines_and_limits(length: int, size: int) -> None:
    ramp = ((np.arange(length) + 0.5) / length).astype(np.float32)
    out = resize_linear(ramp[None], size, 1)[0]
    expected = np.clip((np.arange(size) + 0.5) / size, ramp[0], ramp[-1])
    np.testing.assert_allclose(out, expected, atol=1e-6)

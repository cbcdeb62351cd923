"""Logos become closed solids with the true outlines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import MeshArrays, MeshReport, Pixels
from maquette.errors import PictureError
from maquette.geometry.drawings.extrude import extrude_logo
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces
from PIL import Image, ImageDraw

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
Draw = Callable[[ImageDraw.ImageDraw, float], None]


def picture(width: int, height: int, draw: Draw, background: tuple[int, int, int] = WHITE, fine: int = 4) -> Pixels:
    """Draw at several times the size, so that edges are smooth; ``fine`` 1 for staircases."""
    image = Image.new("RGB", (width * fine, height * fine), background)
    draw(ImageDraw.Draw(image), fine)
    rgb = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def faultless(mesh: MeshArrays) -> MeshReport:
    report = measure(from_faces(mesh.vertices, mesh.faces))
    assert report.watertight
    assert report.volume > 0
    assert report.non_manifold_vertices == 0
    assert report.duplicate_faces == report.degenerate_faces == 0
    assert report.inconsistent_edges == report.self_intersections == 0
    return report


def plate(draw: ImageDraw.ImageDraw, s: float) -> None:
    """A plate of 160 x 120 with a hole of 40 x 30, in which there is a disc of 20 across."""
    draw.rectangle([20 * s, 15 * s, 180 * s - 1, 135 * s - 1], fill=BLACK)
    draw.rectangle([60 * s, 40 * s, 100 * s - 1, 70 * s - 1], fill=WHITE)
    draw.ellipse([70 * s, 45 * s, 90 * s - 1, 65 * s - 1], fill=(200, 30, 30))


@pytest.mark.parametrize("fine", [1, 4])
def test_sizes_holes_and_nested_pieces_are_true(fine: int) -> None:
    drawn = extrude_logo(picture(200, 150, plate, fine=fine), depth=0.25, height=1.2, bevel=0)
    report = faultless(drawn.mesh)
    assert report.dimensions == pytest.approx((1.6, 0.25, 1.2), rel=0.002)
    assert report.loose_parts == 2
    assert report.volume == pytest.approx((1.6 * 1.2 - 0.4 * 0.3 + np.pi * 0.01) * 0.25, rel=0.003)
    assert drawn.mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-6)
    assert drawn.notes == ()


def test_straight_drawings_get_their_corners_and_no_more() -> None:
    def frame(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.rectangle([20 * s, 15 * s, 180 * s - 1, 135 * s - 1], fill=BLACK)
        draw.rectangle([60 * s, 40 * s, 100 * s - 1, 70 * s - 1], fill=WHITE)

    mesh = extrude_logo(picture(200, 150, frame), bevel=0).mesh
    assert len(mesh.vertices) == 16
    x = np.unique(mesh.vertices[:, 0].round(4))
    assert x == pytest.approx(np.array([-80, -40, 0, 80]) / 120, abs=1e-4)


def test_a_disc_is_round_with_few_points() -> None:
    def disc(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.ellipse([20 * s, 20 * s, 220 * s - 1, 220 * s - 1], fill=(20, 60, 160))

    mesh = extrude_logo(picture(240, 240, disc), height=2.0, bevel=0).mesh
    rim = np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 2] - 1)
    assert 0.995 < rim.min() <= rim.max() < 1.005
    assert 24 <= len(mesh.vertices) // 2 <= 100


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("back", [True, False])
def test_a_bevel_takes_from_front_and_back_and_keeps_the_outline(steps: int, back: bool) -> None:
    mesh = extrude_logo(picture(200, 150, plate), depth=0.2, bevel=0.2, bevel_steps=steps, bevel_back=back).mesh
    report = faultless(mesh)
    assert report.dimensions == pytest.approx((160 / 120, 0.2, 1.0), rel=0.003)
    front = mesh.vertices[mesh.vertices[:, 1] < -0.0999]
    assert np.abs(front[:, 0]).max() == pytest.approx(160 / 240 - 0.04, abs=2e-3)
    behind = mesh.vertices[mesh.vertices[:, 1] > 0.0999]
    assert np.abs(behind[:, 0]).max() == pytest.approx(160 / 240 - (0.04 if back else 0), abs=2e-3)


def test_a_narrow_part_gets_a_narrow_bevel() -> None:
    def comb(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.rectangle([20 * s, 100 * s, 220 * s - 1, 180 * s - 1], fill=BLACK)
        for tooth in range(6):
            draw.rectangle([(25 + 35 * tooth) * s, 20 * s, (25 + 35 * tooth + 2 + tooth) * s - 1, 100 * s], fill=BLACK)

    mesh = extrude_logo(picture(240, 200, comb), depth=0.4, bevel=0.3).mesh
    faultless(mesh)
    front = mesh.vertices[mesh.vertices[:, 1] < -0.1999]
    # Every tooth, 80 of 160 pixels long, reaches the front; the body has the full bevel, 0.12 of 1.
    assert np.histogram(front[front[:, 2] > 0.9, 0], 6, (-0.65, 0.65))[0].min() > 0
    assert front[:, 2].min() == pytest.approx(0.12, abs=0.01)


def test_inverted_and_transparent_pictures_give_the_same_shape() -> None:
    dark = extrude_logo(picture(200, 150, plate)).mesh
    pixels = picture(200, 150, plate)
    light = pixels.copy()
    light[:, :, :3] = 255 - light[:, :, :3]
    clear = pixels.copy()
    clear[:, :, 3] = 255 - np.abs(pixels[:, :, :3].astype(int) - 255).max(axis=2)
    clear[:, :, 3] = 255 - clear[:, :, 3]
    for other in (light, clear):
        assert extrude_logo(other).mesh.vertices.max(axis=0) == pytest.approx(dark.vertices.max(axis=0), abs=4e-3)


def test_colours_come_along_without_the_background() -> None:
    def two(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.rectangle([20 * s, 20 * s, 60 * s, 80 * s], fill=(200, 0, 0))
        draw.rectangle([60 * s, 20 * s, 100 * s, 80 * s], fill=(0, 0, 200))

    mesh = extrude_logo(picture(120, 100, two)).mesh
    assert mesh.texture is not None and mesh.uv is not None
    assert mesh.texture[:, :, 1].max() < 30
    assert mesh.texture[10, 2].tolist() == pytest.approx([200, 0, 0], abs=12)
    assert mesh.texture[10, -3].tolist() == pytest.approx([0, 0, 200], abs=12)
    assert mesh.uv.shape == (*mesh.faces.shape, 2)
    left = mesh.vertices[mesh.faces][:, :, 0].max(axis=1) < -0.1
    assert mesh.uv[left][:, :, 0].max() < 0.5


def test_a_pale_colour_beside_black_is_drawn_as_well() -> None:
    def pale(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.rectangle([20 * s, 20 * s, 80 * s, 80 * s], fill=BLACK)
        draw.rectangle([120 * s, 20 * s, 180 * s, 80 * s], fill=(255, 240, 170))

    assert faultless(extrude_logo(picture(200, 100, pale)).mesh).loose_parts == 2


def test_shapes_at_the_frame_end_there() -> None:
    mesh = extrude_logo(
        picture(100, 60, lambda d, s: d.rectangle([0, 0, 40 * s - 1, 60 * s], fill=BLACK)), height=0.6, bevel=0.1
    ).mesh
    assert faultless(mesh).dimensions == pytest.approx((0.4, 0.1, 0.6), rel=0.005)


def test_thin_lines_and_specks() -> None:
    def lines(draw: ImageDraw.ImageDraw, s: float) -> None:
        draw.rectangle([20, 20, 180, 20], fill=BLACK)
        draw.line([20, 30, 180, 120], fill=BLACK, width=1)
        draw.rectangle([100, 130, 140, 140], fill=BLACK)
        draw.point([(10, 10), (190, 140)], fill=BLACK)

    drawn = extrude_logo(picture(200, 150, lines, fine=1))
    faultless(drawn.mesh)
    assert drawn.notes[0] == "2 specks were left out."


def empty(value: int, alpha: int = 255, size: tuple[int, int] = (64, 64)) -> Pixels:
    pixels = np.full((*size, 4), value, np.uint8)
    pixels[:, :, 3] = alpha
    return pixels


def one_speck() -> Pixels:
    pixels = empty(255)
    pixels[30, 30, :3] = 0
    return pixels


@pytest.mark.parametrize("pixels", [empty(255), empty(0), empty(0, 0), empty(7, size=(1, 1)), one_speck()])
def test_pictures_without_a_drawing_are_refused(pixels: Pixels) -> None:
    with pytest.raises(PictureError):
        extrude_logo(pixels)


def test_noise_is_a_result_without_faults_or_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 4), np.uint8)
    noise[:, :, 3] = 255
    faultless(extrude_logo(noise).mesh)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_drawings_are_closed_and_keep_their_area(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def shapes(draw: ImageDraw.ImageDraw, s: float) -> None:
        for fill in (BLACK, WHITE, BLACK, WHITE):
            points = rng.uniform(5 * s, 155 * s, (int(rng.integers(3, 9)), 2))
            draw.polygon([tuple(point) for point in points], fill=fill)
            draw.line(
                [tuple(point) for point in rng.uniform(0, 160 * s, (3, 2))], fill, int(rng.integers(1, 9)) * int(s)
            )

        draw.rectangle([0, 0, 3 * s - 1, 160 * s], fill=BLACK)  # the height is known

    pixels = picture(160, 160, shapes, fine=int(rng.choice([1, 4])))
    bevel = float(rng.choice([0.0, 0.1, 0.4]))
    try:
        drawn = extrude_logo(pixels, depth=0.2, height=1.6, bevel=bevel, bevel_steps=int(rng.integers(1, 4)))
    except PictureError:
        return
    report = faultless(drawn.mesh)
    if bevel == 0:
        area = (255 - pixels[:, :, 0].astype(float)).sum() / 255 * 0.01**2
        assert report.volume / 0.2 == pytest.approx(area, rel=0.06, abs=0.004)


def test_texture_all_over_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (400, 400), np.uint8) * 255
    with pytest.raises(PictureError, match="too many small shapes"):
        extrude_logo(np.dstack([noise, noise, noise, np.full_like(noise, 255)]))

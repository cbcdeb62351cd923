"""Sketches are closed and filled, and silhouettes blown up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import MeshArrays, MeshReport, Pixels
from maquette.errors import PictureError
from maquette.geometry.drawings.close_outline import close_outline
from maquette.geometry.drawings.inflate import inflate
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces
from PIL import Image, ImageDraw

Draw = Callable[[ImageDraw.ImageDraw], None]


def sketch(draw: Draw, size: int = 300, paper: tuple[int, int, int] = (246, 243, 236)) -> Pixels:
    image = Image.new("RGB", (size * 3, size * 3), paper)
    draw(ImageDraw.Draw(image))
    rgb = np.asarray(image.resize((size, size), Image.Resampling.BOX))
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def faultless(mesh: MeshArrays) -> MeshReport:
    report = measure(from_faces(mesh.vertices, mesh.faces))
    assert report.watertight
    assert report.volume > 0
    assert report.non_manifold_vertices == 0
    assert report.duplicate_faces == report.degenerate_faces == 0
    assert report.inconsistent_edges == report.self_intersections == 0
    return report


def disc(radius: float = 100, size: int = 300) -> Pixels:
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.rint(255 * np.clip(radius + 0.5 - np.hypot(x - size / 2, y - size / 2), 0, 1)).astype(np.uint8)


@pytest.mark.parametrize("gaps", [[], [(10, 14)], [(80, 85), (200, 206)], [(0, 3), (90, 92), (180, 186)]])
def test_a_circle_with_gaps_is_filled_to_its_outer_edge(gaps: list[tuple[int, int]]) -> None:
    def draw(to: ImageDraw.ImageDraw) -> None:
        ends = [0, *(angle for gap in gaps for angle in gap), 360]
        for begin, end in zip(ends[::2], ends[1::2], strict=True):
            to.arc([150, 150, 750, 750], begin, end, fill=(60, 60, 70), width=9)
        to.ellipse([350, 350, 420, 420], outline=(60, 60, 70), width=6)
        to.line([350, 600, 550, 620], fill=(60, 60, 70), width=6)

    alpha = close_outline(sketch(draw))
    assert (alpha > 127).sum() == pytest.approx(np.pi * 100**2, rel=0.02)
    assert alpha[60:240, 150].min() == 255
    assert alpha[:40].max() == 0


@pytest.mark.parametrize("side", [600, 900, 1500, 3000])
def test_a_line_that_just_misses_its_beginning_is_closed_at_any_size(side: int) -> None:
    image = Image.new("RGB", (side, side), "white")
    house = [(200, 700), (200, 350), (450, 150), (700, 350), (700, 700), (205, 705)]
    places = [(x * side / 900, y * side / 900) for x, y in house]
    ImageDraw.Draw(image).line(places, fill="black", width=max(2, 6 * side // 900))
    alpha = close_outline(np.asarray(image.convert("RGBA")))
    assert float((alpha > 127).mean()) == pytest.approx((500 * 350 + 500 * 200 / 2) / 900**2, rel=0.05)


def test_bays_between_limbs_stay_open() -> None:
    outline = [(60, 60), (240, 60), (240, 250), (180, 250), (180, 150), (120, 150), (120, 250), (60, 250), (60, 70)]
    alpha = close_outline(sketch(lambda to: to.line([(3 * x, 3 * y) for x, y in outline], fill=(30, 30, 30), width=8)))
    assert alpha[200, 150] == 0
    assert alpha[200, 90] == alpha[200, 210] == alpha[100, 150] == 255


def test_crumbs_and_signatures_are_left_out() -> None:
    def draw(to: ImageDraw.ImageDraw) -> None:
        to.ellipse([150, 150, 750, 750], outline=(30, 30, 30), width=9)
        to.ellipse([820, 820, 850, 850], outline=(30, 30, 30), width=5)

    assert close_outline(sketch(draw))[270:, 270:].max() == 0


def blank(to: ImageDraw.ImageDraw) -> None:
    del to


def zigzag(to: ImageDraw.ImageDraw) -> None:
    to.line([(100, 100), (800, 250), (100, 500), (800, 750)], fill=(30, 30, 30), width=9)


@pytest.mark.parametrize("draw", [blank, zigzag])
def test_lines_that_enclose_nothing_are_refused(draw: Draw) -> None:
    with pytest.raises(PictureError):
        close_outline(sketch(draw))


def test_a_disc_becomes_an_ellipsoid() -> None:
    mesh = inflate(disc(), depth=0.5, height=2.0, faces=20_000).mesh
    report = faultless(mesh)
    assert 0.9 * 20_000 < report.faces <= 20_000
    assert report.dimensions == pytest.approx((2, 0.5, 2), rel=0.01)
    x, y, z = mesh.vertices.T
    assert x**2 + (y / 0.25) ** 2 + (z - 1) ** 2 == pytest.approx(1, abs=0.05)
    assert report.volume == pytest.approx(4 / 3 * np.pi * 0.25, rel=0.02)


def test_front_and_back_are_alike_and_carry_the_picture() -> None:
    pixels = np.zeros((300, 300, 4), np.uint8)
    pixels[:, :150] = (200, 40, 40, 255)
    pixels[:, 150:] = (40, 40, 200, 255)
    mesh = inflate(disc(), pixels=pixels, faces=5000).mesh
    front = np.sort(mesh.vertices[mesh.vertices[:, 1] < 0][:, 1])
    assert front == pytest.approx(-np.sort(mesh.vertices[mesh.vertices[:, 1] > 0][:, 1])[::-1], abs=1e-6)
    assert mesh.uv is not None and mesh.texture is not None
    left = mesh.vertices[mesh.faces][:, :, 0].max(axis=1) < 0
    assert mesh.uv[left, :, 0].max() <= 0.5
    assert mesh.texture[5, 5].tolist() == pytest.approx([200, 40, 40], abs=8)


def test_an_empty_silhouette_is_refused() -> None:
    with pytest.raises(PictureError):
        inflate(np.zeros((40, 40), np.uint8))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_silhouettes_are_closed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = (np.kron(rng.integers(0, 2, (7, 8)), np.ones((9, 9))) * 255).astype(np.uint8)
    alpha[:9, :9] = 255
    faultless(inflate(alpha, faces=int(rng.integers(600, 6000))).mesh)

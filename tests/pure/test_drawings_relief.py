"""Reliefs have the sizes asked for, and heights that follow the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import MeshArrays, MeshReport, Pixels
from maquette.errors import PictureError
from maquette.geometry.drawings.relief import PRESETS, relief
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces


def faultless(mesh: MeshArrays) -> MeshReport:
    report = measure(from_faces(mesh.vertices, mesh.faces))
    assert report.watertight
    assert report.volume > 0
    assert report.non_manifold_vertices == 0
    assert report.duplicate_faces == report.degenerate_faces == 0
    assert report.inconsistent_edges == report.self_intersections == 0
    return report


def grey(values: np.ndarray, alpha: np.ndarray | int = 255) -> Pixels:
    level = np.rint(values * 255).astype(np.uint8)
    return np.dstack([level, level, level, np.broadcast_to(np.asarray(alpha, np.uint8), level.shape)])


def waves(height: int = 90, width: int = 120) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return 0.5 + 0.25 * np.sin(x / 9) + 0.25 * np.cos(y / 7)


@pytest.mark.parametrize("faces", [300, 5000, 40_000])
def test_sizes_are_exact_and_faces_near_the_count(faces: int) -> None:
    mesh = relief(grey(waves()), width_mm=80, thickness_mm=3.2, base_mm=0.6, faces=faces, smooth=0).mesh
    report = faultless(mesh)
    assert report.dimensions == pytest.approx((0.08, 0.0032, 0.06), rel=1e-5)
    assert report.faces <= faces
    if faces > 1000:
        assert report.faces > 0.96 * faces


def test_dark_is_thick_in_a_lithophane_and_bright_in_a_height_field() -> None:
    ramp = np.tile(np.linspace(0, 1, 64), (64, 1))
    for mode, rising in (("lithophane", False), ("height", True)):
        for invert in (False, True):
            mesh = relief(grey(ramp), faces=2000, mode=mode, invert=invert, thickness_mm=4, base_mm=1, smooth=0).mesh
            top = mesh.vertices[mesh.vertices[:, 1] < mesh.vertices[:, 1].max() - 1e-6]
            slope = np.polyfit(top[:, 0], -top[:, 1], 1)[0]
            assert slope * (1 if rising != invert else -1) == pytest.approx(0.003 / 0.1, rel=0.05)


def test_heights_finer_than_eight_bits_are_kept() -> None:
    ramp = np.tile(np.linspace(0.500, 0.512, 200), (50, 1))
    mesh = relief(ramp, mode="height", faces=20_000, smooth=0, upright=False).mesh
    assert len(np.unique(mesh.vertices[:, 2].round(6))) > 100


def test_a_disc_is_round_and_has_its_border() -> None:
    mesh = relief(grey(waves(100, 140)), shape="disc", mode="height", width_mm=30, thickness_mm=2, base_mm=1,
                  border_mm=2, faces=20_000).mesh  # fmt: skip
    report = faultless(mesh)
    assert report.dimensions == pytest.approx((0.03, 0.002, 0.03), rel=1e-3)
    radius = np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 2] - 0.015)
    assert radius.max() == pytest.approx(0.015, rel=1e-3)
    top = mesh.vertices[:, 1] < 0
    assert mesh.vertices[top & (radius > 0.0135), 1] == pytest.approx(-0.001, abs=1e-6)
    assert report.volume < np.pi * 0.015**2 * 0.002


def test_alpha_cuts_the_outline_and_its_holes() -> None:
    y, x = np.mgrid[0:200, 0:200] + 0.5
    radius = np.hypot(x - 100, y - 100)
    alpha = 255 * np.clip(80.5 - radius, 0, 1) * np.clip(radius - 29.5, 0, 1)
    drawn = relief(grey(waves(200, 200), alpha), shape="alpha", width_mm=160, thickness_mm=2, base_mm=1, faces=30_000)
    report = faultless(drawn.mesh)
    assert report.dimensions == pytest.approx((0.16, 0.002, 0.16), rel=0.01)
    assert 0.9 * 30_000 < report.faces <= 30_000
    flat = drawn.mesh.vertices[:, [0, 2]] - np.array([0, 0.08])
    assert np.hypot(*flat.T).min() == pytest.approx(0.03, abs=0.0015)


def test_lying_terrain_stands_on_its_base() -> None:
    mesh = relief(grey(waves()), **{**PRESETS["terrain"], "faces": 3000}).mesh
    assert faultless(mesh).dimensions == pytest.approx((0.1, 0.075, 0.02), rel=1e-5)
    assert mesh.vertices[:, 2].min() == 0


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_sound(name: str) -> None:
    faultless(relief(grey(waves()), **{**PRESETS[name], "faces": 4000}).mesh)


def test_smoothing_takes_noise_away() -> None:
    noise = np.random.default_rng(1).uniform(0, 1, (120, 120))
    picture = grey(0.2 * noise + np.tile(np.linspace(0, 0.8, 120), (120, 1)))

    def roughness(smooth: float) -> float:
        vertices = relief(picture, faces=20_000, smooth=smooth).mesh.vertices
        top = vertices[(vertices[:, 1] < vertices[:, 1].max() - 1e-6) & (np.abs(vertices[:, 0]) < 0.04)]
        return float((top[:, 1] - np.polyval(np.polyfit(top[:, 0], top[:, 1], 1), top[:, 0])).std())

    assert roughness(3.0) < 0.3 * roughness(0.0)


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (grey(np.full((40, 40), 0.5)), {}),
        (grey(waves(), 0), {"shape": "alpha"}),
        (grey(waves(), np.eye(90, 120) * 255), {"shape": "alpha", "faces": 100}),
        (grey(waves()), {"base_mm": 0.0}),
        (grey(waves()), {"base_mm": 3.0, "thickness_mm": 2.0}),
        (grey(waves()), {"width_mm": 0.0}),
    ],
)
def test_what_gives_no_relief_is_refused(pixels: Pixels, options: dict[str, Any]) -> None:
    with pytest.raises(PictureError):
        relief(pixels, **options)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_cut_outs_are_closed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = np.kron(rng.integers(0, 2, (6, 9)), np.ones((8, 8))) * 255
    alpha[0, 0] = 255
    values = rng.uniform(0, 1, alpha.shape)
    mesh = relief(grey(values, alpha), shape="alpha", faces=int(rng.integers(200, 8000)), smooth=0).mesh
    faultless(mesh)

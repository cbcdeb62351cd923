"""The picture check: each line speaks up for its own fault, and keeps quiet for good pictures."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Kind, Pixels, Settings
from maquette.errors import PictureError
from maquette.inference.card import find_card, load_card
from maquette.inference.checks.artefacts import bar_share, blockiness
from maquette.inference.checks.check import check_picture, check_scene
from maquette.inference.checks.finding import Finding, level_of
from maquette.inference.checks.scene import Scene, luma
from maquette.inference.checks.shadows import hard_shadow
from maquette.inference.checks.sharpness import blur_radius
from maquette.inference.checks.subject import second_share
from maquette.inference.prepare import prepare_subject
from maquette.model_set import load_models
from maquette.picture_check import check_report, inspect_file, verdict
from PIL import Image, ImageFilter

SIDE = 640


def painted_ball(side: int = SIDE, diameter: float = 0.7, seed: int = 0, fields: float = 7) -> Pixels:
    """A shaded ball with a chequered pattern, so many fields on half the picture's side, cut out."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side * 2 - 1
    radius = np.hypot(x, y) / diameter
    inside = radius < 1
    height = np.sqrt(np.clip(1 - radius**2, 0, 1))
    light = 0.35 + 0.5 * np.clip(0.5 * height - 0.5 * x / diameter - 0.6 * y / diameter, 0, 1)
    checks = (np.floor(x * fields) + np.floor(y * fields)) % 2
    paint = np.where(checks[..., None] > 0, (200, 120, 60), (70, 110, 170))
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[..., :3] = np.clip(paint * light[..., None] * 1.2, 0, 255)
    noise = np.random.default_rng(seed).normal(0, 2, (side, side, 1))
    rgba[..., :3] = np.clip(rgba[..., :3] + noise, 0, 255).astype(np.uint8)
    rgba[..., 3] = inside * 255
    return rgba


def on_floor(rgba: Pixels, colour: tuple[int, int, int] = (205, 205, 200)) -> Pixels:
    """The cut-out over a plain background, opaque."""
    ground = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), (*colour, 255))
    return np.asarray(Image.alpha_composite(ground, Image.fromarray(rgba)))


def filtered(rgba: Pixels, radius: float) -> Pixels:
    image = Image.fromarray(rgba).convert("RGBa").filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image.convert("RGBA"))


def exposed(rgba: Pixels, stops: float) -> Pixels:
    light = np.clip((rgba[..., :3] / 255) ** 2.2 * 2**stops, 0, 1)
    return np.concatenate([np.rint(255 * light ** (1 / 2.2)).astype(np.uint8), rgba[..., 3:]], -1)


def lines(rgba: Pixels) -> dict[str, Finding]:
    """All lines of a cut-out picture that need no network."""
    return {finding.line: finding for finding in check_scene(Scene(rgba, rgba[..., 3], None))}


def test_a_good_picture_has_nothing_poor() -> None:
    assert {line: finding.level for line, finding in lines(painted_ball(1600)).items()} == {
        "Subject": "good",
        "Upright": "good",
        "Resolution": "good",
        "Sharpness": "good",
        "Lighting": "good",
        "Background": "good",
        "Artefacts": "good",
    }


@pytest.mark.parametrize(
    ("line", "worse"),
    [
        ("Resolution", lambda ball: np.asarray(Image.fromarray(ball).resize((160, 160)))),
        ("Sharpness", lambda ball: filtered(ball, 5)),
        ("Lighting", lambda ball: exposed(ball, 5)),
        ("Lighting", lambda ball: exposed(ball, -5)),
        ("Subject", lambda ball: ball[:, 250:]),
        ("Subject", lambda ball: np.concatenate([ball, ball], 1)),
    ],
    ids=["small", "blurred", "bright", "dark", "cut", "two"],
)
def test_each_line_speaks_up_for_its_own_fault_alone(line: str, worse: object) -> None:
    assert callable(worse)
    found = lines(np.ascontiguousarray(worse(painted_ball())))
    assert found[line].level == "poor"
    assert found[line].text.endswith(".")
    assert [other for other, finding in found.items() if finding.level == "poor"] == [line]


@pytest.mark.parametrize("radius", [0.8, 1.5, 3.0])
def test_the_blur_is_measured_in_pixels(radius: float) -> None:
    step = np.zeros((96, 96), np.float32)
    step[:, 48:] = 200
    offsets = np.arange(-20, 21)
    kernel = np.exp(-0.5 * (offsets / radius) ** 2)
    blurred = np.stack([np.convolve(np.pad(row, 20, mode="edge"), kernel / kernel.sum(), "valid") for row in step])
    measured = blur_radius(blurred.astype(np.float32), np.ones((96, 96), bool))
    assert measured == pytest.approx(radius, rel=0.25)


def test_blur_that_a_large_picture_can_afford_is_no_fault() -> None:
    assert lines(filtered(painted_ball(3000), 2))["Sharpness"].level == "good"


@pytest.mark.parametrize("size", [0.2, 0.5, 1.0])
def test_the_second_thing_is_measured_by_its_area(size: float) -> None:
    ball = painted_ball()
    side = round(SIDE * size)
    other = np.zeros_like(ball)
    other[-side:, -side:] = np.asarray(Image.fromarray(ball).resize((side, side)))
    both = np.concatenate([ball, other], axis=1)
    assert second_share(Scene(both, both[..., 3], None)) == pytest.approx(size**2, rel=0.1)


def test_blocks_are_seen_in_a_hard_compressed_picture_alone(tmp_path: Path) -> None:
    photo = on_floor(painted_ball())[..., :3]
    levels: list[float] = []
    for quality in (98, 50, 8):
        Image.fromarray(photo).save(tmp_path / "photo.jpg", quality=quality)
        levels.append(blockiness(luma(np.asarray(Image.open(tmp_path / "photo.jpg"))), painted_ball()[..., 3] > 0))
    assert levels[0] < levels[1] < levels[2]
    assert levels[0] < 0.5
    assert levels[2] > 2


def test_blocks_are_seen_in_a_small_subject_too() -> None:
    ball = painted_ball(1200, 0.2)
    file = io.BytesIO()
    Image.fromarray(ball[..., :3]).save(file, "JPEG", quality=6)
    hard = np.concatenate([np.asarray(Image.open(file)), ball[..., 3:]], -1)
    assert lines(ball)["Artefacts"].level == "good"
    assert lines(hard)["Artefacts"].level == "poor"


def in_shadow(rgba: Pixels, share: float, softness: float = 0.8) -> Pixels:
    """Half of a picture with only so much of its linear light; the edge runs askew over it."""
    y, x = np.mgrid[: len(rgba), : rgba.shape[1]]
    beyond = (x + 0.4 * y - 0.7 * len(rgba)) / softness
    lit = share + (1 - share) / (1 + np.exp(-np.clip(beyond, -30, 30)))
    colours = 255 * ((rgba[..., :3] / 255) ** 2.2 * lit[..., None]) ** (1 / 2.2)
    return np.concatenate([np.rint(colours).astype(np.uint8), rgba[..., 3:]], -1)


def photo_lines(rgba: Pixels) -> dict[str, Finding]:
    """The same for the ball in a photo, cut out exactly."""
    scene = Scene(rgba, painted_ball()[..., 3], np.ones((4, 4), np.float32))
    return {finding.line: finding for finding in check_scene(scene)}


@pytest.mark.parametrize("share", [0.2, 0.14])
@pytest.mark.parametrize("photo", [False, True])
def test_a_shadow_with_a_hard_edge_is_seen(share: float, photo: bool) -> None:
    ball = painted_ball(fields=2)
    found = photo_lines(in_shadow(on_floor(ball), share)) if photo else lines(in_shadow(ball, share))
    assert found["Lighting"].level == "poor"
    assert "hard edge" in found["Lighting"].text
    assert [line for line, finding in found.items() if finding.level == "poor"] == ["Lighting"]


@pytest.mark.parametrize(
    "softer",
    [
        pytest.param(lambda ball: in_shadow(ball, 0.2, 40), id="soft"),
        pytest.param(lambda ball: in_shadow(ball, 0.85), id="faint"),
        pytest.param(lambda ball: filtered(ball, 0.6), id="paint"),
    ],
)
def test_soft_and_faint_shadows_and_paint_are_no_hard_shadow(softer: Callable[[Pixels], Pixels]) -> None:
    assert hard_shadow(Scene(softer(painted_ball()), painted_ball()[..., 3], None)) < 0.2


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_any_picture_has_a_measure_of_its_shadows(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    pixels[rng.integers(height), rng.integers(width), 3] = 255
    for found in (None, np.ones((2, 2), np.float32)):
        assert np.isfinite(hard_shadow(Scene(pixels, pixels[..., 3], found)))


@given(st.integers(24, 90), st.integers(24, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_any_subject_has_its_odds_of_a_shadow(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    pixels[8:16, 8:16, 3] = 255
    assert np.isfinite(load_models(Settings()).shadow.estimate(prepare_subject(pixels)))


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        pytest.param(lambda ball: in_shadow(ball, 0.2), True, id="dark"),
        pytest.param(lambda ball: in_shadow(ball, 0.14), True, id="darker"),
        pytest.param(lambda ball: in_shadow(ball, 0.2)[:, ::-1], True, id="mirrored"),
        pytest.param(lambda ball: ball, False, id="none"),
        pytest.param(lambda ball: in_shadow(ball, 0.2, 60), False, id="soft"),
        pytest.param(lambda ball: in_shadow(ball, 0.9), False, id="faint"),
    ],
)
def test_the_network_tells_hard_shadows_from_paint(changed: Callable[[Pixels], Pixels], seen: bool) -> None:
    for fields in (2, 7):
        subject = prepare_subject(np.ascontiguousarray(changed(painted_ball(fields=fields))))
        assert (load_models(Settings()).shadow.estimate(subject) > 0) == seen


def test_the_check_asks_the_shadow_network_too() -> None:
    models, ball = load_models(Settings()), painted_ball()
    levels = [check_scene(Scene(ball, ball[..., 3], None), odds)[4] for odds in (-3.0, 4.0)]
    assert [(finding.line, finding.level, finding.unit) for finding in levels] == [
        ("Lighting", "good", "share"),
        ("Lighting", "poor", "probability"),
    ]
    dark = in_shadow(ball, 0.2)
    found = check_picture(dark, "auto", models.matte, models.depth, models.shadow)[4]
    assert "hard edge" in found.text
    assert 0.9 < found.value <= 1


@pytest.mark.parametrize(("kind", "level"), [("photo", "poor"), ("illustration", "fair")])
def test_shadows_that_are_drawn_are_left_to_the_artist(kind: Kind, level: str, tmp_path: Path) -> None:
    Image.fromarray(in_shadow(painted_ball(), 0.2)).save(tmp_path / "ball.png")
    findings = inspect_file(tmp_path / "ball.png", Settings(kind=kind)).findings
    assert next(finding.level for finding in findings if finding.line == "Lighting") == level


def test_the_shadow_network_is_the_one_that_was_trained() -> None:
    card = find_card("maquette-shadow")
    assert load_card(card).task == "shadow"
    assert tomllib.loads(card.read_text())["training"]["parity_to_pytorch"] < 1e-3


@pytest.mark.parametrize("upright", [False, True])
def test_bars_are_measured(upright: bool) -> None:
    values = luma(on_floor(painted_ball()))
    bar = np.zeros((64, SIDE), np.float32)
    barred = np.concatenate([bar, values, bar])
    barred = barred.T if upright else barred
    assert bar_share(barred) == pytest.approx(128 / 768, abs=0.01)
    assert bar_share(values) == 0.0
    assert bar_share(np.zeros((50, 50), np.float32)) == 0.0


def test_levels_run_either_way() -> None:
    assert [level_of(value, 2, 5) for value in (1, 2, 5)] == ["good", "fair", "poor"]
    assert [level_of(value, 5, 2) for value in (6, 5, 2)] == ["good", "fair", "poor"]


def test_the_whole_check_of_a_photo_names_all_lines() -> None:
    models = load_models(Settings())
    findings = check_picture(on_floor(painted_ball()), "auto", models.matte, models.depth, models.shadow)
    assert [finding.line for finding in findings] == [
        "Subject",
        "Upright",
        "Resolution",
        "Sharpness",
        "Lighting",
        "Background",
        "Artefacts",
        "Viewpoint",
    ]
    assert verdict(findings) != "poor"


def test_a_picture_without_a_subject_says_so_and_nothing_fails() -> None:
    models = load_models(Settings())
    grey = np.full((300, 300, 4), 255, np.uint8)
    grey[..., :3] = np.random.default_rng(0).integers(118, 122, (300, 300, 1))
    findings = check_picture(grey, "remove", models.matte, models.depth, models.shadow)
    assert findings[0].line == "Subject"
    assert findings[0].level == "poor"
    assert "stands out" in findings[0].text


@pytest.mark.parametrize("size", [(8, 32), (32, 8), (33, 40)])
def test_tiny_pictures_are_checked_too(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 4), np.uint8)
    pixels[..., 3] = 255
    findings = check_scene(Scene(pixels, pixels[..., 3], np.ones((4, 4), np.float32)))
    assert {finding.line: finding.level for finding in findings}["Resolution"] == "poor"


def test_a_file_is_checked_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "a ball.png"
    Image.fromarray(painted_ball()).save(path)
    report = check_report(path, inspect_file(path, Settings()))
    assert json.loads(json.dumps(report)) == report
    assert report["verdict"] in ("good", "fair")
    assert {"line", "level", "value", "unit", "text", "fix"} == set(report["findings"][0])
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(PictureError):
        inspect_file(tmp_path / "text.png", Settings())

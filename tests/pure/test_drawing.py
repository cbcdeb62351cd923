"""From a drawing's file to its mesh, by the same way as a photo: its kind is found, and what it is taken for told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Kind, MeshArrays, Settings
from maquette.drawing import PLAN_WIDTH
from maquette.errors import MaquetteError, PictureError
from maquette.model_set import ModelSet, load_models
from maquette.pipeline import Result, generate
from maquette.settings import check_settings
from PIL import Image, ImageDraw

SETTINGS = Settings(device="cpu", texture_size=1024, target_faces=20_000)


@pytest.fixture(scope="module")
def models() -> ModelSet:
    return load_models(SETTINGS)


def run(path: Path, settings: Settings, models: ModelSet) -> Result:
    return generate(path, settings, models, lambda *_: None, lambda: False)


def size_of(mesh: MeshArrays) -> list[float]:
    return [float(length) for length in np.ptp(mesh.vertices, axis=0)]


def save(image: Image.Image, folder: Path) -> Path:
    path = folder / "drawing.png"
    image.save(path)
    return path


def plan() -> Image.Image:
    """Two rooms, 1000 x 700 px from outer wall to outer wall, with a door in the wall between them."""
    image = Image.new("RGB", (1200, 900), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((100, 100, 1099, 799), fill="black")
    draw.rectangle((120, 120, 1079, 779), fill="white")
    draw.rectangle((590, 120, 604, 779), fill="black")
    draw.rectangle((590, 400, 604, 480), fill="white")
    draw.line((604, 400, 684, 400), fill="black", width=2)
    return image


def sign() -> Image.Image:
    image = Image.new("RGB", (800, 800), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((100, 100, 699, 699), fill=(200, 30, 40))
    draw.ellipse((250, 250, 549, 549), fill="white")
    return image


def heights() -> Image.Image:
    y, x = np.mgrid[:256, :256] / 255
    return Image.fromarray((255 * (0.5 + 0.25 * np.sin(5 * x) + 0.25 * np.cos(4 * y))).astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "kind", "size"),
    [
        (plan(), "floor_plan", (PLAN_WIDTH, 0.7 * PLAN_WIDTH, 2.6)),
        (sign(), "logo", (1.0, 0.1, 1.0)),
        (heights(), "relief", (0.1, 0.003, 0.1)),
    ],
    ids=["floor plan", "logo", "relief"],
)
def test_a_drawing_is_recognised_and_built_true_to_size(
    image: Image.Image, kind: Kind, size: tuple[float, float, float], tmp_path: Path, models: ModelSet
) -> None:
    result = run(save(image, tmp_path), SETTINGS, models)
    assert result.report.kind == kind
    assert result.report.notes[0].startswith(f"Taken for a {kind.replace('_', ' ')}: ")
    assert result.report.models == ()
    assert result.report.mesh.watertight
    assert result.report.mesh.self_intersections == result.report.mesh.inconsistent_edges == 0
    assert size_of(result.mesh) == pytest.approx(size, rel=0.01)


def test_sizes_are_as_set(tmp_path: Path, models: ModelSet) -> None:
    settings = replace(SETTINGS, height=0.2, width=8.0, thickness=0.03, wall_height=3.0)
    assert size_of(run(save(plan(), tmp_path), settings, models).mesh) == pytest.approx([8.0, 5.6, 3.1], rel=0.01)
    assert size_of(run(save(sign(), tmp_path), settings, models).mesh) == pytest.approx([0.2, 0.03, 0.2], rel=0.01)
    flat = replace(settings, kind="relief", width=0.05, thickness=0.002)
    assert size_of(run(save(sign(), tmp_path), flat, models).mesh)[:2] == pytest.approx([0.05, 0.002], rel=0.01)


def test_a_kind_that_is_given_is_not_guessed(tmp_path: Path, models: ModelSet) -> None:
    result = run(save(sign(), tmp_path), replace(SETTINGS, kind="sketch", texture_size=0), models)
    assert (result.report.kind, result.report.notes) == ("sketch", ())
    assert result.mesh.texture is None
    assert result.mesh.uv is None
    assert result.report.mesh.watertight
    with pytest.raises(PictureError):
        run(save(heights(), tmp_path), replace(SETTINGS, kind="floor_plan"), models)


@pytest.mark.parametrize(
    "wrong", [{"kind": "cartoon"}, {"relief": "vase"}, {"width": -1.0}, {"thickness": np.nan}, {"wall_height": 0.0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(MaquetteError):
        check_settings(replace(SETTINGS, **wrong))


def ripple(mesh: MeshArrays) -> float:
    """How far the top of a lying relief of an even slope is from one, in its own height; its rim does not count."""
    x, _, z = mesh.vertices[(mesh.vertices[:, 2] > 1e-6) & (np.abs(mesh.vertices[:, 0]) < 0.045)].T
    return float(np.abs(z - np.polyval(np.polyfit(x, z, 1), x)).max() / np.ptp(z))


@pytest.mark.parametrize("name", ["slope.png", "slope.tif"])
@pytest.mark.parametrize("kind", ["relief", "auto"])
def test_a_map_of_heights_of_sixteen_bits_comes_back_without_steps(
    name: str, kind: Kind, tmp_path: Path, models: ModelSet
) -> None:
    # All of it within six of the 256 levels of a common picture.
    slope = np.tile(np.linspace(30_000, 31_500, 600), (400, 1)).astype(np.uint16)
    path = tmp_path / name
    Image.fromarray(slope).save(path)
    fine = run(path, replace(SETTINGS, kind=kind, relief="terrain"), models)
    assert fine.report.kind == "relief"
    assert ripple(fine.mesh) < 0.001
    Image.fromarray((slope >> 8).astype(np.uint8)).save(path)
    coarse = run(path, replace(SETTINGS, kind="relief", relief="terrain"), models)
    assert ripple(coarse.mesh) > 0.03


def test_a_mended_relief_is_made_of_the_mended_pixels(tmp_path: Path, models: ModelSet) -> None:
    slope = np.tile(np.linspace(0, 65_535, 200), (300, 1)).astype(np.uint16)
    barred = np.pad(slope, ((60, 60), (0, 0)))
    Image.fromarray(barred).save(tmp_path / "barred.png")
    settings = replace(SETTINGS, kind="relief", relief="terrain", background="keep", fixes=("crop",))
    width, depth, _ = size_of(run(tmp_path / "barred.png", settings, models).mesh)
    assert depth / width == pytest.approx(1.5, rel=0.02)

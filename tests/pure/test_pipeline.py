"""The whole way from a picture file to a mesh, with the embedded networks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from maquette.contracts import MeshArrays, Settings
from maquette.errors import CancelledError, ModelError, PictureError
from maquette.model_set import ModelSet, load_models
from maquette.pipeline import Result, generate
from PIL import Image, ImageDraw

STEPS = [
    "Reading the picture",
    "Cutting out the subject",
    "Estimating depth",
    "Estimating light and material",
    "Completing the shape",
    "Building the surface",
    "Reducing faces",
    "Unwrapping",
    "Painting the texture",
    "Checking the mesh",
    "Done",
]
DRAFT = Settings(quality="draft", target_faces=2000, texture_size=1024, device="cpu", height=0.5)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shaded clay bottle with transparency around it."""
    size = 384
    mask = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((120, 130, 264, 350), 40, fill=255)
    draw.rectangle((168, 40, 216, 150), fill=255)
    across = np.abs(np.linspace(-1.6, 2.4, size))[None, :, None].repeat(size, 0)
    shade = np.clip(230 - 60 * across, 30, 255) * np.float32([1.0, 0.7, 0.5])
    path = tmp_path_factory.mktemp("pictures") / "clay bottle.png"
    Image.fromarray(np.dstack([shade.astype(np.uint8), np.asarray(mask)])).save(path)
    return path


@pytest.fixture(scope="module")
def models() -> ModelSet:
    return load_models(DRAFT)


def run(picture: Path, settings: Settings, models: ModelSet) -> Result:
    return generate(picture, settings, models, lambda *_: None, lambda: False)


def welded(mesh: MeshArrays) -> trimesh.Trimesh:
    faces = mesh.faces
    if faces.shape[1] == 4:
        quads = faces[faces[:, 3] >= 0]
        faces = np.concatenate([faces[:, :3], quads[:, [0, 2, 3]]])
    return trimesh.Trimesh(mesh.vertices, faces, process=False)


@pytest.fixture(scope="module")
def result(picture: Path, models: ModelSet) -> Result:
    return run(picture, DRAFT, models)


def test_the_mesh_is_one_closed_body_of_the_size_and_count_asked_for(result: Result) -> None:
    body = welded(result.mesh)
    assert body.is_watertight and body.is_winding_consistent and body.volume > 0
    assert body.body_count == 1
    assert abs(len(body.faces) - DRAFT.target_faces) <= 0.02 * DRAFT.target_faces
    np.testing.assert_allclose(body.bounds[0][2], 0, atol=1e-6)
    np.testing.assert_allclose(np.ptp(body.bounds[:, 2]), DRAFT.height, rtol=1e-5)
    np.testing.assert_allclose(body.bounds[:, :2].mean(0), 0, atol=1e-5)


def test_the_silhouette_is_the_pictures(result: Result) -> None:
    """The bottle is 144 x 310 pixels: a tall narrow thing, neck above, not mirrored upside down."""
    vertices = result.mesh.vertices
    width, height = np.ptp(vertices[:, 0]), np.ptp(vertices[:, 2])
    assert 0.35 < width / height < 0.65
    top, bottom = vertices[vertices[:, 2] > 0.85 * height], vertices[vertices[:, 2] < 0.4 * height]
    assert np.ptp(top[:, 0]) < 0.6 * np.ptp(bottom[:, 0])


def test_it_is_textured_with_the_pictures_colours(result: Result) -> None:
    mesh = result.mesh
    assert mesh.uv is not None and mesh.texture is not None
    assert mesh.texture.shape == (1024, 1024, 3)
    assert mesh.uv.min() >= 0 and mesh.uv.max() <= 1
    red, green, blue = mesh.texture.reshape(-1, 3).mean(0)
    assert red > green > blue
    seen = mesh.attributes["seen"]
    front = mesh.vertices[seen > 0.5]
    assert 0.1 < (seen > 0.5).mean() < 0.9
    assert front[:, 1].mean() < mesh.vertices[:, 1].mean()


def test_the_report_is_complete_and_true(result: Result, picture: Path) -> None:
    report = json.loads(json.dumps(dataclasses.asdict(result.report)))
    assert report["image"] == str(picture)
    assert list(report["seconds"]) == STEPS[:-1]
    assert [m["id"] for m in report["models"]] == [
        "maquette-matte",
        "maquette-depth",
        "maquette-shape",
        "maquette-light",
    ]
    assert report["finish"]["note"].endswith(".")
    assert all(m["provider"] == "CPUExecutionProvider" and len(m["sha256"]) == 64 for m in report["models"])
    assert report["mesh"]["faces"] == len(result.mesh.faces)
    assert report["mesh"]["watertight"] and report["mesh"]["non_manifold_edges"] == 0
    assert report["settings"]["target_faces"] == DRAFT.target_faces


def test_the_same_picture_gives_the_same_mesh(result: Result, picture: Path, models: ModelSet) -> None:
    again = run(picture, DRAFT, models)
    np.testing.assert_array_equal(again.mesh.vertices, result.mesh.vertices)
    np.testing.assert_array_equal(again.mesh.texture, result.mesh.texture)


@pytest.mark.parametrize("use", ["solid", "visual", "raw"])
def test_every_use_gives_a_closed_mesh(picture: Path, models: ModelSet, use: str) -> None:
    settings = dataclasses.replace(DRAFT, use=use, texture_size=0)
    mesh = run(picture, settings, models).mesh
    assert welded(mesh).is_watertight
    assert mesh.texture is None and mesh.uv is None


def test_quads_are_mostly_quads_and_as_many_as_asked_for(picture: Path, models: ModelSet) -> None:
    result = run(picture, dataclasses.replace(DRAFT, topology="quads", texture_size=0), models)
    faces = result.mesh.faces
    assert abs(len(faces) - DRAFT.target_faces) <= 0.02 * DRAFT.target_faces
    assert (faces[:, 3] >= 0).mean() > 0.75
    assert welded(result.mesh).is_watertight
    assert result.report.mesh.watertight


@pytest.mark.parametrize("count", [100, 60_000])
def test_few_and_many_faces_come_as_asked(picture: Path, models: ModelSet, count: int) -> None:
    result = run(picture, dataclasses.replace(DRAFT, target_faces=count, texture_size=0), models)
    assert abs(result.report.mesh.faces - count) <= 0.02 * count
    assert result.report.mesh.watertight


def test_light_is_taken_out_of_the_texture_and_kept(result: Result, picture: Path, models: ModelSet) -> None:
    """The bottle is lit from the left: its own colours are more alike than those in the picture."""
    plain = run(picture, dataclasses.replace(DRAFT, delight=1.0), models).mesh
    before, after = result.mesh.texture, plain.texture
    assert before is not None and after is not None
    assert result.mesh.maps == {}
    assert plain.maps["light"].shape == (1024, 1024, 3)
    assert plain.maps["light"].std() > 5
    assert after.mean(-1).std() < 0.9 * before.mean(-1).std()
    assert after.mean() == pytest.approx(before.mean(), rel=0.25)


def test_light_is_not_looked_at_where_nobody_asks(picture: Path, models: ModelSet) -> None:
    report = run(picture, dataclasses.replace(DRAFT, material="metal"), models).report
    assert report.finish is None
    assert "maquette-light" not in [model["id"] for model in report.models]
    assert "Estimating light and material" not in report.seconds


def test_progress_names_every_step_in_order_and_only_grows(picture: Path, models: ModelSet) -> None:
    told: list[tuple[str, float]] = []
    generate(picture, DRAFT, models, lambda *step: told.append(step), lambda: False)
    assert [name for name, _ in told] == STEPS
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1


@pytest.mark.parametrize("after", [0, 1, 4, 8])
def test_cancelled_before_any_step(picture: Path, models: ModelSet, after: int) -> None:
    told: list[str] = []
    with pytest.raises(CancelledError):
        generate(picture, DRAFT, models, lambda name, _: told.append(name), lambda: len(told) >= after)
    assert told == STEPS[:after]


def test_a_missing_picture_is_refused(tmp_path: Path, models: ModelSet) -> None:
    with pytest.raises(PictureError):
        run(tmp_path / "gone.png", DRAFT, models)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        load_models(dataclasses.replace(DRAFT, depth_model="no-such-model"))


def test_a_depth_model_is_no_shape_model() -> None:
    with pytest.raises(ModelError, match="choose a shape model"):
        load_models(dataclasses.replace(DRAFT, shape_model="maquette-depth"))

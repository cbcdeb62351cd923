"""Depth networks of others, from the picture they see to the surface that is made of it.

The stand-in network reads the depth out of the picture's red channel, so that what comes back shows whether it was
shown the right part, the right way round.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Camera, Float, Pixels, Settings, Surface
from maquette.errors import ModelError
from maquette.inference.card import Card, load_card
from maquette.inference.foreign import LOOKS, open_foreign
from maquette.inference.join import Joined, depth_normals
from maquette.inference.prepare import prepare_subject
from maquette.inference.scene import frame_scene
from maquette.inference.session import Session
from maquette.model_set import load_models
from maquette.pipeline import generate

N, S, DISTANCE = 140, 64, 3.0
LEVELS = 0.8  # depth from black to white
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

TCMONODEPTH = """id = "tcmonodepth-384"
task = "depth"
meaning = "inverse"
file = "tcmonodepth_384.onnx"
bytes = 783257
sha256 = "bf78afa19684d24f760bfb1e153061f19f0c7f49c11beb940f59feda282fc5dd"
licence = "MIT"
source = "yu-li/TCMonoDepth, exported again"
revision = "1"

[input]
name = "image"
size = 384
multiple = 32
range = 255.0

[outputs]
inv_depth = "inverse depth up to scale and shift, near is large"

[roles]
depth = "inv_depth"
"""


def card(task: str, outputs: tuple[str, ...], **more: object) -> Card:
    base = Card("stand-in", task, Path("x.onnx"), 0, "", "MIT", "image", N, outputs, "inverse", mean=MEAN, std=STD)
    return replace(base, **more)


class StandIn:
    """In place of a Session: ``see`` makes the outputs of the depth [N, N] and the look's width in crops."""

    def __init__(self, card: Card, see: Callable[[Float, float], dict[str, Float]]) -> None:
        self.card, self.see, self.widths = card, see, [width for width, _ in LOOKS]

    def run(self, array: Float) -> dict[str, Float]:
        assert array.shape == (1, 3, N, N) and array.dtype == np.float32
        red = array[0, 0] * STD[0] + MEAN[0]
        out = self.see(DISTANCE + (red - 0.5) * LEVELS, self.widths.pop(0))
        return {name: value.astype(np.float32) for name, value in out.items()}


def relative(z: Float, _: float) -> dict[str, Float]:
    return {"predicted_depth": 40 / z[None] + 3}


def points(z: Float, width: float) -> dict[str, Float]:
    """As MoGe gives them: in metres, right up to a shift along the axis; nothing seen far behind the subject."""
    line = (np.arange(N) + 0.5) / N * 2 - 1
    across, down = np.meshgrid(line, line)
    tangent = width / DISTANCE
    xyz = np.stack([across * z * tangent, down * z * tangent, z - 1.3], -1)
    away = np.stack([np.full_like(z, 0.6), np.zeros_like(z), np.full_like(z, -0.8)], -1)
    return {"points": 2.5 * xyz[None], "mask": np.ones((1, N, N)), "normal": away[None]}


def coded() -> tuple[Pixels, Float]:
    """A picture 400 pixels wide of a disc off its centre, and the depth that its red says, on the crop's grid."""
    y, x = np.mgrid[:300, :400]
    slope = (x - 150) / 400 + 0.15 * np.sin((y - 120) / 25)
    red = np.clip(0.5 + slope, 0, 1)
    alpha = (x + 0.5 - 150) ** 2 + (y + 0.5 - 120) ** 2 < 90**2
    picture = np.dstack([np.round(red * 255), 0 * x + 60, 0 * x + 60, alpha * 255]).astype(np.uint8)
    line = ((np.arange(S) + 0.5) / S * 2 - 1) * 100  # the disc's diameter fills 0.9 of the crop
    u, v = np.meshgrid(line, line)
    depth = np.clip(u / 400 + 0.15 * np.sin(v / 25), -0.5, 0.5) * LEVELS
    return picture, depth.astype(np.float32)


def embedded(depth: Float) -> Surface:
    """An estimate with half of the true relief and another focal length."""
    line = (np.arange(S) + 0.5) / S * 2 - 1
    mask = line[None] ** 2 + line[:, None] ** 2 < 0.85**2
    half = np.where(mask, (depth - depth[mask].mean()) / 2, 0).astype(np.float32)
    return Surface(half, depth_normals(half, mask, 4.0), mask, mask.astype(np.float32), Camera(0.3, 4.0))


def improve(card: Card, see: Callable[[Float, float], dict[str, Float]]) -> tuple[Joined, Float, Surface]:
    picture, depth = coded()
    assert prepare_subject(picture).side == pytest.approx(200)
    before = embedded(depth)
    joined = open_foreign(StandIn(card, see)).improve(frame_scene(picture, picture), before)
    return joined, depth - depth[before.mask].mean(), before


def test_relative_depth_takes_its_scale_from_the_embedded_and_its_shape_from_the_picture() -> None:
    found, depth, before = improve(card("depth", ("predicted_depth",), roles={"depth": "predicted_depth"}), relative)
    assert found.trust > 0.95
    mask = before.mask
    np.testing.assert_allclose(found.surface.depth[mask].std(), before.depth[mask].std(), rtol=0.1)
    assert np.corrcoef(found.surface.depth[mask], depth[mask])[0, 1] > 0.995
    assert found.surface.camera == before.camera


def test_point_map_brings_relief_camera_and_normals() -> None:
    found, depth, before = improve(card("pointmap", ("points", "mask", "normal")), points)
    assert found.trust > 0.95
    assert found.surface.camera.distance == pytest.approx(DISTANCE, rel=0.03)
    assert found.surface.camera.elevation == before.camera.elevation
    assert np.abs(found.surface.depth - depth)[before.mask].mean() < 0.05 * np.abs(depth[before.mask]).mean()
    # The two looks say "to the right" both, one of them of the mirrored picture: that is, they cancel out.
    np.testing.assert_allclose(found.surface.normals[before.mask].mean(0), [0, -1, 0], atol=0.02)


def test_a_point_map_that_sees_nothing_is_set_aside() -> None:
    def blind(z: Float, width: float) -> dict[str, Float]:
        return {**points(z, width), "mask": np.zeros((1, N, N))}

    found, _, before = improve(card("pointmap", ("points", "mask")), blind)
    assert found.trust == 0
    assert found.surface is before


@pytest.mark.parametrize(
    ("task", "output", "shape"),
    [("depth", "depth", (1, 1, N, N - 14)), ("depth", "depth", (1, 3, N, N)), ("pointmap", "points", (1, 3, N, N))],
)
def test_outputs_of_another_shape_are_named(task: str, output: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=f"gave {output} as {' x '.join(map(str, shape))}"):
        improve(card(task, (output,)), lambda *_: {output: np.ones(shape, np.float32)})


@pytest.mark.parametrize("task", ["depth", "pointmap"])
def test_a_card_without_the_output_of_its_task_is_refused(task: str) -> None:
    with pytest.raises(ModelError, match=r"\[roles\]"):
        open_foreign(StandIn(card(task, ("something",)), relative))


@pytest.fixture
def tcmonodepth(shared: Path, tmp_path: Path) -> Path:
    """The card of a real network, beside a copy of it."""
    shutil.copy(shared / "test-models" / "tcmonodepth_384.onnx", tmp_path)
    path = tmp_path / "tcmonodepth_384.toml"
    path.write_text(TCMONODEPTH)
    return path


@pytest.mark.parametrize("picture", ["images/spoon.png", "photos/spoon.jpg"])
def test_a_real_network_goes_all_the_way(tcmonodepth: Path, shared: Path, picture: str) -> None:
    settings = Settings(quality="draft", target_faces=1000, texture_size=0, device="cpu", depth_model=str(tcmonodepth))
    picture_path = shared / "eval" / "val" / picture
    result = generate(picture_path, settings, load_models(settings), lambda *_: None, lambda: False)
    assert [m["id"] for m in result.report.models] == [
        "maquette-matte",
        "maquette-depth",
        "tcmonodepth-384",
        "maquette-shape",
    ]
    assert "correlation" in result.report.models[2]["join"]
    assert result.report.mesh.watertight


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "image"', 'name = "pixels"', "inputs image"),
        ("inv_depth", "depth", "outputs inv_depth"),
        ("size = 384", "size = 320", "card is right"),
        ('meaning = "inverse"\n', "", "what its depth is"),
        ('task = "depth"\nmeaning = "inverse"', 'task = "matte"', "choose a depth model"),
    ],
)
def test_a_real_network_with_a_wrong_card_says_what_is_wrong(tcmonodepth: Path, old: str, new: str, says: str) -> None:
    assert old in TCMONODEPTH
    tcmonodepth.write_text(TCMONODEPTH.replace(old, new))
    with pytest.raises(ModelError, match=says):
        models = load_models(Settings(device="cpu", depth_model=str(tcmonodepth)))
        assert models.foreign is not None
        models.foreign.improve(np.zeros((1024, 1024, 4), np.uint8), embedded(coded()[1]))


def test_a_shape_model_is_no_depth_model() -> None:
    with pytest.raises(ModelError, match="maquette-shape is a shape model; choose a depth model"):
        load_models(Settings(device="cpu", depth_model="maquette-shape"))


def test_hostile_networks_are_refused(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "test-models" / "hostile").rglob("*.onnx"))
    assert len(files) >= 10
    for source in files:
        data = source.read_bytes()
        (tmp_path / "tcmonodepth_384.onnx").write_bytes(data)
        text = TCMONODEPTH.replace("783257", str(len(data)))
        text = re.sub('sha256 = ".*"', f'sha256 = "{hashlib.sha256(data).hexdigest()}"', text)
        (tmp_path / "x.toml").write_text(text)
        with pytest.raises(ModelError, match="cannot load"):
            Session(load_card(tmp_path / "x.toml"), "cpu")

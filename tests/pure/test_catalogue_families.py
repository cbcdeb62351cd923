"""Every model of the catalogue works once it is there: small networks of the same names, types and shapes stand in."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from maquette.contracts import Camera, Settings, Surface
from maquette.errors import ModelError
from maquette.inference.card import CATALOGUE, load_card
from maquette.inference.matte import MatteModel
from maquette.inference.model_folder import FOLDER_VARIABLE
from maquette.inference.session import Session
from maquette.model_set import load_models

SIDES = ["batch", 3, "height", "width"]


@pytest.fixture(scope="module")
def onnx(root: Path) -> ModuleType:
    """The module ``tests/data/onnx_file.py``."""
    spec = importlib.util.spec_from_file_location("onnx_file", root / "tests" / "data" / "onnx_file.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def depth_anything(o: ModuleType) -> bytes:
    """Mean of the channels as one over the depth, float32 [B, H, W]."""
    mean = o.node("ReduceMean", ["pixel_values"], ["predicted_depth"], {"axes": [1], "keepdims": 0})
    outputs = {"predicted_depth": (o.FLOAT, ["batch", "height", "width"])}
    return o.network([mean], {"pixel_values": (o.FLOAT, SIDES)}, outputs)


def moge(o: ModuleType) -> bytes:
    """Colours as points and normals, in the frame and with the further outputs of the published files."""
    last = ["batch", "height", "width", 3]
    nodes = [
        o.node("Transpose", ["image"], ["points"], {"perm": [0, 2, 3, 1]}),
        o.node("Transpose", ["image"], ["normal"], {"perm": [0, 2, 3, 1]}),
        o.node("ReduceMax", ["image"], ["top"], {"axes": [1], "keepdims": 0}),
        o.node("Ceil", ["top"], ["mask"]),
        o.node("ReduceMax", ["image"], ["metric_scale"], {"axes": [1, 2, 3], "keepdims": 0}),
    ]
    outputs = {
        "points": (o.FLOAT, last),
        "normal": (o.FLOAT, last),
        "mask": (o.FLOAT, last[:3]),
        "metric_scale": (o.FLOAT, ["batch"]),
    }
    return o.network(nodes, {"image": (o.FLOAT, SIDES), "num_tokens": (o.INT64, [])}, outputs)


def u2net(o: ModuleType) -> bytes:
    """The first of several outputs that have numbers for names, 0..1."""
    nodes = [
        o.node("ReduceMean", ["input.1"], ["mean"], {"axes": [1], "keepdims": 1}),
        o.node("Sigmoid", ["mean"], ["1808"]),
        o.node("Neg", ["mean"], ["1809"]),
    ]
    shape = [1, 1, 320, 320]
    outputs = {"1808": (o.FLOAT, shape), "1809": (o.FLOAT, shape)}
    return o.network(nodes, {"input.1": (o.FLOAT, [1, 3, 320, 320])}, outputs)


def birefnet(o: ModuleType, kind: int) -> bytes:
    """The colours' mean as a logit."""
    mean = o.node("ReduceMean", ["input_image"], ["output_image"], {"axes": [1], "keepdims": 1})
    outputs = {"output_image": (kind, ["batch", 1, "height", "width"])}
    return o.network([mean], {"input_image": (kind, SIDES)}, outputs)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of downloaded models."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def install(folder: Path, name: str, network: bytes) -> Path:
    """Put a stand-in under a catalogue's card, changed in its size and hash alone."""
    text = (CATALOGUE / f"{name}.toml").read_text("utf-8")
    text = re.sub("(?m)^bytes = .*", f"bytes = {len(network)}", text)
    text = re.sub("(?m)^sha256 = .*", f'sha256 = "{hashlib.sha256(network).hexdigest()}"', text)
    (folder / f"{name}.onnx").write_bytes(network)
    (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder / f"{name}.toml"


def surface() -> Surface:
    """A flat one, all sure."""
    depth, mask = np.zeros((64, 64), np.float32), np.ones((64, 64), bool)
    towards = np.broadcast_to(np.array([0, -1, 0], np.float32), (64, 64, 3))
    return Surface(depth, towards, mask, np.ones((64, 64), np.float32), Camera(0.0, 3.0))


@pytest.mark.parametrize(
    ("name", "network"),
    [("dav2-s", depth_anything), ("moge2-vits", moge), ("moge2-vitb", moge), ("moge2-vitl", moge)],
)
def test_depth_models_see_the_scene(folder: Path, onnx: ModuleType, name: str, network) -> None:
    install(folder, name, network(onnx))
    models = load_models(Settings(device="cpu", depth_model=name))
    assert models.foreign is not None
    scene = np.full((512, 512, 4), 255, np.uint8)
    scene[..., 0] = np.linspace(0, 255, 512)
    assert "correlation" in models.foreign.improve(scene, surface()).note


@pytest.mark.parametrize("name", ["u2netp", "birefnet-lite-fp16"])
@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16"])
def test_mattes_find_the_bright_subject(folder: Path, onnx: ModuleType, name: str, kind: str) -> None:
    network = u2net(onnx) if name == "u2netp" else birefnet(onnx, getattr(onnx, kind))
    model = MatteModel(Session(load_card(install(folder, name, network)), "cpu"))
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[15:45, 20:60] = 255
    alpha = model.find(picture)
    longest = model.session.card.input_size
    assert alpha.shape == (longest * 3 // 4, longest)
    assert alpha[longest * 3 // 8, longest // 2] > 0.85  # white, in ImageNet's units: 2.4 above the mean
    assert alpha[5, 5] < 0.15


def test_a_matte_of_another_shape_is_named(folder: Path, onnx: ModuleType) -> None:
    text = install(folder, "u2netp", birefnet(onnx, onnx.FLOAT)).read_text("utf-8").replace("size = 320", "size = 64")
    (folder / "u2netp.toml").write_text(text)
    model = MatteModel(Session(load_card(folder / "u2netp.toml"), "cpu"))
    model.session.run = lambda array: {"#1": np.zeros((1, 3, 64, 64), np.float32)}  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="1 x 3 x 64 x 64 numbers, not as 64 x 64"):
        model.find(np.zeros((64, 64, 3), np.uint8))


def test_a_matte_card_must_say_which_output_is_the_alpha(folder: Path, onnx: ModuleType) -> None:
    card = install(folder, "u2netp", u2net(onnx))
    card.write_text(card.read_text("utf-8").replace('[roles]\nalpha = "#1"\n', ""), "utf-8")
    with pytest.raises(ModelError, match=r"\[roles\]"):
        MatteModel(Session(load_card(card), "cpu"))


def test_a_model_of_the_catalogue_that_is_not_there_says_how_to_get_it(folder: Path) -> None:
    with pytest.raises(ModelError, match="maquette models download dav2-s"):
        load_models(Settings(depth_model="dav2-s"))

"""Published checkpoints become ONNX files that say what PyTorch says, with cards that Maquette reads.

The checkpoints are random, in the published layouts; the whole module needs PyTorch.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maquette.contracts import Settings
from maquette.inference.card import load_card
from maquette.inference.session import Session
from maquette.model_set import load_models
from maquette.pipeline import generate
from PIL import Image

torch = pytest.importorskip("torch", reason="exporters need PyTorch: run these tests in the training environment")
pytest.importorskip("onnxscript", reason="exporters need onnxscript: run these tests in the training environment")
from maquette.training import export_public  # noqa: E402
from maquette.training.moge_network import MoGe  # noqa: E402
from maquette.training.onnx_parts import ExportError, load_checkpoint  # noqa: E402
from maquette.training.triposr import triposr_parts  # noqa: E402


def export(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["export", *map(str, arguments)])
    return export_public.main()


@pytest.fixture(scope="module")
def checkpoint(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random checkpoint of TripoSR, tiny, in the published layout."""
    folder = tmp_path_factory.mktemp("triposr")
    script = shared / "test-models" / "make_random_triposr.py"
    subprocess.run([sys.executable, str(script), str(folder), "--tiny"], check=True)
    return folder / "model.ckpt"


def test_triposr_from_checkpoint_to_mesh(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "tiny.onnx"
    assert export(monkeypatch, "triposr", checkpoint, "-o", out, "--size", 64, "--head", 16) == 0
    card = load_card(out.with_suffix(".toml"))
    assert (
        card.id == "tiny"
        and card.decoder
        and {p.name for p in tmp_path.iterdir()}
        == {
            "tiny.onnx",
            "tiny.toml",
            "tiny-decoder.onnx",
        }
    )
    pixels = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    settings = Settings(
        kind="photo",
        background="keep",
        quality="draft",
        target_faces=2000,
        texture_size=1024,
        device="cpu",
        shape_model=str(out.with_suffix(".toml")),
    )
    made = generate(tmp_path / "noise.png", settings, load_models(settings), lambda *_: None, lambda: False)
    assert made.report.mesh.watertight
    assert made.mesh.texture is not None and made.mesh.texture.std() > 0


def test_half_precision_is_half_as_large_and_near(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, codes = [], []
    picture = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    for precision in ("float32", "float16"):
        out = tmp_path / f"{precision}.onnx"
        arguments = ("triposr", checkpoint, "-o", out, "--size", 64, "--head", 16, "--precision", precision)
        assert export(monkeypatch, *arguments) == 0
        sizes.append(out.stat().st_size)
        codes.append(Session(load_card(out.with_suffix(".toml")), "cpu").run(picture)["code"])
    assert sizes[1] < 0.7 * sizes[0]
    np.testing.assert_allclose(codes[1], codes[0], atol=0.03 * np.abs(codes[0]).max())


def test_position_embeddings_are_stretched_as_in_training(checkpoint: Path, tmp_path: Path) -> None:
    """By the factor (n + 0.1) / m, which samples other places than a stretch to n of n does."""
    encoder, _ = triposr_parts(checkpoint, tmp_path / "x.onnx", 64, 16)
    made = encoder.network.vision.embeddings.position_embeddings[0, 1:].reshape(4, 4, -1).permute(2, 0, 1)
    known = load_checkpoint(checkpoint)["image_tokenizer.model.embeddings.position_embeddings"][0, 1:]
    plane = known.reshape(1, 2, 2, -1).permute(0, 3, 1, 2)
    at = (torch.arange(4) + 0.5) / (4.1 / 2) - 0.5  # the places of the 4 patches among the 2 known ones
    grid = torch.stack(torch.meshgrid((2 * at + 1) / 2 - 1, (2 * at + 1) / 2 - 1, indexing="ij")[::-1], -1)
    expected = torch.nn.functional.grid_sample(plane, grid[None], "bicubic", "border", align_corners=False)[0]
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-4)
    plain = torch.nn.functional.interpolate(plane, (4, 4), mode="bicubic")[0]
    assert (made - plain).abs().max() > 0.01


def damage(weights: dict[str, Any], how: str) -> None:
    if how == "missing":
        del weights["backbone.proj_out.bias"]
    elif how == "unknown":
        weights["backbone.extra"] = torch.zeros(1)
    elif how == "misshapen":
        weights["backbone.norm.weight"] = torch.zeros(7)
    else:
        weights.clear()
        weights["fc.weight"] = torch.zeros(1)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("missing", "lacks 1 (such as backbone.proj_out.bias)"),
        ("unknown", "has unknown 1 (such as backbone.extra)"),
        ("misshapen", "has misshapen 1 (such as backbone.norm.weight)"),
        ("another's", "no checkpoint of TripoSR"),
    ],
)
def test_a_foreign_checkpoint_is_refused_in_one_sentence(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    how: str,
    says: str,
) -> None:
    weights = dict(load_checkpoint(checkpoint))
    damage(weights, how)
    torch.save(weights, tmp_path / "model.ckpt")
    arguments = ("triposr", tmp_path / "model.ckpt", "-o", tmp_path / "x.onnx", "--size", 64, "--head", 16)
    assert export(monkeypatch, *arguments) == 1
    said = capsys.readouterr().out.strip()
    assert says in said and "\n" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["model.ckpt"]


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("evil-was-here"),)


@pytest.mark.parametrize("content", ["code", "text", "list", "nothing"])
def test_a_checkpoint_is_only_read_as_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "model.ckpt"
    if content == "text":
        file.write_text("<html>404</html>")
    elif content != "nothing":
        torch.save(Evil() if content == "code" else [torch.zeros(1)], file)
    with pytest.raises(ExportError):
        load_checkpoint(file)
    assert not (tmp_path / "evil-was-here").exists()


@pytest.mark.parametrize(("out", "size", "says"), [("x.bin", 64, "must end in"), ("x.onnx", 65, "multiple of 16")])
def test_wrong_arguments_are_named(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: str,
    size: int,
    says: str,
) -> None:
    assert export(monkeypatch, "triposr", checkpoint, "-o", tmp_path / out, "--size", size, "--head", 16) == 1
    assert says in capsys.readouterr().out


def moge_config() -> dict[str, Any]:
    widths = [32, 32, 16, 16, 8]
    stack: dict[str, Any] = {
        "dim_in": widths,
        "dim_res_blocks": widths,
        "num_res_blocks": [0, 1, 1, 1, 0],
        "res_block_in_norm": "none",
        "res_block_hidden_norm": "none",
        "resamplers": ["conv_transpose", "conv_transpose", "conv_transpose", "bilinear"],
    }
    heads = {
        name: {**stack, "dim_out": [None] * 4 + [channels]}
        for name, channels in (("points_head", 3), ("normal_head", 3), ("mask_head", 1))
    }
    return {
        "encoder": {"backbone": "dinov2_vits14", "intermediate_layers": [5, 11], "dim_out": 32},
        "neck": {**stack, "dim_in": [34, 2, 2, 2, 2], "dim_out": None},
        "remap_output": "exp",
        **heads,
    }


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_moge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    torch.manual_seed(0)
    weights = {**MoGe(moge_config()).state_dict(), "encoder.backbone.mask_token": torch.zeros(1, 384)}
    torch.save({"model_config": moge_config(), "model": weights}, tmp_path / "model.pt")
    out = tmp_path / "moge.onnx"
    arguments = ("moge", tmp_path / "model.pt", "-o", out, "--size", 112, "--precision", precision)
    assert export(monkeypatch, *arguments) == 0
    card = load_card(out.with_suffix(".toml"))
    assert card.task == "pointmap" and card.input_size == 112
    found = Session(card, "cpu").run(np.random.default_rng(0).random((1, 3, 112, 112), np.float32))
    assert found["points"].shape == found["normal"].shape == (1, 112, 112, 3)
    assert found["mask"].shape == (1, 112, 112) and 0 <= found["mask"].min() <= found["mask"].max() <= 1
    np.testing.assert_allclose(np.linalg.norm(found["normal"], axis=-1), 1, atol=1e-2)
    assert (found["points"][..., 2] > 0).all()


@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs the transformers package")
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_depth_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    backbone = Dinov2Config(
        image_size=518,
        patch_size=14,
        hidden_size=48,
        num_hidden_layers=4,
        num_attention_heads=3,
        out_indices=[1, 2, 3, 4],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=48, neck_hidden_sizes=[8, 16, 24, 48], fusion_hidden_size=16
    )
    torch.manual_seed(0)
    DepthAnythingForDepthEstimation(config).save_pretrained(tmp_path)
    out = tmp_path / "small.onnx"
    arguments = ("depth-anything", tmp_path / "model.safetensors", "-o", out, "--size", 140, "--precision", precision)
    assert export(monkeypatch, *arguments) == 0
    card = load_card(out.with_suffix(".toml"))
    assert (card.task, card.meaning, card.roles) == ("depth", "inverse", {"depth": "predicted_depth"})
    found = Session(card, "cpu").run(np.random.default_rng(0).normal(0, 1, (1, 3, 140, 140)).astype(np.float32))
    assert found["predicted_depth"].shape == (1, 140, 140)

"""The transformers written here say what the ``transformers`` package says with the same weights."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="exporters need PyTorch: run these tests in the training environment")
package = pytest.importorskip("transformers", reason="needs the transformers package of the training environment")
pytest.importorskip("onnxscript", reason="exporters need onnxscript: run these tests in the training environment")
from maquette.training.moge_network import Backbone  # noqa: E402
from maquette.training.triposr_network import Vision  # noqa: E402

SIZES = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}


def randomised(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The network's own weights, made random in place."""
    random = torch.Generator().manual_seed(0)
    for weight in network.parameters():
        weight.data = torch.randn(weight.shape, generator=random) * 0.3
    return network.eval().state_dict()


def renamed(weights: dict[str, torch.Tensor], names: dict[str, str]) -> dict[str, torch.Tensor]:
    found = {}
    for name, weight in weights.items():
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        found[name] = weight
    return found


def test_triposrs_picture_tokens() -> None:
    config = package.ViTConfig(**SIZES, intermediate_size=96, image_size=64, patch_size=16, layer_norm_eps=1e-12)
    theirs = package.ViTModel(config, add_pooling_layer=False)
    names = {
        "layers.": "encoder.layer.",
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
    }
    ours = Vision(48, 96, 2, 16, 17, 3).eval()
    ours.load_state_dict(renamed(randomised(theirs), names))
    picture = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(picture), theirs(picture).last_hidden_state)


def test_moges_backbone() -> None:
    theirs = package.Dinov2Model(package.Dinov2Config(**SIZES, image_size=518, patch_size=14))
    names = {
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
        "embeddings.position_embeddings": "pos_embed",
        "embeddings.": "",
        "encoder.layer.": "blocks.",
        "attention.o_proj": "attn.proj",
        "layer_scale": "ls",
        "lambda1": "gamma",
        "layernorm.": "norm.",
    }
    weights = renamed(randomised(theirs), names)
    del weights["mask_token"]
    for layer in range(2):
        for kind in ("weight", "bias"):
            parts = [weights.pop(f"blocks.{layer}.attention.{part}_proj.{kind}") for part in "qkv"]
            weights[f"blocks.{layer}.attn.qkv.{kind}"] = torch.cat(parts)
    ours = Backbone(48, 2, 3).eval()
    ours.load_state_dict(weights)
    picture = torch.randn(1, 3, 518, 518)
    with torch.no_grad():
        found = ours(picture, [1])[0].flatten(2).transpose(1, 2)
        torch.testing.assert_close(found, theirs(picture).last_hidden_state[:, 1:])

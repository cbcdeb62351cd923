"""The layers of MoGe-2, named as in its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from .triposr_blocks import attend

__all__ = ["ConvStack", "VisionBlock"]

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "elu": nn.ELU, "leaky_relu": lambda: nn.LeakyReLU(0.2)}
NORMS = {
    "none": lambda channels: nn.Identity(),
    "layer_norm": lambda channels: nn.GroupNorm(1, channels),
    "group_norm": lambda channels: nn.GroupNorm(channels // 32, channels),
    "instance_norm": nn.InstanceNorm2d,
}


class Scale(nn.Module):
    """A factor for each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(nn.Linear(1, width).bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class VisionBlock(nn.Module):
    """One layer of DINOv2: attention, then two linear layers, each scaled channel by channel."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.ls1, self.ls2 = Scale(width), Scale(width)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.attn["qkv"](self.norm1(x)).chunk(3, dim=-1)
        x = x + self.ls1(self.attn["proj"](attend(query, key, value, self.heads)))
        return x + self.ls2(self.mlp["fc2"](functional.gelu(self.mlp["fc1"](self.norm2(x)))))


class Residual(nn.Module):
    """Two convolutions beside the way straight through."""

    def __init__(self, width: int, hidden: int, activation: str, before: str, between: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            NORMS[before](width),
            ACTIVATIONS[activation](),
            _conv(width, hidden),
            NORMS[between](hidden),
            ACTIVATIONS[activation](),
            _conv(hidden, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class ConvStack(nn.Module):
    """Planes of features, coarse to fine, each twice as wide and high as the one before it."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        widths: list[int] = config["dim_res_blocks"]
        pairs = zip(_each(config["dim_in"], widths), widths, strict=True)
        self.input_blocks = nn.ModuleList([nn.Conv2d(a, b, 1) if a is not None else nn.Identity() for a, b in pairs])
        kinds = _each(config["resamplers"], widths[1:])
        steps = zip(widths[:-1], widths[1:], kinds, strict=True)
        self.resamplers = nn.ModuleList([_enlarger(a, b, kind) for a, b, kind in steps])
        depths = _each(config.get("num_res_blocks", 1), widths)
        more = (
            config.get("activation", "relu"),
            config.get("res_block_in_norm", "layer_norm"),
            config.get("res_block_hidden_norm", "group_norm"),
        )
        times = config.get("dim_times_res_block_hidden", 1)
        self.res_blocks = nn.ModuleList(
            [
                nn.Sequential(*(Residual(width, times * width, *more) for _ in range(depth)))
                for width, depth in zip(widths, depths, strict=True)
            ]
        )
        pairs = zip(widths, _each(config["dim_out"], widths), strict=True)
        self.output_blocks = nn.ModuleList([nn.Conv2d(a, b, 1) if b is not None else nn.Identity() for a, b in pairs])

    def forward(self, planes: Sequence[Tensor]) -> list[Tensor]:
        found: list[Tensor] = []
        x = self.input_blocks[0](planes[0])
        for level, block in enumerate(self.res_blocks):
            if level:
                x = self.resamplers[level - 1](x) + self.input_blocks[level](planes[level])
            x = block(x)
            found.append(self.output_blocks[level](x))
        return found


def _conv(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")


def _enlarger(before: int, after: int, kind: str) -> nn.Sequential:
    """Twice as wide and high; ValueError for a kind that MoGe-2 does not have."""
    if kind == "conv_transpose":
        return nn.Sequential(nn.ConvTranspose2d(before, after, 2, 2), _conv(after, after))
    if kind == "pixel_shuffle":
        return nn.Sequential(_conv(before, 4 * after), nn.PixelShuffle(2), _conv(after, after))
    if kind == "bilinear":
        return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), _conv(before, after))
    if kind == "nearest":
        return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), _conv(before, after))
    raise ValueError(f"resampler {kind!r}")


def _each(value: Any, like: Sequence[Any]) -> list[Any]:
    """The value for each level: a list as it is, anything else as often as there are levels."""
    return list(value) if isinstance(value, list | tuple) else [value] * len(like)

"""TripoSR: one picture to a triplane, and a decoder that is asked for solid and colour at points.

Written from the paper (Tochilkin et al., TripoSR: Fast 3D Object Reconstruction from a Single Image, 2024), its
published configuration and the names and shapes in its checkpoint; the modules carry the checkpoint's names.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .triposr_blocks import Block, VisionLayer

__all__ = ["Decoder", "Encoder", "TripoSR"]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BIAS, LEVEL = -1.0, 25.0
"""The density is exp(raw + BIAS); the surface is where it is LEVEL."""
OFFSET = 0.1
"""Added to the number of patches a side when position embeddings are stretched, as the network was trained with."""


class Vision(nn.Module):
    """The picture's tokens: a Vision Transformer whose position embeddings are stretched to the picture's size once."""

    def __init__(self, width: int, hidden: int, layers: int, patch: int, tokens: int, heads: int) -> None:
        super().__init__()
        self.embeddings = nn.Module()
        self.embeddings.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.embeddings.position_embeddings = nn.Parameter(torch.zeros(1, tokens, width))
        self.embeddings.patch_embeddings = nn.Module()
        self.embeddings.patch_embeddings.projection = nn.Conv2d(3, width, patch, patch)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList([VisionLayer(width, hidden, heads) for _ in range(layers)])
        self.layernorm = nn.LayerNorm(width, eps=1e-12)

    def stretch(self, side: int) -> None:
        """Stretch the position embeddings to ``side`` patches a side; a constant of the network from then on."""
        known = self.embeddings.position_embeddings.detach()
        grid = math.isqrt(known.shape[1] - 1)
        plane = known[:, 1:].reshape(1, grid, grid, -1).permute(0, 3, 1, 2)
        plane = functional.interpolate(plane, scale_factor=(side + OFFSET) / grid, mode="bicubic", align_corners=False)
        if plane.shape[-2:] != (side, side):
            raise ValueError(f"{grid} patches a side cannot be stretched to {side}")
        stretched = torch.cat([known[:, :1], plane.flatten(2).transpose(1, 2)], 1)
        self.embeddings.position_embeddings = nn.Parameter(stretched, requires_grad=False)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.embeddings.patch_embeddings.projection(picture).flatten(2).transpose(1, 2)
        x = torch.cat([self.embeddings.cls_token.expand(len(x), -1, -1), x], 1) + self.embeddings.position_embeddings
        for layer in self.encoder.layer:
            x = layer(x)
        return self.layernorm(x)


class Backbone(nn.Module):
    """Learned tokens of the three planes, looking at each other and at the picture."""

    def __init__(self, channels: int, width: int, seen: int, layers: int, head: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, width)
        self.transformer_blocks = nn.ModuleList([Block(width, seen, head) for _ in range(layers)])
        self.proj_out = nn.Linear(width, channels)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """``tokens`` [B, C, N], ``seen`` [B, M, V]: new tokens [B, C, N]."""
        x = self.proj_in(self.norm(tokens).transpose(1, 2))
        for block in self.transformer_blocks:
            x = block(x, seen)
        return self.proj_out(x).transpose(1, 2) + tokens


class TripoSR(nn.Module):
    """All that the checkpoint holds; its sizes are read from the tensors.

    Parameters
    ----------
    weights : the checkpoint's tensors by name
    head : channels of one attention head, which the tensors do not tell; 64 as published
    """

    def __init__(self, weights: dict[str, Tensor], head: int = 64) -> None:
        super().__init__()
        vision, blocks = "image_tokenizer.model.", "backbone.transformer_blocks."
        width, _, patch, _ = weights[f"{vision}embeddings.patch_embeddings.projection.weight"].shape
        tokens = weights[f"{vision}embeddings.position_embeddings"].shape[1]
        hidden = weights[f"{vision}encoder.layer.0.intermediate.dense.weight"].shape[0]
        _, channels, side, _ = weights["tokenizer.embeddings"].shape
        inner = weights["backbone.proj_in.weight"].shape[0]
        code = weights["post_processor.upsample.weight"].shape[1]
        neurons, features = weights["decoder.layers.0.weight"].shape
        deep = max(int(name.split(".")[2]) for name in weights if name.startswith("decoder.layers.")) // 2
        self.patch = patch
        self.image_tokenizer = nn.Module()
        self.image_tokenizer.model = Vision(
            width, hidden, _count(weights, f"{vision}encoder.layer."), patch, tokens, width // head
        )
        self.tokenizer = nn.Module()
        self.tokenizer.embeddings = nn.Parameter(torch.zeros(3, channels, side, side))
        self.backbone = Backbone(channels, inner, width, _count(weights, blocks), head)
        self.post_processor = nn.Module()
        self.post_processor.upsample = nn.ConvTranspose2d(channels, code, 2, 2)
        self.decoder = nn.Module()
        sizes = [features, *[neurons] * deep]
        layers = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.SiLU())]
        self.decoder.layers = nn.Sequential(*layers, nn.Linear(neurons, 4))


class Encoder(nn.Module):
    """A picture [1, 3, S, S], RGB in 0..1 before mid grey, to the triplane's code [3, C, P, P]."""

    def __init__(self, network: TripoSR, size: int) -> None:
        super().__init__()
        self.vision = network.image_tokenizer.model
        self.vision.stretch(size // network.patch)
        self.tokens = network.tokenizer.embeddings
        self.backbone, self.upsample = network.backbone, network.post_processor.upsample
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        seen = self.vision((picture.to(self.mean.dtype) - self.mean) / self.std)
        planes, channels, side, _ = self.tokens.shape
        tokens = self.tokens.permute(1, 0, 2, 3).reshape(1, channels, -1)
        tokens = self.backbone(tokens, seen).reshape(channels, planes, side, side)
        return self.upsample(tokens.transpose(0, 1)).float()


class Decoder(nn.Module):
    """What is at points [N, 3] of the object frame, -1..1 in the cube that the shape fills.

    ``solid`` [N]: natural logarithm of the density over that of the surface, positive inside. ``colour`` [N, 3]: sRGB
    in 0..1. The network's own frame looks from +X, with Y to the picture's right; the change is part of this module.
    """

    def __init__(self, network: TripoSR) -> None:
        super().__init__()
        self.layers = network.decoder.layers

    def forward(self, points: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        right, back, up = points.unbind(1)
        x, y, z = -back, right, up
        places = torch.stack([torch.stack(pair, 1) for pair in ((x, y), (x, z), (y, z))])
        features = functional.grid_sample(
            code, places[:, None], mode="bilinear", padding_mode="zeros", align_corners=False
        )
        found = self.layers(features[:, :, 0].permute(2, 0, 1).flatten(1))
        return found[:, 0] + (BIAS - math.log(LEVEL)), torch.sigmoid(found[:, 1:])


def _count(weights: dict[str, Tensor], prefix: str) -> int:
    """How many numbered parts there are under a name."""
    return len({name[len(prefix) :].split(".")[0] for name in weights if name.startswith(prefix)})

"""MoGe-2: one picture to points, normals and a mask, each at its own size.

Written from the paper (Wang et al., MoGe-2: Accurate Monocular Geometry with Metric Scale and Sharp Details, 2025), the
configuration published with it and the names in its checkpoint, which the modules carry. Its encoder is DINOv2 (Oquab
et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .moge_layers import ConvStack, VisionBlock

__all__ = ["MoGe", "PointMap"]

BACKBONES = {"dinov2_vits14": (384, 12, 6), "dinov2_vitb14": (768, 12, 12), "dinov2_vitl14": (1024, 24, 16)}
"""Width, layers and heads of each backbone that the published networks have."""
PATCH, GRID = 14, 37
OFFSET = 0.1
"""Added to the number of patches a side when position embeddings are stretched, as DINOv2 was trained with."""
LEVELS = 5


class Backbone(nn.Module):
    """The Vision Transformer; gives what chosen layers say of each patch."""

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, PATCH, PATCH)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, GRID * GRID + 1, width))
        self.blocks = nn.ModuleList([VisionBlock(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def stretch(self, side: int) -> None:
        """Stretch the position embeddings to ``side`` patches a side; a constant of the network from then on."""
        known = self.pos_embed.detach()
        if side == math.isqrt(known.shape[1] - 1):
            return
        plane = known[:, 1:].reshape(1, GRID, GRID, -1).permute(0, 3, 1, 2)
        plane = functional.interpolate(plane, scale_factor=(side + OFFSET) / GRID, mode="bicubic", align_corners=False)
        stretched = torch.cat([known[:, :1], plane.flatten(2).transpose(1, 2)], 1)
        self.pos_embed = nn.Parameter(stretched, requires_grad=False)

    def forward(self, picture: Tensor, wanted: list[int]) -> list[Tensor]:
        """Features [B, C, H, W] after each of the ``wanted`` layers."""
        x = self.patch_embed["proj"](picture)
        grid = x.shape[2:]
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], 1) + self.pos_embed
        found: list[Tensor] = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in wanted:
                found.append(self.norm(x)[:, 1:].transpose(1, 2).unflatten(2, grid))
        return found


class MoGe(nn.Module):
    """All of the checkpoint that is used; ``config`` is what lies beside its tensors.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the configuration is not one of MoGe-2's.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        encoder = config["encoder"]
        width, layers, heads = BACKBONES[encoder["backbone"]]
        wanted = encoder["intermediate_layers"]
        self.wanted = list(range(layers - wanted, layers)) if isinstance(wanted, int) else list(wanted)
        self.remap = config["remap_output"]
        if self.remap not in ("linear", "exp"):
            raise ValueError(f"remap_output {self.remap!r}")
        self.encoder = nn.Module()
        self.encoder.backbone = Backbone(width, layers, heads)
        self.encoder.output_projections = nn.ModuleList([nn.Conv2d(width, encoder["dim_out"], 1) for _ in self.wanted])
        self.encoder.register_buffer("image_mean", torch.zeros(1, 3, 1, 1))
        self.encoder.register_buffer("image_std", torch.ones(1, 3, 1, 1))
        self.neck = ConvStack(config["neck"])
        self.points_head = ConvStack(config["points_head"])
        self.mask_head = ConvStack(config["mask_head"])
        self.normal_head = ConvStack(config["normal_head"]) if config.get("normal_head") else None


class PointMap(nn.Module):
    """A picture [1, 3, S, S], RGB in 0..1, to points [1, S, S, 3], mask [1, S, S] and, where known, normals."""

    def __init__(self, network: MoGe, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size
        side = size // PATCH
        network.encoder.backbone.stretch(side)
        for level in range(LEVELS):
            self.register_buffer(f"plane{level}", _view_plane(side << level), persistent=False)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        net, encoder = self.network, self.network.encoder
        x = (picture.to(encoder.image_mean.dtype) - encoder.image_mean) / encoder.image_std
        seen = encoder.backbone(x, net.wanted)
        features = sum(project(part) for project, part in zip(encoder.output_projections, seen, strict=True))
        planes = [getattr(self, f"plane{level}") for level in range(LEVELS)]
        levels = net.neck([torch.cat([features, planes[0]], 1), *planes[1:]])
        points = self._enlarge(net.points_head(levels)[-1]).permute(0, 2, 3, 1)
        if net.remap == "exp":
            depth = points[..., 2:].exp()
            points = torch.cat([points[..., :2] * depth, depth], -1)
        found = [points, torch.sigmoid(self._enlarge(net.mask_head(levels)[-1])[:, 0])]
        if net.normal_head is not None:
            found.append(functional.normalize(self._enlarge(net.normal_head(levels)[-1]).permute(0, 2, 3, 1), dim=-1))
        return tuple(found)

    def _enlarge(self, plane: Tensor) -> Tensor:
        return functional.interpolate(plane.float(), (self.size, self.size), mode="bilinear", align_corners=False)


def _view_plane(side: int) -> Tensor:
    """Where each cell of a square lies, right and down, in units of half its diagonal: [1, 2, side, side]."""
    line = ((torch.arange(side) + 0.5) * (2 / side) - 1) / math.sqrt(2)
    return torch.stack([line.expand(side, side), line[:, None].expand(side, side)])[None]

"""The two embedded networks: one trunk, two heads. Plain convolutions and one kind of attention, so that they export
to ONNX.

Both see a square crop of fixed size and fold 2 x 2 pixels into channels, so most of the work happens at 32 x 32 and
below, where it is cheap and sees far.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["GROUPS", "SHAPE_CHANNELS", "SURE", "Attention", "Block", "DepthNet", "ShapeNet", "Trunk", "with_place"]

GROUPS = 8
SHAPE_CHANNELS = 8
SURE = 0.06  # error of the depth, in half crop sides, at which the confidence is a half


class Block(nn.Module):
    """Residual block: normalise, activate, 3 x 3 convolution, twice (pre-activation, He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, channels), nn.GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        x_in = x
        x = self.conv1(functional.silu(self.norm1(x)))
        return x_in + self.conv2(functional.silu(self.norm2(x)))


class Attention(nn.Module):
    """Self-attention over all pixels of a small map, then a gated linear step (Vaswani et al. 2017)."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.GroupNorm(1, channels), nn.GroupNorm(1, channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)
        self.widen, self.narrow = nn.Conv2d(channels, 2 * channels, 1), nn.Conv2d(2 * channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, 3, self.heads, c // self.heads, h * w).unbind(1)
        weights = torch.softmax(q.transpose(-1, -2) @ k / math.sqrt(c // self.heads), -1)
        x = x + self.out((v @ weights.transpose(-1, -2)).reshape(b, c, h, w))
        return x + self.narrow(functional.silu(self.widen(self.norm2(x))))


class Trunk(nn.Module):
    """U-Net over a folded crop [B, C, 64, 64]; returns features [B, widths[0], 64, 64] and the lowest map's mean [B,
    widths[-1]]."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int], depth: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1, widths[2], 16, 16))
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.encode = nn.ModuleList(
            nn.Sequential(*(Block(w) for _ in range(n))) for w, n in zip(widths, depth, strict=True)
        )
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.attend = nn.Sequential(Attention(widths[2]), Attention(widths[2]))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.decode = nn.ModuleList(
            nn.Sequential(*(Block(w) for _ in range(n))) for w, n in zip(widths[:-1], depth, strict=False)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(x)
        skips: list[Tensor] = []
        for level, blocks in enumerate(self.encode):
            if level:
                x = self.down[level - 1](x)
            if level == 2:
                x = self.attend(x + self.place)
            x = blocks(x)
            skips.append(x)
        lowest = x.mean((2, 3))
        for level in (2, 1, 0):
            x = skips[level] + functional.interpolate(self.up[level](x), scale_factor=2.0, mode="nearest")
            x = self.decode[level](x)
        return x, lowest


def with_place(x: Tensor) -> Tensor:
    """Fold 2 x 2 pixels into channels and add each cell's place in the crop as two channels in -1..1."""
    x = functional.pixel_unshuffle(x, 2)
    line = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype, device=x.device)
    across, down = line.expand(x.shape[0], 1, x.shape[-1], -1), line[:, None].expand(x.shape[0], 1, -1, x.shape[-1])
    return torch.cat([x, across, down], 1)


class DepthNet(nn.Module):
    """A cut-out crop to its visible surface.

    Input float [B, 4, 128, 128]: RGB in -1..1 times the mask, and the mask. Output ``depth`` [B, 1, 128, 128] (Y of
    the view frame, in half crop sides, up to a constant), ``normals`` [B, 3, 128, 128] (view frame, not normalised),
    ``confidence`` [B, 1, 128, 128] in 0..1 (`SURE` over `SURE` plus the error to expect of the depth) and ``camera``
    [B, 2] (elevation in radians, tangent of half the crop's field of view).
    """

    def __init__(
        self, widths: tuple[int, int, int, int] = (32, 96, 160, 192), depth: tuple[int, int, int, int] = (1, 1, 1, 2)
    ) -> None:
        super().__init__()
        self.trunk = Trunk(18, widths, depth)
        self.head = nn.Sequential(
            nn.GroupNorm(GROUPS, widths[0]), nn.SiLU(), nn.Conv2d(widths[0], 20, 3, padding=1), nn.PixelShuffle(2)
        )
        self.camera = nn.Sequential(nn.Linear(widths[-1], 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, subject: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features, lowest = self.trunk(with_place(subject))
        out = self.head(features)
        camera = self.camera(lowest) * 0.2 + torch.tensor([0.35, 0.25], device=subject.device)
        return out[:, :1], out[:, 1:4], torch.sigmoid(out[:, 4:]), camera


class ShapeNet(nn.Module):
    """The visible surface to the complete solid in the camera's frustum.

    Input float [B, 8, 128, 128], each channel times the mask: depth behind the front-most point (half crop sides at
    that point's plane), the mask itself, the tangent of half the field of view, the camera's elevation, the normals
    (view frame) and the confidence of the depth. Output [B, 128, 128, 128]: logit of *solid* for each depth bin along
    the ray of each pixel. The trunk decides at 64 x 64 rays; a thin branch at full resolution sharpens it.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (48, 96, 160, 192),
        depth: tuple[int, int, int, int] = (1, 1, 1, 2),
        bins: int = 128,
        fine: int = 24,
    ) -> None:
        super().__init__()
        self.trunk = Trunk(4 * SHAPE_CHANNELS + 2, widths, depth)
        self.norm = nn.GroupNorm(GROUPS, widths[0])
        self.sharpen = nn.Conv2d(widths[0], fine, 1)
        self.fine = nn.Sequential(
            nn.Conv2d(SHAPE_CHANNELS + fine, fine, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(fine, fine, 3, padding=1),
            nn.SiLU(),
        )
        self.head = nn.Conv2d(widths[0] + fine, bins, 1)
        with torch.no_grad():  # far bins are seldom solid; a bias alone would take long to learn it
            self.head.bias.copy_(torch.linspace(-0.5, -6.0, bins))

    def _parts(self, surface: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the trunk [B, C, 64, 64] and of the thin branch [B, F, 128, 128]."""
        coarse = functional.silu(self.norm(self.trunk(with_place(surface))[0]))
        guide = functional.interpolate(self.sharpen(coarse), scale_factor=2.0, mode="nearest")
        return coarse, self.fine(torch.cat([surface, guide], 1))

    def along(self, surface: Tensor, rays: Tensor) -> Tensor:
        """Logits [B, R, bins] along ``rays`` alone (int64 [B, R], row times 128 plus column), for training."""
        coarse, fine = self._parts(surface)
        side = fine.shape[-1]
        at = (torch.stack([rays % side, rays // side], -1) + 0.5) / side * 2 - 1
        near = functional.grid_sample(coarse, at[:, None].to(coarse.dtype), padding_mode="border", align_corners=False)[
            :, :, 0
        ]
        sharp = fine.flatten(2).gather(2, rays[:, None].expand(-1, fine.shape[1], -1))
        drawn = torch.cat([near, sharp], 1).transpose(1, 2)
        return functional.linear(drawn, self.head.weight[:, :, 0, 0], self.head.bias)

    def forward(self, surface: Tensor) -> Tensor:
        coarse, fine = self._parts(surface)
        wide = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.head(torch.cat([wide, fine], 1))

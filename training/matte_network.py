"""The matte network: a picture to the alpha of its one subject. Plain convolutions and attention, as in `networks`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .networks import GROUPS, Attention, Block

__all__ = ["MatteNet"]


class MatteNet(nn.Module):
    """Input float [B, 3, S, S]: RGB in -1..1, 0 where a picture that is not square has been padded; S a multiple of
    16, 256 as shipped. Output [B, 1, S, S]: logit of alpha.

    A U-Net over pixels folded 2 x 2 into channels, so that nothing is computed at full size, yet the last layer knows
    every pixel: it unfolds what it makes of features and pixels together. Self-attention at 1/16, where the network
    decides what the subject is.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (24, 48, 96, 128), attentions: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(14, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.encode = nn.ModuleList(Block(w) for w in widths[1:])
        self.attend = nn.Sequential(
            *(layer for _ in range(attentions) for layer in (Attention(widths[3]), Block(widths[3])))
        )
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.decode = nn.ModuleList([nn.Conv2d(widths[0], widths[0], 3, padding=1), *(Block(w) for w in widths[1:3])])
        self.head = nn.Sequential(nn.GroupNorm(GROUPS, widths[0]), nn.SiLU(), nn.Conv2d(widths[0], 4, 3, padding=1))

    def forward(self, picture: Tensor) -> Tensor:
        x = functional.pixel_unshuffle(picture, 2)
        line = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype, device=x.device)
        across, down = line.expand(x.shape[0], 1, x.shape[-1], -1), line[:, None].expand(x.shape[0], 1, -1, x.shape[-1])
        x = self.stem(torch.cat([x, across, down], 1))
        skips = [x]
        for shrink, block in zip(self.down, self.encode, strict=True):
            x = block(shrink(functional.silu(x)))
            skips.append(x)
        x = self.attend(x)
        for level in (2, 1, 0):
            x = skips[level] + functional.interpolate(self.up[level](x), scale_factor=2.0, mode="nearest")
            x = self.decode[level](functional.silu(x) if level == 0 else x)
        return functional.pixel_shuffle(self.head(x), 2)

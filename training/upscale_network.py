"""The enlarging network: a picture to one of twice its size. Plain convolutions, as small as serves."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SCALE", "UpscaleNet"]

SCALE = 2
AROUND = [(y, x) for y in (0, 1, 2) for x in (0, 1, 2) if (y, x) != (1, 1)]
"""Offsets of a pixel's eight neighbours, in its 3 x 3 window."""


def _cubic(distance: float) -> float:
    """Keys' cubic (1981) with a = -1/2."""
    d = abs(distance)
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def _bicubic() -> Tensor:
    """Weights [12, 1, 5, 5] that enlarge each of three planes twofold, four pixels for one."""
    at = np.array([[_cubic(place - centre) for place in range(-2, 3)] for centre in (-0.25, 0.25)])
    at /= at.sum(1, keepdims=True)
    kernels = np.einsum("ay,bx->abyx", at, at).reshape(4, 1, 5, 5)
    return torch.from_numpy(np.tile(kernels, (3, 1, 1, 1)).astype(np.float32))


class UpscaleNet(nn.Module):
    """Input float [B, 3, H, W]: RGB in 0..1. Output [B, 3, 2 H, 2 W], the same, not clipped.

    Bicubic enlargement, plus for each new pixel a weighted sum of the differences between the nearest old pixel and
    its eight neighbours. The network gives the weights, the same for red, green and blue: so what is flat stays flat
    and what is grey stays grey exactly, and an edge takes its colours from both its sides. Filters that a network
    predicts for each pixel: Jia et al. 2016; enlarging by shuffling channels: Shi et al. 2016.
    """

    def __init__(self, width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )
        self.head = nn.Conv2d(width, 4 * len(AROUND), 3, padding=1)
        self.register_buffer("bicubic", _bicubic(), persistent=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def weigh(self, picture: Tensor) -> Tensor:
        """The weights [B, 8 * 4, H, W]: of the first neighbour for each of the four new pixels, and so on."""
        x = self.stem(picture - 0.5)
        for block in self.blocks:
            x = x + block(functional.relu(x))
        return self.head(functional.relu(x))

    def enlarge(self, picture: Tensor, weight: Tensor) -> Tensor:
        """Enlarge the picture with the weights of `weigh`."""
        height, width = picture.shape[-2:]
        wide = functional.pad(picture, (2, 2, 2, 2), mode="replicate")
        total = functional.conv2d(wide, self.bicubic, groups=3).unflatten(1, (3, 4))
        for number, (y, x) in enumerate(AROUND):
            neighbour = wide[:, :, y + 1 : y + 1 + height, x + 1 : x + 1 + width]
            share = weight[:, 4 * number : 4 * number + 4].unsqueeze(1)
            total = total + share * (neighbour - picture).unsqueeze(2)
        return functional.pixel_shuffle(total.flatten(1, 2), SCALE)

    def forward(self, picture: Tensor) -> Tensor:
        return self.enlarge(picture, self.weigh(picture))

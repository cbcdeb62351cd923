"""The light network: a cut-out crop and its visible surface to the light on it and the material. Plain convolutions and
one kind of attention, as in `networks`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .networks import GROUPS, Trunk, with_place

__all__ = ["LIGHT_CHANNELS", "LightNet"]

LIGHT_CHANNELS = 11


class LightNet(nn.Module):
    """Input float [B, 11, 128, 128], each channel times the mask: sRGB in -1..1, the mask, normals (view frame, unit),
    depth (half crop sides, mean 0) and the logarithm of the light that `inference.light_fit` finds.

    Output ``light`` [B, 3, 128, 128], the natural logarithm of what the linear base colour has been multiplied by, up
    to a constant: the mean of the fitted light's channels and what is added to it; ``material`` [B, 3]: roughness, the
    logarithm of the error to expect of it, and the logit of *metal*.
    """

    def __init__(
        self, widths: tuple[int, int, int, int] = (32, 64, 96, 128), depth: tuple[int, int, int, int] = (1, 1, 1, 1)
    ) -> None:
        super().__init__()
        self.trunk = Trunk(4 * LIGHT_CHANNELS + 2, widths, depth)
        last = nn.Conv2d(widths[0], 12, 3, padding=1)
        nn.init.zeros_(last.weight)
        self.head = nn.Sequential(nn.GroupNorm(GROUPS, widths[0]), nn.SiLU(), last, nn.PixelShuffle(2))
        self.material = nn.Sequential(nn.Linear(widths[-1], 64), nn.SiLU(), nn.Linear(64, 3))

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        features, lowest = self.trunk(with_place(crop))
        rough = torch.tensor([0.55, -1.4, -2.0], device=crop.device)
        return crop[:, 8:].mean(1, keepdim=True) + self.head(features), self.material(lowest) * 0.3 + rough

"""The shadow network: a cut-out crop to whether a hard-edged shadow lies on it. Plain convolutions and one kind of
attention, as in `networks`."""

from __future__ import annotations

from torch import Tensor, nn

from .networks import GROUPS, Trunk, with_place

__all__ = ["ShadowNet"]


class ShadowNet(nn.Module):
    """Input float [B, 4, 128, 128] as `networks.DepthNet` takes it: RGB in -1..1 times the mask, and the mask.

    Output ``shadow`` [B, 1], the logit of there being one; ``edge`` [B, 1, 128, 128], the logit of each pixel lying at
    its edge, by which the network learns what to look for.
    """

    def __init__(
        self, widths: tuple[int, int, int, int] = (24, 48, 64, 96), depth: tuple[int, int, int, int] = (1, 1, 1, 1)
    ) -> None:
        super().__init__()
        self.trunk = Trunk(4 * 4 + 2, widths, depth)
        self.head = nn.Sequential(
            nn.GroupNorm(GROUPS, widths[0]), nn.SiLU(), nn.Conv2d(widths[0], 4, 3, padding=1), nn.PixelShuffle(2)
        )
        self.verdict = nn.Sequential(nn.Linear(widths[-1], 64), nn.SiLU(), nn.Linear(64, 1))

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        features, lowest = self.trunk(with_place(crop))
        return self.verdict(lowest), self.head(features)

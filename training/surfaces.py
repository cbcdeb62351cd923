"""Visible surfaces as the shape network will meet them: true, disturbed as depth networks err, or estimated by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from ..inference.shape import FRONT_PERCENTILE
from .buffers import Buffers, picture
from .camera import SIZE
from .networks import SURE, DepthNet
from .shade import unit, wear
from .train_depth import network_input

__all__ = ["Estimator", "Seen", "disturbed", "exact", "shape_input"]


@dataclass(frozen=True)
class Seen:
    """``depth``, ``mask``, ``confidence`` [B, 1, S, S], ``normals`` [B, 3, S, S], ``camera`` [B, 2]."""

    depth: Tensor
    mask: Tensor
    normals: Tensor
    confidence: Tensor
    camera: Tensor


def shape_input(seen: Seen) -> Tensor:
    """The channels `ShapeNet` takes, with depth counted from the front-most point."""
    depth, mask, tangent = seen.depth, seen.mask, seen.camera[:, 1, None, None, None]
    outside = torch.where(mask > 0, depth, torch.full_like(depth, torch.inf)).flatten(1).sort(1).values
    count = mask.flatten(1).sum(1)
    rank = ((count - 1).clamp(min=0) * FRONT_PERCENTILE / 100).round().long()
    front = outside.gather(1, rank[:, None])[:, :, None, None]
    behind = (depth - front) / (1 + front * tangent)
    elevation = seen.camera[:, 0, None, None, None].expand_as(mask)
    channels = [behind, torch.ones_like(mask), tangent.expand_as(mask), elevation, seen.normals, seen.confidence]
    return (torch.cat(channels, 1) * mask).contiguous(memory_format=torch.channels_last)


def exact(b: Buffers) -> Seen:
    """The true surface, sure of itself."""
    return Seen(b.depth, b.mask, b.normals, b.mask, b.camera)


def _blur_inside(values: Tensor, mask: Tensor, sigma: float) -> Tensor:
    line = torch.exp(-(torch.arange(-5, 6, device=values.device) ** 2) / (2 * sigma**2))
    line = line / line.sum()
    both, count = torch.cat([values * mask, mask], 1), values.shape[1] + 1
    both = functional.conv2d(both, line.reshape(1, 1, 1, 11).expand(count, 1, 1, 11), padding=(0, 5), groups=count)
    both = functional.conv2d(both, line.reshape(1, 1, 11, 1).expand(count, 1, 11, 1), padding=(5, 0), groups=count)
    return both[:, :-1] / both[:, -1:].clamp(min=1e-3)


def disturbed(b: Buffers, rng: np.random.Generator) -> Seen:
    """Flattened, tilted, warped, smoothed over edges, noisy; the camera off by a little."""
    count, device = len(b.depth), b.depth.device

    def per_view(values: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device).reshape(count, -1, 1, 1)

    depth, normals = b.depth, b.normals
    if rng.random() < 0.6:
        sigma = rng.uniform(0.5, 2.5)
        depth, normals = _blur_inside(depth, b.mask, sigma), _blur_inside(normals, b.mask, sigma)
    strength = per_view(rng.uniform(0, 1, count))
    line = torch.linspace(-1, 1, SIZE, device=device)
    tilt = per_view(rng.normal(0, 0.1, count)) * line + per_view(rng.normal(0, 0.1, count)) * line[:, None]
    coarse = torch.from_numpy(rng.normal(0, 0.06, (count, 1, 6, 6)).astype(np.float32)).to(device)
    warp = functional.interpolate(coarse, size=(SIZE, SIZE), mode="bicubic", align_corners=True)
    scale = 1 + strength * per_view(rng.uniform(-0.4, 0.25, count))
    noise = torch.from_numpy(rng.normal(0, 0.006, tuple(depth.shape)).astype(np.float32)).to(device)
    wrong = depth * scale + strength * (tilt + warp + noise)
    error = _blur_inside((wrong - b.depth).abs(), b.mask, 2.5)
    rough = torch.from_numpy(rng.normal(0, 0.15, (count, 3, 8, 8)).astype(np.float32)).to(device)
    rough = functional.interpolate(rough, size=(SIZE, SIZE), mode="bicubic", align_corners=True)
    normals = unit(normals + strength * rough)
    confidence = SURE / (SURE + error * per_view(np.exp(rng.normal(0, 0.4, count))))
    elevation = b.camera[:, 0] + strength.reshape(-1) * per_view(rng.normal(0, 0.12, count)).reshape(-1)
    tangent = (b.camera[:, 1] * per_view(rng.uniform(0.75, 1.3, count)).reshape(-1)).clamp(0.02, 0.6)
    return Seen(wrong, b.mask, normals, confidence, torch.stack([elevation, tangent], 1))


class Estimator:
    """The depth network of a run folder, as far as it has been trained; looks again for a newer checkpoint."""

    def __init__(self, run: Path, device: torch.device) -> None:
        self.file, self.device, self.age = run / "checkpoint.pt", device, 0.0
        self.net = DepthNet().to(device).to(memory_format=torch.channels_last).eval()
        self.refresh()

    def refresh(self) -> None:
        """Load the averaged weights if they have changed."""
        age = self.file.stat().st_mtime
        if age != self.age:
            self.net.load_state_dict(torch.load(self.file, map_location=self.device)["averaged"])
            self.age = age

    @torch.no_grad()
    def estimate(self, b: Buffers, rng: np.random.Generator) -> Seen:
        """What the network sees in a picture of ``b``, in a light of its own."""
        rgb, mask = wear(picture(b, rng), b.mask, rng)
        mask = mask * b.mask  # rays outside the true mask have no truth to learn
        mask = torch.where(mask.sum((2, 3), keepdim=True) > 0, mask, b.mask)  # a matte too narrow left nothing
        with torch.autocast(self.device.type, torch.bfloat16):
            depth, normals, confidence, camera = self.net(network_input(rgb, mask))
        normals = unit(normals.float())
        return Seen(depth.float(), mask, normals, confidence.float(), camera.float())

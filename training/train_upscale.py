"""Train the enlarging network on the pictures of `training.upscale_pictures`, made smaller by `upscale_degrade`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from .loop import Plan, arguments, device, train
from .shards import Shards
from .upscale_degrade import spoil
from .upscale_network import UpscaleNet

__all__ = ["main"]

CROP, BATCH = 96, 16
"""Side of the large pictures' parts that are compared, and their number in a batch."""
TWICE = 0.3
"""Share of the batches that are enlarged fourfold, by the network's own first result."""
SOFT = 0.35
"""Share of the parts that are out of focus: a network that only ever saw sharp edges would paint such everywhere."""
RIM = 8
"""What lies nearer than this to the border counts nothing: the network does not see what is beyond it."""
HELD_OUT = 96
Rng = np.random.Generator
Pixels = npt.NDArray[np.uint8]


def _vary(picture: Pixels, rng: Rng) -> Pixels:
    """A part of the picture [S, S, 3], turned, mirrored, in other colours."""
    top, left = rng.integers(0, picture.shape[0] - CROP + 1), rng.integers(0, picture.shape[1] - CROP + 1)
    part = np.rot90(picture[top : top + CROP, left : left + CROP], rng.integers(4))
    if rng.random() < 0.5:
        part = part[:, ::-1]
    part = part[..., rng.permutation(3)]
    if rng.random() < SOFT:
        part = np.asarray(Image.fromarray(part).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.8)))))
    if rng.random() < 0.15:
        part = np.repeat(part.mean(-1, keepdims=True).astype(np.uint8), 3, -1)
    return 255 - part if rng.random() < 0.3 else part


def _parts(data: Shards, count: int, rng: Rng) -> list[Pixels]:
    """Parts of different pictures, [S, S, 3]; of several drawn those with more to see are likelier."""
    parts: list[Pixels] = []
    for rgb in data.draw(count, rng)["rgb"].astype(np.uint8).transpose(0, 2, 3, 1):
        found = [_vary(rgb, rng) for _ in range(2)]
        parts.append(np.ascontiguousarray(max(found, key=lambda part: float(part.std((0, 1)).mean()))))
    return parts


def _tensor(pictures: list[Pixels]) -> Tensor:
    stack = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 255)
    return stack.to(device())


def _distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference, smooth where it is below half a level, away from the border."""
    error = (found - wanted)[..., RIM:-RIM, RIM:-RIM]
    return torch.sqrt(error * error + (0.5 / 255) ** 2).mean()


def _losses(net: UpscaleNet, small: Tensor, large: Tensor, times: int) -> tuple[Tensor, dict[str, float]]:
    found = small
    for _ in range(times):
        found = found.contiguous(memory_format=torch.channels_last)
        with torch.autocast(found.device.type, torch.bfloat16):
            weight = net.weigh(found)
        found = net.enlarge(found, weight.float())
    loss = _distance(found, large)
    inner = (found.clamp(0, 1) - large)[..., RIM:-RIM, RIM:-RIM]
    psnr = -10 * torch.log10((inner * inner).mean((1, 2, 3)) + 1e-6).mean()
    return loss, {"loss": loss.item(), f"psnr_{2**times}x": psnr.item()}


def main() -> int:
    """``python bootstrap.py training.train_upscale --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)
    fixed = np.random.default_rng(1)
    wanted = _parts(held_out, HELD_OUT, fixed)
    tests = [(times, _tensor([spoil(w, 2**times, fixed) for w in wanted]), _tensor(wanted)) for times in (1, 2)]

    def loss(net: UpscaleNet, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 100 == 99:
            data.refresh()
        times = 2 if rng.random() < TWICE else 1
        large = _parts(data, BATCH, rng)
        value, figures = _losses(net, _tensor([spoil(p, 2**times, rng) for p in large]), _tensor(large), times)
        return value, {"loss": figures["loss"]}

    @torch.no_grad()
    def validate(net: UpscaleNet) -> dict[str, float]:
        rows = [_losses(net, small, large, times)[1] for times, small, large in tests]
        return {k: v for row in rows for k, v in row.items() if k != "loss"}

    train(UpscaleNet(), Plan(args.out, args.minutes, args.rate, save_every_seconds=120), loss, validate)
    return 0

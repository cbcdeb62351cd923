"""Train the shape network on the views of `training.views`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.shape import FRONT_PERCENTILE
from .loop import Plan, arguments, device, train
from .networks import ShapeNet
from .render import SIZE
from .shards import Shards
from .views import BINS, CELLS

__all__ = ["main", "network_input"]

BATCH = 16


def _tensors(batch: dict[str, npt.NDArray[np.generic]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Depth [B, 1, S, S], mask [B, 1, S, S], tangent [B] and solid [B, BINS, CELLS, CELLS] of a drawn batch."""
    mask = np.unpackbits(batch["mask"].astype(np.uint8), axis=1)[:, : SIZE * SIZE].reshape(-1, 1, SIZE, SIZE)
    solid = np.unpackbits(batch["solid"].astype(np.uint8), axis=1).reshape(-1, BINS, CELLS, CELLS)
    depth = torch.from_numpy(batch["depth"].astype(np.float32))[:, None]
    tensors = (
        depth,
        torch.from_numpy(mask.astype(np.float32)),
        torch.from_numpy(batch["tangent"].astype(np.float32)),
        torch.from_numpy(solid).float(),
    )
    return tuple(t.to(device()) for t in tensors)  # pyright: ignore[reportReturnType]


def network_input(depth: Tensor, mask: Tensor, tangent: Tensor) -> Tensor:
    """The three channels `ShapeNet` takes."""
    return torch.cat([depth * mask, mask, tangent[:, None, None, None] * mask], 1).contiguous(
        memory_format=torch.channels_last
    )


def _blur_inside(values: Tensor, mask: Tensor, sigma: float) -> Tensor:
    line = torch.exp(-(torch.arange(-5, 6, device=values.device) ** 2) / (2 * sigma**2))
    line = line / line.sum()
    both = torch.cat([values * mask, mask], 1)
    both = functional.conv2d(both, line.reshape(1, 1, 1, 11).expand(2, 1, 1, 11), padding=(0, 5), groups=2)
    both = functional.conv2d(both, line.reshape(1, 1, 11, 1).expand(2, 1, 11, 1), padding=(5, 0), groups=2)
    return both[:, :1] / both[:, 1:].clamp(min=1e-3)


def _disturb(depth: Tensor, mask: Tensor, tangent: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Depth as depth networks get it wrong: flattened, tilted, warped, smoothed over edges; tangent off by a little."""
    b = len(depth)

    def per_view(values: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(depth.device).reshape(b, -1, 1, 1)

    if rng.random() < 0.6:
        depth = _blur_inside(depth, mask, rng.uniform(0.5, 2.5))
    strength = per_view(rng.uniform(0, 1, b) * (rng.random(b) < 0.85))  # some stay exact
    line = torch.linspace(-1, 1, SIZE, device=depth.device)
    tilt = (
        per_view(rng.normal(0, 0.1, b)) * line[None, None, None, :]
        + per_view(rng.normal(0, 0.1, b)) * line[None, None, :, None]
    )
    coarse = torch.from_numpy(rng.normal(0, 0.06, (b, 1, 6, 6)).astype(np.float32)).to(depth.device)
    warp = functional.interpolate(coarse, size=(SIZE, SIZE), mode="bicubic", align_corners=True)
    scale = 1 + strength * per_view(rng.uniform(-0.4, 0.25, b))
    noise = torch.from_numpy(rng.normal(0, 0.006, tuple(depth.shape)).astype(np.float32)).to(depth.device)
    depth = depth * scale + strength * (tilt + warp) + noise * strength
    for k in range(b):
        inside = depth[k][mask[k] > 0]
        front = torch.quantile(inside, FRONT_PERCENTILE / 100)
        depth[k] = depth[k] - front
    return depth * mask, (tangent * per_view(rng.uniform(0.75, 1.3, b)).reshape(-1)).clamp(0.02, 0.6)


def _losses(
    net: nn.Module, depth: Tensor, mask: Tensor, tangent: Tensor, solid: Tensor
) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(depth.device.type, torch.bfloat16):
        logits = net(network_input(depth, mask, tangent))
    logits = logits.float()
    column = functional.max_pool2d(mask, 2)
    cross = (functional.binary_cross_entropy_with_logits(logits, solid, reduction="none") * column).sum() / (
        column.sum() * BINS
    )
    chance = torch.sigmoid(logits) * column
    inside = solid * column
    dice = 1 - (2 * (chance * inside).sum((1, 2, 3)) + 1) / ((chance + inside).sum((1, 2, 3)) + 1)
    with torch.no_grad():
        found = (logits > 0) & (column > 0)
        truth = inside > 0.5
        overlap = (found & truth).sum((1, 2, 3)) / (found | truth).sum((1, 2, 3)).clamp(min=1)
    return cross + 0.5 * dice.mean(), {"cross": cross.item(), "iou": overlap.mean().item()}


def main() -> int:
    """``python bootstrap.py training.train_shape --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)

    def loss(net: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 500 == 499:
            data.refresh()
        depth, mask, tangent, solid = _tensors(data.draw(BATCH, rng))
        if rng.random() < 0.5:
            depth, mask, solid = depth.flip(3), mask.flip(3), solid.flip(3)
        depth, tangent = _disturb(depth, mask, tangent, rng)
        return _losses(net, depth, mask, tangent, solid)

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        fixed, rows = np.random.default_rng(1), []
        for _ in range(12):
            depth, mask, tangent, solid = _tensors(held_out.draw(BATCH, fixed))
            rows.append({**_losses(net, depth, mask, tangent, solid)[1]})
            blurred, wrong = _disturb(depth, mask, tangent, fixed)
            rows[-1]["iou_disturbed"] = _losses(net, blurred, mask, wrong, solid)[1]["iou"]
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(ShapeNet(), Plan(args.out, args.minutes), loss, validate)
    return 0

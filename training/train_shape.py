"""Train the shape network on the views of `training.views`, seen exactly, disturbed, or by the depth network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .buffers import draw_buffers
from .loop import Plan, arguments, device, train
from .networks import ShapeNet
from .shards import Shards
from .surfaces import Estimator, Seen, disturbed, exact, shape_input

__all__ = ["main"]

BATCH = 16
EXACT_SHARE, ESTIMATED_SHARE = 0.25, 0.5


def _losses(net: ShapeNet, seen: Seen, rays: Tensor, solid: Tensor) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(solid.device.type, torch.bfloat16):
        logits = net.along(shape_input(seen), rays).float()
    # Rays that the disturbed mask no longer has say nothing.
    known = seen.mask.flatten(1).gather(1, rays)[..., None]
    cross = functional.binary_cross_entropy_with_logits(logits, solid, reduction="none")
    cross = (cross * known).sum() / (known.sum() * solid.shape[2])
    chance, inside = torch.sigmoid(logits) * known, solid * known
    dice = 1 - (2 * (chance * inside).sum((1, 2)) + 1) / ((chance + inside).sum((1, 2)) + 1)
    with torch.no_grad():
        found, truth = (logits > 0) & (known > 0), inside > 0.5
        overlap = (found & truth).sum((1, 2)) / (found | truth).sum((1, 2)).clamp(min=1)
    return cross + 0.5 * dice.mean(), {"cross": cross.item(), "iou": overlap.mean().item()}


def main() -> int:
    """``python bootstrap.py training.train_shape --data DIR --val DIR --depth RUN --out DIR --minutes N``."""
    args = arguments(__doc__, "--depth")
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)
    estimator = Estimator(Path(args.depth), device())

    def loss(net: ShapeNet, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 200 == 199:
            data.refresh()
            estimator.refresh()
        b, kind = draw_buffers(data.draw(BATCH, rng), rng.random() < 0.5), rng.random()
        if kind < EXACT_SHARE:
            seen = exact(b)
        else:
            seen = estimator.estimate(b, rng) if kind < EXACT_SHARE + ESTIMATED_SHARE else disturbed(b, rng)
        return _losses(net, seen, b.rays, b.solid)

    @torch.no_grad()
    def validate(net: ShapeNet) -> dict[str, float]:
        fixed, rows = np.random.default_rng(1), []
        for _ in range(8):
            b = draw_buffers(held_out.draw(BATCH, fixed), False)
            rows.append(_losses(net, exact(b), b.rays, b.solid)[1])
            rows[-1]["iou_disturbed"] = _losses(net, disturbed(b, fixed), b.rays, b.solid)[1]["iou"]
            rows[-1]["iou_estimated"] = _losses(net, estimator.estimate(b, fixed), b.rays, b.solid)[1]["iou"]
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(ShapeNet(), Plan(args.out, args.minutes, args.rate), loss, validate)
    return 0

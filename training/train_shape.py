"""Train the shape network on the views of `training.views`, seen exactly, disturbed, or by the depth network."""

from __future__ import annotations

from dataclasses import dataclass
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

__all__ = ["Recipe", "fit", "main"]

BATCH = 16


@dataclass(frozen=True)
class Recipe:
    """What `training.ablate` varies.

    The shares of batches seen exactly and as the depth network estimates them (the rest is disturbed), the network's
    ``widths``, and ``blank``, channels of its input that are left out.
    """

    exact: float = 0.25
    estimated: float = 0.5
    widths: tuple[int, int, int, int] = (48, 96, 160, 192)
    blank: tuple[int, ...] = ()


def _losses(
    net: ShapeNet, seen: Seen, rays: Tensor, solid: Tensor, blank: tuple[int, ...]
) -> tuple[Tensor, dict[str, float]]:
    surface = shape_input(seen)
    surface[:, list(blank)] = 0
    with torch.autocast(solid.device.type, torch.bfloat16):
        logits = net.along(surface, rays).float()
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


def fit(recipe: Recipe, plan: Plan, data: Shards, held_out: Shards, estimator: Estimator, seed: int) -> None:
    """Train a network by ``recipe``; checkpoint and log go to ``plan.out``."""
    rng = np.random.default_rng(seed)

    def loss(net: ShapeNet, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 200 == 199:
            data.refresh()
            estimator.refresh()
        b, kind = draw_buffers(data.draw(BATCH, rng), rng.random() < 0.5), rng.random()
        if kind < recipe.exact:
            seen = exact(b)
        else:
            seen = estimator.estimate(b, rng) if kind < recipe.exact + recipe.estimated else disturbed(b, rng)
        return _losses(net, seen, b.rays, b.solid, recipe.blank)

    @torch.no_grad()
    def validate(net: ShapeNet) -> dict[str, float]:
        fixed, rows = np.random.default_rng(1), []
        for _ in range(8):
            b = draw_buffers(held_out.draw(BATCH, fixed), False)
            rows.append(_losses(net, exact(b), b.rays, b.solid, recipe.blank)[1])
            for name, seen in (("disturbed", disturbed(b, fixed)), ("estimated", estimator.estimate(b, fixed))):
                rows[-1][f"iou_{name}"] = _losses(net, seen, b.rays, b.solid, recipe.blank)[1]["iou"]
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(ShapeNet(recipe.widths), plan, loss, validate)


def main() -> int:
    """``python bootstrap.py training.train_shape --data DIR --val DIR --depth RUN --out DIR --minutes N``."""
    args = arguments(__doc__, "--depth")
    plan = Plan(args.out, args.minutes, args.rate)
    fit(Recipe(), plan, Shards(args.data), Shards(args.val), Estimator(Path(args.depth), device()), args.seed)
    return 0

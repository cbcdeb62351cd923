"""Train the shadow network on the views of `training.views`, painted, lit and shadowed anew each time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .buffers import draw_buffers
from .loop import Plan, arguments, train
from .shade import wear
from .shadow_network import ShadowNet
from .shadow_scene import ShadowPicture, shadow_picture
from .shards import Shards
from .train_depth import network_input

__all__ = ["main"]

BATCH = 24
EDGE_WEIGHT = 4.0
SOFT_SHARE = 0.2
"""Of the batches whose pictures are blurred as badly as pictures come."""


def _softened(rgb: Tensor, mask: Tensor, width: int) -> Tensor:
    """Pictures with ``width`` times fewer pixels each way, at their size; nothing bleeds in from outside the mask."""
    pooled = functional.avg_pool2d(torch.cat([rgb * mask, mask], 1), width)
    large = functional.interpolate(pooled, scale_factor=float(width), mode="bilinear")
    return large[:, :3] / large[:, 3:].clamp(min=1e-3)


def _losses(net: ShadowNet, seen: ShadowPicture, rgb: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(rgb.device.type, torch.bfloat16):
        verdict, edge = net(network_input(rgb, mask))
    verdict, edge = verdict.float()[:, 0], edge.float()
    along = functional.binary_cross_entropy_with_logits(edge, seen.edge, reduction="none")
    along = (along * mask).sum() / mask.sum().clamp(min=1)
    sure = functional.binary_cross_entropy_with_logits(verdict, seen.hard, reduction="none")
    judged = seen.judged.sum().clamp(min=1)
    sure = (sure * seen.judged).sum() / judged
    hard, plain = seen.hard * seen.judged, (1 - seen.hard) * seen.judged
    said = (verdict > 0).float()
    figures = {
        "shadow": sure.item(),
        "edge": along.item(),
        "found": ((said * hard).sum() / hard.sum().clamp(min=1)).item(),
        "false": ((said * plain).sum() / plain.sum().clamp(min=1)).item(),
    }
    return sure + EDGE_WEIGHT * along, figures


def main() -> int:
    """``python bootstrap.py training.train_shadow --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)

    def loss(net: ShadowNet, _step: int) -> tuple[Tensor, dict[str, float]]:
        b = draw_buffers(data.draw(BATCH, rng), rng.random() < 0.5)
        seen = shadow_picture(b, rng)
        rgb, mask = wear(seen.rgb, b.mask, rng)
        if rng.random() < SOFT_SHARE:
            rgb = _softened(rgb, mask, int(rng.choice([2, 4])))
        return _losses(net, seen, rgb, mask)

    @torch.no_grad()
    def validate(net: ShadowNet) -> dict[str, float]:
        fixed, rows = np.random.default_rng(1), []
        for _ in range(10):
            b = draw_buffers(held_out.draw(BATCH, fixed), False)
            seen = shadow_picture(b, fixed)
            rows.append(_losses(net, seen, seen.rgb, b.mask)[1])
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(ShadowNet(), Plan(args.out, args.minutes, args.rate, save_every_seconds=240), loss, validate)
    return 0

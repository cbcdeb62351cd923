"""Train the depth network on the views of `training.views`, each time in another light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .buffers import Buffers, draw_buffers, picture
from .loop import Plan, arguments, train
from .networks import SURE, DepthNet
from .shade import unit, wear
from .shards import Shards

__all__ = ["Recipe", "fit", "main", "network_input"]

BATCH = 16


@dataclass(frozen=True)
class Recipe:
    """What `training.ablate` varies: widths of the network, weight of the loss on slopes, pictures worn or pristine."""

    widths: tuple[int, int, int, int] = (32, 96, 160, 192)
    slopes: float = 1.0
    worn: bool = True


def network_input(rgb: Tensor, mask: Tensor) -> Tensor:
    """RGB [B, 3, S, S] in 0..1 and mask [B, 1, S, S] to the network's input."""
    return torch.cat([(rgb * 2 - 1) * mask, mask], 1).contiguous(memory_format=torch.channels_last)


def _centred(depth: Tensor, mask: Tensor) -> Tensor:
    return depth - (depth * mask).sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True).clamp(min=1)


def _slopes(error: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring errors at strides 1, 2, 4 and 8 (Ranftl et al. 2020)."""
    total = error.new_zeros(())
    for stride in (1, 2, 4, 8):
        e, m = error[:, :, ::stride, ::stride], mask[:, :, ::stride, ::stride]
        across, down = m[:, :, :, 1:] * m[:, :, :, :-1], m[:, :, 1:] * m[:, :, :-1]
        total = total + ((e[:, :, :, 1:] - e[:, :, :, :-1]).abs() * across).sum() / across.sum().clamp(min=1)
        total = total + ((e[:, :, 1:] - e[:, :, :-1]).abs() * down).sum() / down.sum().clamp(min=1)
    return total / 4


def _lean(depth: Tensor, truth: Tensor, mask: Tensor, tangent: Tensor) -> Tensor:
    """Angle [B], about the view's X axis, that turns the points of ``depth`` best onto those of ``truth``."""
    size = depth.shape[-1]
    up = 1 - (torch.arange(size, device=depth.device) + 0.5) / size * 2
    tangent = tangent[:, None, None, None]
    (y, z), (y_true, z_true) = (
        (d, _centred(up[:, None] * (1 + d * tangent), mask) * mask) for d in (depth * mask, truth * mask)
    )
    across, along = (y * z_true - z * y_true).sum((1, 2, 3)), (y * y_true + z * z_true).sum((1, 2, 3))
    return torch.atan2(across, along.clamp(min=1e-3))


def _losses(
    net: nn.Module, rgb: Tensor, seen_mask: Tensor, b: Buffers, slopes_weight: float = 1.0
) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(rgb.device.type, torch.bfloat16):
        out_depth, out_normals, confidence, out_camera = net(network_input(rgb, seen_mask))
    mask = b.mask * seen_mask
    target = _centred(b.depth, mask)
    found = _centred(out_depth.float(), mask)
    error = found - target
    area = mask.sum()
    distance = (error.abs() * mask).sum() / area
    slopes = _slopes(error, mask)
    turned = (1 - (unit(out_normals.float()) * unit(b.normals)).sum(1, keepdim=True)) * mask
    turned = turned.sum() / area
    wrong = out_camera.float() - b.camera
    view = wrong.abs().mean(0)
    # How far the result will stand off upright: the camera's error and the surface's own lean together.
    tilt = (wrong[:, 0] + _lean(found, target, mask, b.camera[:, 1])).abs().mean()
    # The error to expect, as a Laplace distribution's scale (Kendall and Gal 2017), learnt beside the depth itself.
    expected = SURE * (1 / confidence.float().clamp(0.01, 0.99) - 1)
    surprise = ((error.detach().abs() / expected + torch.log(expected)) * mask).sum() / area
    loss = (
        distance + slopes_weight * slopes + 0.3 * turned + 0.4 * view[0] + 0.4 * tilt + 0.5 * view[1] + 0.02 * surprise
    )
    flat = (target.abs() * mask).sum() / area
    return loss, {
        "relative": (distance / flat).item(),
        "slopes": slopes.item(),
        "normals": turned.item(),
        "elevation": view[0].item(),
        "tangent": view[1].item(),
        "tilt": tilt.item(),
        "surprise": surprise.item(),
    }


def fit(recipe: Recipe, plan: Plan, data: Shards, held_out: Shards, seed: int) -> None:
    """Train a network by ``recipe``; checkpoint and log go to ``plan.out``."""
    rng = np.random.default_rng(seed)

    def loss(net: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 200 == 199:
            data.refresh()
        b = draw_buffers(data.draw(BATCH, rng), rng.random() < 0.5)
        rgb, seen_mask = picture(b, rng), b.mask
        if recipe.worn:
            rgb, seen_mask = wear(rgb, seen_mask, rng)
        return _losses(net, rgb, seen_mask, b, recipe.slopes)

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        fixed = np.random.default_rng(1)
        rows = []
        for _ in range(12):
            b = draw_buffers(held_out.draw(BATCH, fixed), False)
            rows.append(_losses(net, picture(b, fixed), b.mask, b)[1])
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(DepthNet(recipe.widths), plan, loss, validate)


def main() -> int:
    """``python bootstrap.py training.train_depth --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    fit(Recipe(), Plan(args.out, args.minutes, args.rate), Shards(args.data), Shards(args.val), args.seed)
    return 0

"""Train the light network on the views of `training.views`, painted and lit anew each time, with the surface as the
depth network sees it in that very picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..inference.light_colour import to_linear
from ..inference.light_fit import fit_light
from .buffers import Buffers, draw_buffers
from .light_network import LightNet
from .light_scene import LitPicture, light_picture, mean_inside
from .loop import Plan, arguments, device, train
from .shade import Dice, unit
from .shards import Shards
from .surfaces import Estimator
from .train_depth import network_input

__all__ = ["light_input", "main"]

BATCH = 16


def light_input(rgb: Tensor, mask: Tensor, normals: Tensor, depth: Tensor) -> Tensor:
    """RGB in 0..1 and the surface, with the light fitted to them, to the network's input."""
    fitted = torch.zeros_like(rgb)
    for k, inside in enumerate(mask[:, 0] > 0):
        colours, facing = rgb[k, :, inside].T.cpu().numpy(), normals[k, :, inside].T.cpu().numpy()
        light = fit_light(to_linear(colours), facing).astype(np.float32)
        fitted[k, :, inside] = torch.from_numpy(light.T).to(rgb.device)
    planes = [rgb * 2 - 1, torch.ones_like(mask), normals, depth - mean_inside(depth, mask), fitted]
    return (torch.cat(planes, 1) * mask).contiguous(memory_format=torch.channels_last)


def _worn(rgb: Tensor, mask: Tensor, rng: np.random.Generator) -> Tensor:
    """Soft, tinted in the camera, compressed and noisy pictures; their light stays what it was."""
    dice = Dice(rng, len(rgb), rgb.device)
    if rng.random() < 0.5:
        kernel = torch.exp(-(torch.arange(-2, 3, device=rgb.device) ** 2) / (2 * rng.uniform(0.4, 0.9) ** 2))
        kernel = (kernel[:, None] * kernel / kernel.sum() ** 2)[None, None].expand(4, 1, 5, 5)
        blurred = functional.conv2d(torch.cat([rgb * mask, mask], 1), kernel, padding=2, groups=4)
        rgb = blurred[:, :3] / blurred[:, 3:].clamp(min=1e-3)
    if rng.random() < 0.2:  # drawings and old photographs
        grey = rgb.mean(1, keepdim=True)
        rgb = grey + (rgb - grey) * dice.uniform(0, 1)
    noise = torch.from_numpy(rng.standard_normal(tuple(rgb.shape), np.float32)).to(rgb.device)
    return (rgb + noise * dice.uniform(0, 0.02)).clamp(0, 1)


@torch.no_grad()
def _surface(estimator: Estimator, rgb: Tensor, b: Buffers, share: float) -> tuple[Tensor, Tensor]:
    """Normals and depth as the depth network sees them, mixed with the true ones by ``share``."""
    with torch.autocast(rgb.device.type, torch.bfloat16):
        depth, normals, _, _ = estimator.net(network_input(rgb, b.mask))
    depth = depth.float() * (1 - share) + b.depth * share
    return unit(unit(normals.float()) * (1 - share) + unit(b.normals) * share), depth


def _slopes(error: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring errors at strides 1, 2 and 4 (Ranftl et al. 2020)."""
    total = error.new_zeros(())
    for stride in (1, 2, 4):
        across, down = mask[..., stride:] * mask[..., :-stride], mask[..., stride:, :] * mask[..., :-stride, :]
        total = total + ((error[..., stride:] - error[..., :-stride]).abs() * across).sum() / across.sum().clamp(min=1)
        total = total + ((error[..., stride:, :] - error[..., :-stride, :]).abs() * down).sum() / down.sum().clamp(
            min=1
        )
    return total / 6 / error.shape[1]


def _losses(
    net: LightNet, seen: LitPicture, rgb: Tensor, b: Buffers, surface: tuple[Tensor, Tensor]
) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(rgb.device.type, torch.bfloat16):
        light, material = net(light_input(rgb, b.mask, *surface))
    light, material = light.float(), material.float()
    error = (light - mean_inside(light, b.mask) - seen.light) * b.mask
    area = b.mask.sum() * 3
    # What an error does to the eye: the same factor shows the more, the brighter the paint is in sRGB.
    paint = (seen.rgb * torch.exp(-seen.light / 2.4)).clamp(0.1, 1)
    error = error * paint / mean_inside(paint, b.mask).clamp(min=0.05)
    distance = error.abs().sum() / area
    slopes = _slopes(error, b.mask)
    lit = seen.lit.float()
    wrong = (material[:, 0] - seen.roughness).abs()
    doubt = material[:, 1].clamp(-4, 0)
    surprise = ((wrong * torch.exp(-doubt) + doubt) * lit).sum() / lit.sum().clamp(min=1)
    metal = functional.binary_cross_entropy_with_logits(material[:, 2], seen.metallic, reduction="none")
    metal = (metal * lit).sum() / lit.sum().clamp(min=1)
    usual = (seen.light.abs().sum() / area).item()
    figures = {
        "light": distance.item(),
        "relative": distance.item() / max(usual, 1e-6),
        "slopes": slopes.item(),
        "roughness": ((wrong * lit).sum() / lit.sum().clamp(min=1)).item(),
        "metal": metal.item(),
    }
    return distance + 1.5 * slopes + 0.08 * surprise + 0.12 * metal, figures


def main() -> int:
    """``python bootstrap.py training.train_light --data DIR --val DIR --depth RUN --out DIR --minutes N``."""
    args = arguments(__doc__, "--depth")
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)
    estimator = Estimator(Path(args.depth), device())

    def loss(net: LightNet, step: int) -> tuple[Tensor, dict[str, float]]:
        b = draw_buffers(data.draw(BATCH, rng), rng.random() < 0.5)
        seen = light_picture(b, rng)
        rgb = _worn(seen.rgb, b.mask, rng)
        share = rng.uniform(0, 1) if rng.random() < 0.3 else 0.0
        return _losses(net, seen, rgb, b, _surface(estimator, rgb, b, share))

    @torch.no_grad()
    def validate(net: LightNet) -> dict[str, float]:
        fixed, rows = np.random.default_rng(1), []
        for _ in range(10):
            b = draw_buffers(held_out.draw(BATCH, fixed), False)
            seen = light_picture(b, fixed)
            rows.append(_losses(net, seen, seen.rgb, b, _surface(estimator, seen.rgb, b, 0.0))[1])
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(LightNet(), Plan(args.out, args.minutes, args.rate, save_every_seconds=360), loss, validate)
    return 0

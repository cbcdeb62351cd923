"""Train the depth network on the pictures of `training.render`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .loop import Plan, arguments, device, train
from .networks import DepthNet
from .render import SIZE
from .shards import Shards

__all__ = ["main"]

BATCH = 16


def _tensors(batch: dict[str, npt.NDArray[np.generic]]) -> tuple[Tensor, ...]:
    """RGB in 0..1, mask, depth, normals and camera of a drawn batch."""
    mask = np.unpackbits(batch["mask"].astype(np.uint8), axis=1)[:, : SIZE * SIZE].reshape(-1, 1, SIZE, SIZE)
    rgb = torch.from_numpy(batch["rgb"].astype(np.float32)) / 255
    normals = torch.from_numpy(batch["normals"].astype(np.float32)) / 127
    depth = torch.from_numpy(batch["depth"].astype(np.float32))[:, None]
    camera = torch.from_numpy(batch["camera"].astype(np.float32))
    return tuple(t.to(device()) for t in (rgb, torch.from_numpy(mask.astype(np.float32)), depth, normals, camera))


def network_input(rgb: Tensor, mask: Tensor) -> Tensor:
    """RGB [B, 3, S, S] in 0..1 and mask [B, 1, S, S] to the network's input."""
    return torch.cat([(rgb * 2 - 1) * mask, mask], 1).contiguous(memory_format=torch.channels_last)


def _disturb(rgb: Tensor, mask: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """What cameras, tone curves and imperfect mattes do to a picture: returns RGB and mask."""
    b = len(rgb)

    def per_picture(low: float, high: float, channels: int = 1) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (b, channels, 1, 1)).astype(np.float32)).to(rgb.device)

    rgb = rgb.clamp(1e-4, 1) ** per_picture(0.7, 1.45) * per_picture(0.75, 1.3) * per_picture(0.88, 1.12, 3)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * per_picture(0.0, 1.6)
    if rng.random() < 0.5:  # soft pictures; the mask keeps the blur inside
        sigma = rng.uniform(0.4, 1.3)
        line = torch.exp(-(torch.arange(-3, 4, device=rgb.device) ** 2) / (2 * sigma**2))
        kernel = (line[:, None] * line / line.sum() ** 2)[None, None].expand(4, 1, 7, 7)
        blurred = functional.conv2d(torch.cat([rgb * mask, mask], 1), kernel, padding=3, groups=4)
        rgb = blurred[:, :3] / blurred[:, 3:].clamp(min=1e-3)
    if rng.random() < 0.35:  # mattes a pixel too wide or too narrow, with the background showing
        wider = functional.max_pool2d(mask, 3, 1, 1) if rng.random() < 0.5 else -functional.max_pool2d(-mask, 3, 1, 1)
        backdrop = per_picture(0, 1, 3)
        rgb, mask = torch.where(mask > 0, rgb, backdrop.expand_as(rgb)), wider
    noise = torch.from_numpy(rng.normal(0, 1, tuple(rgb.shape)).astype(np.float32)).to(rgb.device)
    return (rgb + noise * per_picture(0, 0.03)).clamp(0, 1), mask


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


def _losses(
    net: nn.Module, rgb: Tensor, seen_mask: Tensor, mask: Tensor, depth: Tensor, normals: Tensor, camera: Tensor
) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(rgb.device.type, torch.bfloat16):
        out_depth, out_normals, out_camera = net(network_input(rgb, seen_mask))
    mask = mask * seen_mask
    target = _centred(depth, mask)
    error = _centred(out_depth.float(), mask) - target
    area = mask.sum()
    distance = (error.abs() * mask).sum() / area
    slopes = _slopes(error, mask)
    turned = (1 - functional.cosine_similarity(out_normals.float(), normals, dim=1)[:, None]) * mask
    turned = turned.sum() / area
    view = (out_camera.float() - camera).abs().mean(0)
    loss = distance + slopes + 0.3 * turned + 0.6 * view[0] + 0.5 * view[1]
    flat = (target.abs() * mask).sum() / area
    return loss, {
        "relative": (distance / flat).item(),
        "slopes": slopes.item(),
        "normals": turned.item(),
        "elevation": view[0].item(),
        "tangent": view[1].item(),
    }


def main() -> int:
    """``python bootstrap.py training.train_depth --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)

    def loss(net: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        if step % 500 == 499:
            data.refresh()
        rgb, mask, depth, normals, camera = _tensors(data.draw(BATCH, rng))
        if rng.random() < 0.5:  # mirrored
            rgb, mask, depth, normals = (t.flip(3) for t in (rgb, mask, depth, normals))
            normals = normals * torch.tensor([-1.0, 1, 1], device=normals.device)[None, :, None, None]
        rgb, seen_mask = _disturb(rgb, mask, rng)
        return _losses(net, rgb, seen_mask, mask, depth, normals, camera)

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        fixed = np.random.default_rng(1)
        rows = []
        for _ in range(12):
            rgb, mask, depth, normals, camera = _tensors(held_out.draw(BATCH, fixed))
            rows.append(_losses(net, rgb, mask, mask, depth, normals, camera)[1])
        return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

    train(DepthNet(), Plan(args.out, args.minutes), loss, validate)
    return 0

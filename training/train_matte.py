"""Train the matte network on the photographs of `training.photos`: small pictures first, where steps are cheap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .loop import Plan, arguments, device, train
from .matte_network import MatteNet
from .shards import Shards

__all__ = ["main"]

# Side of the pictures, their number in a batch, share of the time, peak rate.
STAGES = (
    (128, 32, 0.1740, 2e-3),
    (192, 16, 0.1978, 1.5e-3),
    (256, 12, 0.1111, 8e-4),
    (192, 16, 0.0783, 1.5e-3),
    (256, 12, 0.0664, 8e-4),
    (256, 12, 0.0713, 1e-3),
    (256, 12, 0.3011, 1.5e-3),
)
HELD_OUT = 96  # pictures a validation looks at
Rng = np.random.Generator


def _window(alpha: npt.NDArray[np.uint8], rng: Rng) -> tuple[int, int, int, int]:
    """A part of the picture to show, as left, top, right, bottom: all of it, one of any shape, or the subject's own
    surroundings, as the second look at a picture does."""
    size, kind = len(alpha), rng.random()
    rows, columns = np.flatnonzero((alpha > 127).any(1)), np.flatnonzero((alpha > 127).any(0))
    if kind < 0.3 or not len(rows):
        return 0, 0, size, size
    low, high = np.array([columns[0], rows[0]]), np.array([columns[-1], rows[-1]]) + 1
    if kind < 0.6:
        wide = size * rng.uniform(0.55, 1, 2)
        centre = (low + high) / 2 + rng.uniform(-0.5, 0.5, 2) * wide
    else:
        wide = np.full(2, (high - low).max() * rng.uniform(1.05, 1.6))
        wide = wide * rng.uniform(0.85, 1.15, 2) if rng.random() < 0.5 else wide
        centre = (low + high) / 2 + rng.uniform(-0.1, 0.1, 2) * wide
    start, stop = np.clip(centre - wide / 2, 0, size).astype(int), np.clip(centre + wide / 2, 0, size).astype(int)
    if (stop - start).min() < 48 or (alpha[start[1] : stop[1], start[0] : stop[0]] > 127).mean() < 0.01:
        return 0, 0, size, size
    return int(start[0]), int(start[1]), int(stop[0]), int(stop[1])


def _letterbox(planes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Bring planes [C, h, w] to [C, size, size], padded with 0; and say where the picture is, [1, size, size]."""
    h, w = planes.shape[1:]
    scale = size / max(h, w)
    shape = max(1, round(h * scale)), max(1, round(w * scale))
    small = functional.interpolate(planes[None], shape, mode="bilinear", antialias=True, align_corners=False)[0]
    top, left = (size - shape[0]) // 2, (size - shape[1]) // 2
    pad = (left, size - shape[1] - left, top, size - shape[0] - top)
    return functional.pad(small, pad), functional.pad(torch.ones(1, *shape), pad)


def _tensors(batch: dict[str, npt.NDArray[np.generic]], size: int, rng: Rng | None) -> tuple[Tensor, Tensor, Tensor]:
    """RGB in -1..1, alpha and where the picture is, of a drawn batch; windows and mirroring at random where ``rng``."""
    rows: list[Tensor] = []
    inside: list[Tensor] = []
    for rgb, alpha in zip(batch["rgb"].astype(np.uint8), batch["alpha"].astype(np.uint8), strict=True):
        left, top, right, bottom = _window(alpha, rng) if rng else (0, 0, len(alpha), len(alpha))
        part = np.concatenate([rgb, alpha[None]])[:, top:bottom, left:right].astype(np.float32) / 255
        part[:3] = part[:3] * 2 - 1
        if rng and rng.random() < 0.5:
            part = part[:, :, ::-1]
        planes, known = _letterbox(torch.from_numpy(np.ascontiguousarray(part)), size)
        rows.append(planes)
        inside.append(known)
    planes = torch.stack(rows).to(device())
    return planes[:, :3], planes[:, 3:].clamp(0, 1), torch.stack(inside).to(device())


def _disturb(picture: Tensor, inside: Tensor, rng: Rng) -> Tensor:
    """Other light, other colours, other sensors; RGB in -1..1."""
    b = len(picture)

    def per_picture(low: float, high: float, channels: int = 1) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (b, channels, 1, 1)).astype(np.float32)).to(picture.device)

    rgb = (picture + 1) / 2
    if rng.random() < 0.3:
        rgb = rgb[:, torch.from_numpy(rng.permutation(3)).to(rgb.device)]
    rgb = rgb.clamp(1e-4, 1) ** per_picture(0.75, 1.35) * per_picture(0.8, 1.2) * per_picture(0.92, 1.08, 3)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * per_picture(0.2, 1.5)
    noise = torch.from_numpy(rng.standard_normal(tuple(rgb.shape), np.float32)).to(rgb.device)
    return ((rgb + noise * per_picture(0, 0.02)).clamp(0, 1) * 2 - 1) * inside


def _iou(found: Tensor, alpha: Tensor) -> Tensor:
    """Intersection over union of each picture [B] for soft mattes [B, 1, S, S]."""
    both = (found * alpha).sum((1, 2, 3))
    return (both + 1) / ((found + alpha).sum((1, 2, 3)) - both + 1)


def _losses(net: nn.Module, picture: Tensor, alpha: Tensor, inside: Tensor) -> tuple[Tensor, dict[str, float]]:
    with torch.autocast(picture.device.type, torch.bfloat16):
        logit = net(picture.contiguous(memory_format=torch.channels_last))
    logit = logit.float()
    wide = alpha.shape[-1] // 64 * 2 + 1
    edge = functional.max_pool2d(alpha, wide, 1, wide // 2) + functional.max_pool2d(-alpha, wide, 1, wide // 2)
    weight = inside * (1 + 3 * edge)
    entropy = functional.binary_cross_entropy_with_logits(logit, alpha, reduction="none")
    entropy = (entropy * weight).sum() / weight.sum()
    found = torch.sigmoid(logit) * inside
    overlap = _iou(found, alpha).mean()
    # Each picture counts alike here, so that small and thin subjects do too.
    loss = entropy + 0.5 * (1 - overlap)
    hard = _iou((found > 0.5).float(), (alpha > 0.5).float()).mean()
    return loss, {"entropy": entropy.item(), "iou": hard.item()}


def main() -> int:
    """``python bootstrap.py training.train_matte --data DIR --val DIR --out DIR --minutes N``."""
    args = arguments(__doc__)
    rng, data, held_out = np.random.default_rng(args.seed), Shards(args.data), Shards(args.val)
    net = MatteNet()
    for number, (size, batch, share, rate) in enumerate(STAGES, 1):

        def loss(net: MatteNet, step: int, size: int = size, batch: int = batch) -> tuple[Tensor, dict[str, float]]:
            if step % 100 == 99:
                data.refresh()
            picture, alpha, inside = _tensors(data.draw(batch, rng), size, rng)
            return _losses(net, _disturb(picture, inside, rng), alpha, inside)

        @torch.no_grad()
        def validate(net: MatteNet, size: int = size) -> dict[str, float]:
            fixed = np.random.default_rng(1)
            rows = [_losses(net, *_tensors(held_out.draw(12, fixed), size, None))[1] for _ in range(HELD_OUT // 12)]
            return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}

        plan = Plan(args.out / f"{number}-{size}", args.minutes * share, rate, save_every_seconds=300)
        net.load_state_dict(train(net, plan, loss, validate).state_dict())
    return 0

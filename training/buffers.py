"""Drawn samples of `training.views` as tensors, mirrored and shaded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .camera import SIZE
from .loop import device
from .shade import shade
from .views import BINS

__all__ = ["Buffers", "draw_buffers", "picture"]


@dataclass(frozen=True)
class Buffers:
    """A batch: ``albedo``, ``normals``, ``lit`` [B, 3, S, S], ``depth``, ``mask``, ``sky`` [B, 1, S, S], ``lights``
    [B, 3, 3], ``camera`` [B, 2], ``rays`` int64 [B, R], ``solid`` [B, R, BINS] in 0 and 1."""

    albedo: Tensor
    depth: Tensor
    normals: Tensor
    mask: Tensor
    sky: Tensor
    lights: Tensor
    lit: Tensor
    camera: Tensor
    rays: Tensor
    solid: Tensor


def _bits(packed: npt.NDArray[np.generic], *shape: int) -> npt.NDArray[np.float32]:
    return (
        np.unpackbits(packed.astype(np.uint8), axis=1)[:, : int(np.prod(shape))].reshape(-1, *shape).astype(np.float32)
    )


def draw_buffers(batch: dict[str, npt.NDArray[np.generic]], mirror: bool) -> Buffers:
    """A drawn batch on the training device, left and right swapped where ``mirror``."""

    def ready(values: npt.NDArray[np.generic], divisor: float = 1.0) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device()) / divisor

    rays = torch.from_numpy(batch["rays"].astype(np.int64)).to(device())
    buffers = Buffers(
        ready(batch["albedo"], 255),
        ready(batch["depth"])[:, None],
        ready(batch["normals"], 127),
        ready(_bits(batch["mask"], 1, SIZE, SIZE)),
        ready(batch["open"], 255)[:, None],
        ready(batch["lights"]),
        ready(_bits(batch["lit"], 3, SIZE, SIZE)),
        ready(batch["camera"]),
        rays,
        ready(_bits(batch["solid"], rays.shape[1], BINS)),
    )
    if not mirror:
        return buffers
    swap = torch.tensor([-1.0, 1, 1], device=device())
    flipped = {k: getattr(buffers, k).flip(3) for k in ("albedo", "depth", "normals", "mask", "sky", "lit")}
    flipped["normals"] = flipped["normals"] * swap[None, :, None, None]
    return replace(buffers, **flipped, lights=buffers.lights * swap, rays=rays // SIZE * SIZE + SIZE - 1 - rays % SIZE)


def picture(b: Buffers, rng: np.random.Generator) -> Tensor:
    """The batch in a light and paint of its own: sRGB in 0..1 [B, 3, S, S]."""
    return shade(b.albedo, b.depth, b.normals, b.mask, b.sky, b.lights, b.lit, b.camera, rng)

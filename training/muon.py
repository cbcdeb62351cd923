"""Muon: momentum whose matrices are brought near to orthogonal before each step (Jordan et al. 2024).

Weights of two or more axes are stepped this way, each convolution as a matrix [out, in x k x k]; biases, norms and
places go to AdamW. Steps are scaled to AdamW's usual size (Liu et al. 2025, "Muon is scalable for LLM training"), so
one rate serves both.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["optimisers"]

MOMENTUM, DECAY = 0.95, 0.02
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def _orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrix, in bfloat16."""
    a, b, c = COEFFICIENTS
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)


class _Muon(torch.optim.Optimizer):
    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        super().__init__(parameters, {"lr": rate})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                speed = state.setdefault("speed", torch.zeros_like(weight))
                speed.lerp_(weight.grad, 1 - MOMENTUM)
                ahead = weight.grad.lerp(speed, MOMENTUM)
                rows = weight.shape[0]
                step = _orthogonal(ahead.reshape(rows, -1))
                size = 0.2 * max(step.shape) ** 0.5
                weight.mul_(1 - group["lr"] * DECAY)
                weight.add_(step.reshape(weight.shape), alpha=-group["lr"] * size)


def optimisers(net: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of ``net`` and AdamW for everything else."""
    matrices = [p for n, p in net.named_parameters() if p.ndim >= 2 and "place" not in n]
    others = [p for n, p in net.named_parameters() if p.ndim < 2 or "place" in n]
    return [_Muon(matrices, rate), torch.optim.AdamW(others, rate, weight_decay=DECAY)]

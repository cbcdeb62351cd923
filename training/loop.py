"""The training loop all networks share: Muon, cosine rate over a time budget, averaged weights, resumable."""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from .muon import optimisers

__all__ = ["Plan", "arguments", "device", "train"]

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Plan:
    """How to train: ``minutes`` of computing in all (over resumed runs), peak ``rate``, where checkpoint and log go."""

    out: Path
    minutes: float
    rate: float = 2e-3
    average: float = 0.998
    report_every: int = 100
    save_every_seconds: float = 180.0


def arguments(description: str | None, *required: str) -> argparse.Namespace:
    """Read what every training takes from the command line, and ``required`` options, and set seed and threads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of shards, which may still be growing")
    parser.add_argument("--val", type=Path, required=True, help="folder of shards of held-out objects")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--minutes", type=float, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak rate")
    for name in required:
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    return given


def device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _clock() -> float:
    """Seconds of computing: on a CPU those it really gave, so that runs on a shared machine can be compared."""
    return time.process_time() / torch.get_num_threads() if device().type == "cpu" else time.time()


def _rate(plan: Plan, share: float, step: int) -> float:
    return plan.rate * min(1.0, (step + 1) / 200) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(share, 1.0))))


def train(
    net: Net,
    plan: Plan,
    loss: Callable[[Net, int], tuple[Tensor, dict[str, float]]],
    validate: Callable[[Net], dict[str, float]],
) -> Net:
    """Train ``net`` until the budget is spent and return the averaged copy.

    ``loss(net, step)`` draws a batch and returns the loss with figures to log; ``validate(averaged)`` returns
    figures of held-out objects. A checkpoint in ``plan.out`` is taken up again; ``log.csv`` beside it grows.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    checkpoint, log = plan.out / "checkpoint.pt", plan.out / "log.csv"
    net.to(device()).to(memory_format=torch.channels_last)
    averaged = deepcopy(net).requires_grad_(False)
    steppers = optimisers(net, plan.rate)
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device())
        net.load_state_dict(state["net"])
        averaged.load_state_dict(state["averaged"])
        for stepper, kept in zip(steppers, state["optimisers"], strict=True):
            stepper.load_state_dict(kept)
        step, spent = state["step"], state["spent"]
    start, saved, figures = _clock() - spent, time.time(), {}
    while True:
        share = (_clock() - start) / (60 * plan.minutes)
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = _rate(plan, share, step)
        value, new = loss(net, step)
        net.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        step += 1
        decay = min(plan.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for slow, fast in zip(averaged.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 1 - decay)
        figures = {k: 0.98 * figures.get(k, v) + 0.02 * v for k, v in new.items()}
        if step % plan.report_every == 0:
            print(
                f"step {step} {_clock() - start:.0f} s " + " ".join(f"{k} {v:.4f}" for k, v in figures.items()),
                flush=True,
            )
        done = share >= 1.0
        if done or time.time() - saved > plan.save_every_seconds:
            held_out = validate(averaged)
            state = {
                "net": net.state_dict(),
                "averaged": averaged.state_dict(),
                "optimisers": [stepper.state_dict() for stepper in steppers],
                "step": step,
                "spent": _clock() - start,
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            row = {
                "step": step,
                "seconds": round(_clock() - start),
                **figures,
                **{f"val_{k}": v for k, v in held_out.items()},
            }
            fresh = not log.exists()
            with log.open("a", newline="") as file:
                writer = csv.DictWriter(file, row)
                if fresh:
                    writer.writeheader()
                writer.writerow({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
            print("held out: " + " ".join(f"{k} {v:.4f}" for k, v in held_out.items()), flush=True)
            saved = time.time()
        if done:
            return averaged

"""What each choice is worth: short trainings that differ in one thing, compared on held-out objects.

Every run gets the same time on the same machine, so what costs time pays for it.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch

from . import train_depth, train_shape
from .loop import Plan, device
from .shards import Shards
from .surfaces import Estimator

__all__ = ["main"]

NORMALS, ELEVATION, CONFIDENCE = (4, 5, 6), (3,), (7,)  # channels of the shape network's input
DEPTH = {
    "as shipped": train_depth.Recipe(),
    "half as wide": train_depth.Recipe(widths=(16, 48, 80, 96)),
    "no loss on slopes": train_depth.Recipe(slopes=0.0),
    "pristine pictures": train_depth.Recipe(worn=False),
}
SHAPE = {
    "as shipped": train_shape.Recipe(),
    "no normals in": train_shape.Recipe(blank=NORMALS),
    "no camera elevation in": train_shape.Recipe(blank=ELEVATION),
    "no confidence in": train_shape.Recipe(blank=CONFIDENCE),
    "disturbed depth instead of the depth network's": train_shape.Recipe(estimated=0.0),
    "half as wide": train_shape.Recipe(widths=(24, 48, 80, 96)),
}


def main() -> int:
    """``python bootstrap.py training.ablate {depth,shape} --data DIR --val DIR --depth RUN --out DIR --minutes N``.

    Writes a run folder per variant and ``ablation-{depth,shape}.csv``, the last row of each one's log.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=("depth", "shape"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--val", type=Path, required=True)
    parser.add_argument("--depth", type=Path, required=True, help="run folder of the depth network")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="variants to train; all of them otherwise")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data, held_out, rows = Shards(args.data), Shards(args.val), list[dict[str, str]]()
    for name in DEPTH if args.network == "depth" else SHAPE:
        plan = Plan(args.out / f"{args.network}-{name.replace(' ', '-')}", args.minutes)
        if not args.only or name in args.only:
            torch.manual_seed(0)
            if args.network == "depth":
                train_depth.fit(DEPTH[name], plan, data, held_out, 0)
            else:
                train_shape.fit(SHAPE[name], plan, data, held_out, Estimator(args.depth, device()), 0)
        if (plan.out / "log.csv").exists():
            with (plan.out / "log.csv").open() as file:
                rows.append({"variant": name, **list(csv.DictReader(file))[-1]})
    with (args.out / f"ablation-{args.network}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return 0

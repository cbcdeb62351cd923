"""Times the embedded networks on every device: ``bootstrap.py devtools.measure_devices RUNS`` in the environment."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np

from ..contracts import Device
from ..inference.card import find_card, load_card
from ..inference.devices import PROVIDERS, installed
from ..inference.session import Session

__all__ = ["NETWORKS", "main", "time_network"]

NETWORKS = ("maquette-matte", "maquette-depth", "maquette-light", "maquette-shape")
"""What one picture goes through."""


def time_network(name: str, device: Device, runs: int) -> Mapping[str, Any]:
    """Seconds to ``load`` a network, of its ``first`` run and of ``later`` ones (the median), on a device; and how far
    its numbers lie ``off`` the CPU's, as a share of their range. Only ``fallback`` where the device does not run it."""
    card = load_card(find_card(name))
    started = time.perf_counter()
    session = Session(card, device)
    load = time.perf_counter() - started
    if session.provider != PROVIDERS[device]:
        return {"fallback": session.fallback}
    picture = np.random.default_rng(0).random(session.shape, np.float32)
    seconds: list[float] = []
    values = {}
    for _ in range(runs + 1):
        started = time.perf_counter()
        values = session.run(picture)
        seconds.append(time.perf_counter() - started)
    expected = Session(card, "cpu").run(picture)
    off = max(float(np.abs(values[key] - expected[key]).max() / (np.ptp(expected[key]) + 1e-9)) for key in values)
    return {"load": load, "first": seconds[0], "later": median(seconds[1:]), "off": off}


def main() -> int:
    """Print the figures as one JSON object: by device, by network."""
    runs = int(sys.argv[1])
    figures = {device: {name: time_network(name, device, runs) for name in NETWORKS} for device in installed()}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0

"""Try every device on a small network, and time a whole run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..contracts import Device, Float, Pixels, Settings
from ..errors import MaquetteError
from ..inference.card import find_card, load_card
from ..inference.devices import CPU, PROVIDERS, device_title, installed
from ..inference.session import Session
from ..model_set import UPSCALE_MODEL, forget_models
from ..pipeline import Result, generate
from ..steps import Cancelled, Progress

__all__ = ["example_picture", "time_run", "try_device", "try_devices"]

TOLERANCE = 0.02
"""How far a device's numbers (colours of 0..1) may lie from the CPU's: half precision keeps within it."""

_SIDE = 512


def try_devices(progress: Progress) -> list[Mapping[str, Any]]:
    """What each device the runtime was built for makes of a small network."""
    devices = installed()
    results: list[Mapping[str, Any]] = []
    for device in devices:
        # Named before it is tried: should the driver take this process down, the last step says which one it was.
        progress(f"Trying {device_title(PROVIDERS[device])}", 0.5 * len(results) / len(devices))
        results.append(try_device(device))
    return results


def try_device(device: Device) -> Mapping[str, Any]:
    """Run the smallest embedded network: ``device``, ``works``, ``reason`` where it does not, and the seconds of
    loading with the first run (``first``) and of a second run (``again``)."""
    card = load_card(find_card(UPSCALE_MODEL))
    picture = np.random.default_rng(0).random((1, 3, card.input_size, card.input_size), np.float32)
    result: dict[str, Any] = {"device": device, "title": device_title(PROVIDERS[device]), "works": False, "reason": ""}
    try:
        started = time.perf_counter()
        session = Session(card, device)
        values = session.run(picture)
        result["first"] = time.perf_counter() - started
        if session.provider != PROVIDERS[device]:
            return {**result, "reason": session.fallback}
        started = time.perf_counter()
        session.run(picture)
        result["again"] = time.perf_counter() - started
        expected = values if session.provider == CPU else Session(card, "cpu").run(picture)
    except MaquetteError as error:
        return {**result, "reason": str(error)}
    off = max(_distance(values[name], expected[name]) for name in values)
    if off > TOLERANCE:
        return {
            **result,
            "reason": f"Its numbers differ from the CPU's by {off:.2g}; update its driver, or choose CPU.",
        }
    return {**result, "works": True}


def _distance(one: Float, other: Float) -> float:
    return float(np.abs(one - other).max())


def time_run(progress: Progress, cancelled: Cancelled) -> Mapping[str, Any]:
    """Make a draft of a drawn ball twice: the seconds of the ``first`` run, which loads the networks, and of the
    second, ``again``, with its ``steps``; and the ``device`` that the networks ran on."""
    settings = Settings(quality="draft", target_faces=5_000, texture_size=1024, kind="photo")
    with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
        picture = Path(folder) / "ball.png"
        Image.fromarray(example_picture()).save(picture)
        forget_models()
        progress("Timing a first run", 0.6)
        first, _ = _timed(picture, settings, cancelled)
        progress("Timing a second run", 0.8)
        again, result = _timed(picture, settings, cancelled)
    providers = dict.fromkeys(device_title(model["provider"]) for model in result.report.models)
    return {
        "device": " and ".join(providers),
        "first": first,
        "again": again,
        "steps": dict(result.report.seconds),
    }


def _timed(picture: Path, settings: Settings, cancelled: Cancelled) -> tuple[float, Result]:
    """The seconds of a run, and what came of it."""

    def ignore(_step: str, _share: float) -> None:
        """Nobody looks at the steps of so short a run."""

    started = time.perf_counter()
    result = generate(picture, settings, None, ignore, cancelled)
    return time.perf_counter() - started, result


def example_picture() -> Pixels:
    """A lit ball on nothing, uint8 [512, 512, 4]."""
    y, x = np.mgrid[-1 : 1 : _SIDE * 1j, -1 : 1 : _SIDE * 1j] / 0.8
    depth = np.sqrt(np.clip(1 - x * x - y * y, 0, None))
    light = 0.25 + 0.75 * np.clip(-0.4 * x - 0.5 * y + 0.77 * depth, 0, 1)
    colour = light[..., None] * np.array([205, 120, 70])
    return np.dstack([colour, 255.0 * (x * x + y * y < 1)]).astype(np.uint8)

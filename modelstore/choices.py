"""What can be chosen for each part of a run: the embedded network, and what is installed. For menus, so it is fast."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..contracts import Settings
from ..inference.model_folder import model_folder
from .installed import Model, list_models

__all__ = ["TASKS", "Choice", "choices", "current_models", "forget"]

TASKS: Mapping[str, tuple[str, ...]] = {
    "depth_model": ("depth", "pointmap"),
    "matte_model": ("matte",),
    "shape_model": ("shape",),
}
"""The tasks of a model that each of these settings may name."""

_FRESH = 1.0  # seconds for which a list is taken to be the folder's still


@dataclass(frozen=True)
class Choice:
    """A model of a menu. ``usable``: whether it is there; ``whole``: whether it makes the shape without a depth."""

    id: str
    title: str
    about: str
    usable: bool = True
    whole: bool = False


_kept: tuple[str, float, list[Model]] = ("", 0.0, [])


def forget() -> None:
    """Have the folder looked at again at once."""
    global _kept
    _kept = ("", 0.0, [])


def current_models() -> list[Model]:
    """`list_models`, at most a second old."""
    global _kept
    folder, since, models = _kept
    if folder != str(model_folder()) or time.monotonic() - since > _FRESH:
        models = list_models()
        _kept = (str(model_folder()), time.monotonic(), models)
    return models


def choices(setting: str, chosen: str) -> list[Choice]:
    """What the menu of a setting shows, the embedded network first; with the one that is chosen, there or not."""
    embedded: str = getattr(Settings(), setting)
    found = [Choice(embedded, "Built-in", "The network that comes with Maquette")]
    for model in current_models():
        if model.state == "installed" and model.card.task in TASKS[setting]:
            about = model.entry.about if model.entry else f"Imported; licence: {model.card.licence}"
            found.append(Choice(model.card.id, model.title, about, whole=model.card.decoder is not None))
    if chosen not in [choice.id for choice in found]:
        found.append(Choice(chosen, f"{chosen} (missing)", "This model is not installed on this machine", False))
    return found

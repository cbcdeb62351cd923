"""The models that are there, and whether their files are whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CancelledError, MaquetteError
from ..inference.card import EMBEDDED, load_card
from ..inference.model_folder import model_folder
from ..modelstore.installed import Model, check_model
from ..steps import Cancelled

__all__ = ["check_models"]


def check_models(cancelled: Cancelled, embedded: Path = EMBEDDED) -> list[Mapping[str, Any]]:
    """Of each model that came with Maquette or was installed, the ``id``, ``task``, ``bytes``, ``sha256``, and what is
    wrong with it as ``problem``, or nothing."""
    ours = [_check(card, "embedded", cancelled) for card in sorted(embedded.glob("*.toml"))]
    return ours + [_check(card, "installed", cancelled) for card in sorted(model_folder().glob("*.toml"))]


def _check(path: Path, state: str, cancelled: Cancelled) -> Mapping[str, Any]:
    try:
        card = load_card(path)
        check_model(Model(card, state, card.bytes), cancelled)
    except CancelledError:
        raise
    except MaquetteError as error:
        return {"id": path.stem, "task": "", "bytes": 0, "sha256": "", "problem": str(error)}
    return {"id": card.id, "task": card.task, "bytes": card.bytes, "sha256": card.sha256, "problem": ""}

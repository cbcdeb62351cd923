"""The models that are there, and whether their files are whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import MaquetteError
from ..inference.card import load_card, read_network

__all__ = ["check_models"]


def check_models(cards: Iterable[Path]) -> list[Mapping[str, Any]]:
    """Each model's ``id``, ``task``, ``bytes``, ``sha256``, and what is wrong with it as ``problem``, or nothing."""
    return [_check(card) for card in cards]


def _check(path: Path) -> Mapping[str, Any]:
    try:
        card = load_card(path)
        read_network(card)
    except MaquetteError as error:
        return {"id": path.stem, "task": "", "bytes": 0, "sha256": "", "problem": str(error)}
    return {"id": card.id, "task": card.task, "bytes": card.bytes, "sha256": card.sha256, "problem": ""}

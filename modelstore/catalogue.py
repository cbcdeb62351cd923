"""The models that can be downloaded: a card each, which goes along with its network, and where to get that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..inference.card import CATALOGUE, Card, load_card, read_card

__all__ = ["Entry", "find_entry", "load_entries"]


@dataclass(frozen=True)
class Entry:
    """One model on offer.

    ``card_path`` is its card; ``title`` and ``about`` are for the user; ``speed``: fast, medium or slow
    (docs/models.md says what that means); ``memory``: about how many bytes it takes, 0 where that is not known.
    ``export``: for a checkpoint that has to be turned into a network first, the command that does.
    """

    card: Card
    card_path: Path
    title: str
    about: str
    address: str
    source: str
    revision: str
    speed: str
    memory: int
    export: str


def _read(path: Path) -> Entry:
    table = read_card(path)
    offer: dict[str, Any] = table["download"]
    return Entry(
        load_card(path),
        path,
        offer["title"],
        offer["about"],
        offer["address"],
        table["source"],
        table["revision"],
        offer["speed"],
        offer["memory"],
        offer.get("export", ""),
    )


@cache
def load_entries() -> tuple[Entry, ...]:
    """All of them, by task and then by size."""
    entries = [_read(path) for path in CATALOGUE.glob("*.toml")]
    order = ("depth", "pointmap", "matte", "shape")
    return tuple(sorted(entries, key=lambda entry: (order.index(entry.card.task), entry.card.bytes)))


def find_entry(name: str) -> Entry:
    """The entry of an ID; ModelError if there is none."""
    for entry in load_entries():
        if entry.card.id == name:
            return entry
    known = ", ".join(entry.card.id for entry in load_entries())
    raise ModelError(f"The catalogue has no model {name!r}; choose one of {known}.")

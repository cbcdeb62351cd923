"""Model cards: the TOML file beside each network that says what it is, what it eats and what it gives."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError

__all__ = ["EMBEDDED", "Card", "load_card", "read_network"]

EMBEDDED = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True)
class Card:
    """One network's card. ``path`` is the ONNX file; ``input_size`` the side in pixels of the square it takes."""

    id: str
    task: str
    path: Path
    bytes: int
    sha256: str
    licence: str
    input_name: str
    input_size: int
    outputs: tuple[str, ...]


def _value(table: dict[str, Any], name: str, kind: type, card: Path) -> Any:
    value = table.get(name)
    if not isinstance(value, kind):
        raise ModelError(f"The card {card.name} has no usable {name!r}; take the card that came with the network.")
    return value


def load_card(card: Path) -> Card:
    """Read and check one card.

    Raises
    ------
    ModelError
        If the file is missing, is no TOML, or lacks something.
    """
    try:
        table = tomllib.loads(card.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"There is no model {card.stem!r}; install Maquette again or choose another model.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"The card {card.name} cannot be read; install the model again.") from error
    file = _value(table, "file", str, card)
    if Path(file).name != file:
        raise ModelError(f"The card {card.name} points outside its folder; take the card that came with the network.")
    source = _value(table, "input", dict, card)
    outputs = _value(table, "outputs", dict, card)
    return Card(
        id=_value(table, "id", str, card),
        task=_value(table, "task", str, card),
        path=card.parent / file,
        bytes=_value(table, "bytes", int, card),
        sha256=_value(table, "sha256", str, card),
        licence=_value(table, "licence", str, card),
        input_name=_value(source, "name", str, card),
        input_size=_value(source, "size", int, card),
        outputs=tuple(outputs),
    )


def read_network(card: Card) -> bytes:
    """The network's bytes, verified against the card.

    Raises
    ------
    ModelError
        If the file is missing or is not the one the card describes.
    """
    try:
        data = card.path.read_bytes()
    except OSError as error:
        raise ModelError(f"The network file {card.path.name} cannot be read; install the model again.") from error
    if len(data) != card.bytes or hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelError(
            f"The network file {card.path.name} is damaged or not the one its card describes; install it again."
        )
    return data

"""Model cards: the TOML file beside each network that says what it is, what it eats and what it gives."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from ..errors import ModelError
from .model_folder import model_folder

__all__ = ["CATALOGUE", "EMBEDDED", "Card", "Family", "Meaning", "find_card", "load_card", "read_card", "read_network"]

EMBEDDED = Path(__file__).resolve().parent.parent / "models"
CATALOGUE = EMBEDDED / "catalogue"
"""The cards of models that can be downloaded."""
LARGEST_CARD = 1 << 20
LARGEST_INPUT = 4096
LARGEST_SCALE = 4


Meaning = Literal["surface", "inverse", "distance", "logit", "share"]
# What the output may mean, the usual first.
DEPTHS: tuple[Meaning, ...] = ("surface", "inverse", "distance")
MATTES: tuple[Meaning, ...] = ("logit", "share")
Family = Literal["frustum", "triplane"]
FAMILIES: tuple[Family, ...] = ("frustum", "triplane")
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Card:
    """One network's card.

    ``path`` is the ONNX file; ``input_size`` the side in pixels of the square it takes; ``outputs`` the names of what
    it gives. A network that takes a plain picture says what it has been trained on: pixels go in as
    ``(colour * white - mean) / std`` with colours in 0..1, and ``constants`` are further inputs that never change.
    ``roles`` gives, by what Maquette calls an output, the network's own name for it. ``meaning`` is that of a depth:
    ``surface``, the Y of the view frame, as the embedded network gives it; ``inverse``, one over the distance along the
    camera's axis, or ``distance`` itself, both up to scale and shift; that of a matte, ``logit`` or ``share``, 0..1. A
    name such as ``#1`` stands for the network's first input or output, whatever it is called. An enlarging network's
    output is ``scale`` times as wide as its input, and what lies farther than ``margin`` pixels from one of the input
    matters little for it. ``family`` is that of a shape: ``frustum``, the embedded network's, or ``triplane``, whose
    first output is a code that ``decoder``, a second file beside the first, is asked with (`inference.triplane`).
    ``given``: further inputs that come with each run.
    """

    id: str
    task: str
    path: Path
    bytes: int
    sha256: str
    licence: str
    input_name: str
    input_size: int
    outputs: tuple[str, ...]
    meaning: Meaning = "surface"
    white: float = 1.0
    mean: Colour = (0.0, 0.0, 0.0)
    std: Colour = (1.0, 1.0, 1.0)
    constants: Mapping[str, int] = field(default_factory=dict[str, int])
    roles: Mapping[str, str] = field(default_factory=dict[str, str])
    scale: int = 1
    margin: int = 16
    family: Family = "frustum"
    given: tuple[str, ...] = ()
    decoder: Card | None = None

    @property
    def files(self) -> tuple[Card, ...]:
        """The card once for each file that belongs to it, with that file's path, size and hash."""
        return (self, self.decoder) if self.decoder else (self,)


def find_card(name: str) -> Path:
    """The card of a model: ``name`` is the ID of an embedded or an installed one, or the path of a card, which ends in
    ``.toml``. It need not exist; no installed model takes the place of an embedded one."""
    if name.endswith(".toml"):
        return Path(name)
    file = f"{Path(name).name}.toml"
    embedded = EMBEDDED / file
    return embedded if embedded.is_file() else model_folder() / file


def _value(table: dict[str, Any], name: str, kind: type, card: Path) -> Any:
    value = table.get(name)
    if not isinstance(value, kind):
        raise ModelError(f"The card {card.name} has no usable {name!r}; take the card that came with the network.")
    return value


def _number(table: dict[str, Any], name: str, default: float, card: Path) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
        raise ModelError(f"The card {card.name} has no usable {name!r}; it must be a number above 0.")
    return float(value)


def _colour(table: dict[str, Any], name: str, default: float, card: Path) -> Colour:
    value: Any = table.get(name, [default] * 3)
    numbers = cast(list[Any], value) if isinstance(value, list) else []
    good = len(numbers) == 3 and all(isinstance(v, int | float) and math.isfinite(v) for v in numbers)
    if not good or (default and 0 in numbers):
        raise ModelError(f"The card {card.name} has no usable {name!r}; it must be a list of three numbers.")
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _table(table: dict[str, Any], name: str, kind: type, card: Path) -> dict[str, Any]:
    value: Any = table.get(name, {})
    entries = cast(dict[str, Any], value) if isinstance(value, dict) else {"": None}
    if not all(type(v) is kind for v in entries.values()):
        raise ModelError(f"The card {card.name} has no usable {name!r}; each entry must be of type {kind.__name__}.")
    return entries


def _size(source: dict[str, Any], card: Path) -> int:
    size: int = _value(source, "size", int, card)
    multiple: int = _value({"multiple": 1, **source}, "multiple", int, card)
    if not 0 < size <= LARGEST_INPUT or multiple < 1 or size % multiple:
        raise ModelError(
            f"The card {card.name} has no usable 'size'; it must be a multiple of {max(multiple, 1)} up to "
            f"{LARGEST_INPUT}."
        )
    return size


def _whole(table: dict[str, Any], name: str, default: int, most: int, card: Path) -> int:
    value = table.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise ModelError(f"The card {card.name} has no usable {name!r}; it must be a whole number from 1 to {most}.")
    return value


def _meaning(table: dict[str, Any], task: str, card: Path) -> Meaning:
    meanings = MATTES if task == "matte" else DEPTHS
    value = table.get("meaning", meanings[0])
    if value not in meanings:
        raise ModelError(f"The card {card.name} has no usable 'meaning'; choose one of {', '.join(meanings)}.")
    return value


def read_card(card: Path) -> dict[str, Any]:
    """The card's table as it is written, unchecked; ModelError if the file is missing or no TOML."""
    try:
        if card.stat().st_size > LARGEST_CARD:
            raise ModelError(f"{card.name} is too large for a card; take the card that came with the network.")
        return tomllib.loads(card.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(_missing(card)) from error
    except (ValueError, RecursionError) as error:  # TOML's and Unicode's own errors are ValueErrors
        raise ModelError(f"The card {card.name} cannot be read; install the model again.") from error


def _missing(card: Path) -> str:
    if (CATALOGUE / card.name).is_file():
        how = f"in Edit > Preferences > Add-ons > Maquette, or by: maquette models download {card.stem}"
        return f"The model {card.stem} is not installed; download it {how}."
    return f"There is no model {card.stem!r}; import it, or choose one that is installed (maquette models list)."


def load_card(card: Path) -> Card:
    """Read and check one card.

    Raises
    ------
    ModelError
        If the file is missing, is no TOML, or lacks something.
    """
    table = read_card(card)
    source = _value(table, "input", dict, card)
    outputs = _value(table, "outputs", dict, card)
    roles = _table(table, "roles", str, card)
    if strangers := set(roles.values()) - set(outputs):
        raise ModelError(f"The card {card.name} gives a role to {min(strangers)!r}, which is none of its outputs.")
    size = _size(source, card)
    task: str = _value(table, "task", str, card)
    family: Family = table.get("family", FAMILIES[0])
    if family not in FAMILIES:
        raise ModelError(f"The card {card.name} has no usable 'family'; choose one of {', '.join(FAMILIES)}.")
    loaded = Card(
        id=_value(table, "id", str, card),
        task=task,
        path=_file(table, card),
        bytes=_value(table, "bytes", int, card),
        sha256=_value(table, "sha256", str, card),
        licence=_value(table, "licence", str, card),
        input_name=_value(source, "name", str, card),
        input_size=size,
        outputs=tuple(outputs),
        meaning=_meaning(table, task, card),
        white=_number(source, "range", 1.0, card),
        mean=_colour(source, "mean", 0.0, card),
        std=_colour(source, "std", 1.0, card),
        constants=_table(source, "constants", int, card),
        roles=roles,
        scale=_whole(table, "scale", 1, LARGEST_SCALE, card),
        margin=_whole(source, "margin", min(16, max(size // 4, 1)), max(size // 3, 1), card),
        family=family,
    )
    if family != "triplane":
        return loaded
    return replace(loaded, decoder=_decoder(loaded, _value(table, "decoder", dict, card), card))


def _file(table: dict[str, Any], card: Path) -> Path:
    file = _value(table, "file", str, card)
    if Path(file).name != file:
        raise ModelError(f"The card {card.name} points outside its folder; take the card that came with the network.")
    return card.parent / file


def _decoder(encoder: Card, table: dict[str, Any], card: Path) -> Card:
    """The card of a triplane's decoder; its inputs and outputs are the same for all networks."""
    return replace(
        encoder,
        path=_file(table, card),
        bytes=_value(table, "bytes", int, card),
        sha256=_value(table, "sha256", str, card),
        input_name="points",
        outputs=("solid", "colour"),
        roles={},
        constants={},
        given=("code",),
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

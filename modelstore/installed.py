"""What lies in the folder of models: each network with its card beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..inference.card import EMBEDDED, Card, load_card
from ..inference.model_folder import model_folder
from ..steps import Cancelled
from .catalogue import Entry, load_entries
from .download import forget_parts, part_of
from .files import hash_file, locked, unwritable

__all__ = ["Model", "check_model", "embedded_cards", "find_model", "installed_cards", "list_models", "remove_model"]


@dataclass(frozen=True)
class Model:
    """One line of the list of models: an installed one, one on offer, or both.

    ``state``: ``embedded``, ``installed``, ``damaged``, ``partial``, ``to export`` (a checkpoint that is there) or
    ``available``. ``here``: how many of its bytes are there.
    """

    card: Card
    state: str
    here: int
    entry: Entry | None = None

    @property
    def title(self) -> str:
        """What users call it."""
        return self.entry.title if self.entry else self.card.id


def embedded_cards() -> list[Card]:
    """The cards of the networks that come with Maquette."""
    return [load_card(path) for path in sorted(EMBEDDED.glob("*.toml"))]


def installed_cards(folder: Path | None = None) -> list[Card]:
    """The cards in the folder of models, in the order of their IDs; those that cannot be read, or
    are named otherwise or as an embedded one, are left out."""
    found: list[Card] = []
    with contextlib.suppress(OSError):
        for path in sorted((folder or model_folder()).glob("*.toml")):
            with contextlib.suppress(ModelError):
                card = load_card(path)
                if card.id == path.stem and not (EMBEDDED / path.name).is_file():
                    found.append(card)
    return found


def list_models(folder: Path | None = None) -> list[Model]:
    """Every model there is: the embedded ones, the catalogue, then what else was imported."""
    folder = folder or model_folder()
    cards = {card.id: card for card in installed_cards(folder)}
    models = [Model(card, "embedded", card.bytes) for card in embedded_cards()]
    for entry in load_entries():
        card = cards.pop(entry.card.id, None)
        models.append(_installed(card, entry) if card else _offered(entry, folder))
    return models + [_installed(card, None) for card in cards.values()]


def _installed(card: Card, entry: Entry | None) -> Model:
    sizes = [_size(one.path) for one in card.files]
    whole = sizes == [one.bytes for one in card.files]
    return Model(card, "installed" if whole else "damaged", sum(sizes), entry)


def _offered(entry: Entry, folder: Path) -> Model:
    target = folder / entry.card.path.name
    if entry.export and _size(target) == entry.card.bytes:
        return Model(entry.card, "to export", entry.card.bytes, entry)
    here = _size(part_of(target))
    return Model(entry.card, "partial" if here else "available", here, entry)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def find_model(name: str, folder: Path | None = None) -> Model:
    """The model of an ID; ModelError if there is none of it."""
    models = list_models(folder)
    for model in models:
        if model.card.id == name:
            return model
    raise ModelError(f"There is no model {name!r}; choose one of {', '.join(m.card.id for m in models)}.")


def check_model(model: Model, cancelled: Cancelled, progress: Callable[[float], None] | None = None) -> None:
    """Read an installed model's files whole.

    Raises
    ------
    ModelError
        If it is not the one its card describes.
    """
    again = "install Maquette again" if model.state == "embedded" else "remove the model and get it again"
    for file in model.card.files:
        name = file.path.name
        try:
            right = file.path.stat().st_size == file.bytes and hash_file(file.path, cancelled, progress) == file.sha256
        except OSError as error:
            raise ModelError(f"{name} of {file.id} cannot be read ({error.strerror}); {again}.") from error
        if not right:
            raise ModelError(f"{name} of {file.id} is not the file that its card describes; {again}.")


def remove_model(name: str, folder: Path | None = None) -> int:
    """Remove a model, or what was downloaded of it, the card first; how many bytes came free.

    Raises
    ------
    ModelError
        If there is nothing of it, it comes with Maquette, or it cannot be removed.
    """
    folder = folder or model_folder()
    model = find_model(name, folder)
    if model.state == "embedded":
        raise ModelError(f"{name} comes with Maquette and cannot be removed.")
    if model.state == "available":
        raise ModelError(f"{name} is not installed; there is nothing to remove.")
    with locked(folder, name):
        try:
            (folder / f"{name}.toml").unlink(missing_ok=True)
            for file in (*model.card.files, *([model.entry.card] if model.entry else [])):
                target = folder / file.path.name
                target.unlink(missing_ok=True)
                forget_parts(target)
        except OSError as error:
            raise unwritable(folder, error) from error
    return model.here

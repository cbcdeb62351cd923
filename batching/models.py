"""Which networks a batch uses, from their cards alone: none is loaded here."""

from __future__ import annotations

from ..contracts import Settings
from ..inference.card import EMBEDDED, find_card, load_card

__all__ = ["model_hashes"]


def model_hashes(settings: Settings) -> dict[str, str]:
    """The SHA-256 of each file of a network that a picture's result may depend on, by the network's ID and the file's
    name: of those that the settings name, and of the embedded ones, which no setting replaces.

    Raises
    ------
    ModelError
        If there is no such network.
    """
    named = (settings.matte_model, settings.depth_model, settings.shape_model)
    cards = [load_card(path) for path in (*map(find_card, named), *sorted(EMBEDDED.glob("*.toml")))]
    return {f"{card.id}/{file.path.name}": file.sha256 for card in cards for file in card.files}

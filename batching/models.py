"""Which networks a batch uses, from their cards alone: none is loaded here."""

from __future__ import annotations

from ..contracts import Settings
from ..inference.card import EMBEDDED, find_card, load_card

__all__ = ["model_hashes"]


def model_hashes(settings: Settings) -> dict[str, str]:
    """The SHA-256 of each network that a picture's result may depend on, by its ID: those that the settings name, and
    the embedded ones, which no setting replaces.

    Raises
    ------
    ModelError
        If there is no such network.
    """
    named = (settings.matte_model, settings.depth_model, settings.shape_model)
    cards = [load_card(path) for path in (*map(find_card, named), *sorted(EMBEDDED.glob("*.toml")))]
    return {card.id: card.sha256 for card in cards}

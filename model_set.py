"""The networks of a run: which ones its settings name, loaded once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from .contracts import Device, Settings
from .errors import ModelError
from .inference.card import Card, find_card, load_card
from .inference.depth import DepthModel
from .inference.foreign import ForeignDepth, open_foreign
from .inference.light import LightModel
from .inference.matte import MatteModel
from .inference.session import Session
from .inference.shadow import ShadowModel
from .inference.shape import ShapeModel
from .inference.triplane import TriplaneModel
from .inference.upscale import UpscaleModel

__all__ = ["UPSCALE_MODEL", "ModelSet", "forget_models", "load_models", "open_card"]

LIGHT_MODEL, SHADOW_MODEL, UPSCALE_MODEL = "maquette-light", "maquette-shadow", "maquette-upscale"
"""IDs of the embedded networks that no setting replaces."""


@dataclass(frozen=True)
class ModelSet:
    """The networks of one run, loaded; ``foreign`` improves what ``depth``, the embedded one, sees, and ``triplane``
    makes the whole shape without ``depth`` and ``shape``."""

    matte: MatteModel
    depth: DepthModel
    shape: ShapeModel
    light: LightModel
    shadow: ShadowModel
    upscale: UpscaleModel
    foreign: ForeignDepth | None = None
    triplane: TriplaneModel | None = None

    def used(self, join: str, light: bool) -> tuple[Mapping[str, str], ...]:
        """What the report says of them: id, sha256, the provider really in use, and of a foreign depth model what came
        of it, in the words of ``join``; ``light``: whether that model was asked. Where the provider is not what was
        asked for, ``fallback`` says why."""
        sessions = [self.matte.session, self.depth.session, self.shape.session, *[self.light.session] * light]
        if self.triplane:
            sessions = [self.matte.session, self.triplane.encoder, self.triplane.decoder]
        elif self.foreign:
            sessions.insert(2, self.foreign.session)
        entries = [{"id": s.card.id, "sha256": s.card.sha256, "provider": s.provider} for s in sessions]
        for entry, session in zip(entries, sessions, strict=True):
            if session.fallback:
                entry["fallback"] = session.fallback
        if self.foreign and not self.triplane:
            entries[2]["join"] = join
        return tuple(entries)


def open_card(name: str, *tasks: str) -> Card:
    """The card of a model, which must be of one of some tasks; ModelError otherwise."""
    card = load_card(find_card(name))
    if card.task not in tasks:
        raise ModelError(f"{card.id} is a {card.task} model; choose a {tasks[0]} model instead.")
    return card


@lru_cache(maxsize=4)
def _open_models(matte_model: str, depth_model: str, shape_model: str, device: Device) -> ModelSet:
    matte = MatteModel(Session(open_card(matte_model, "matte"), device))
    depth = open_card(depth_model, "depth", "pointmap")
    shape, triplane = open_card(shape_model, "shape"), None
    if shape.decoder:
        shape, triplane = load_card(find_card(Settings.shape_model)), _open_triplane(shape_model, device)
    elif "solid" not in shape.outputs:
        raise ModelError(f'The card of {shape.id} does not say what its shape is; add family = "triplane", say.')
    light = LightModel(Session(open_card(LIGHT_MODEL, "light"), device))
    shadow = ShadowModel(Session(open_card(SHADOW_MODEL, "shadow"), device))
    upscale = UpscaleModel(Session(open_card(UPSCALE_MODEL, "upscale"), device))
    foreign = None
    if depth.task == "pointmap" or depth.meaning != "surface":
        foreign, depth = open_foreign(Session(depth, device)), load_card(find_card(Settings.depth_model))
    elif not {"depth", "normals", "confidence", "camera"} <= set(depth.outputs):
        raise ModelError(f'The card of {depth.id} does not say what its depth is; add meaning = "inverse", say.')
    ours = DepthModel(Session(depth, device)), ShapeModel(Session(shape, device))
    return ModelSet(matte, *ours, light, shadow, upscale, foreign, triplane)


@lru_cache(maxsize=1)
def _open_triplane(name: str, device: Device) -> TriplaneModel:
    """Kept apart from the sets, of which several may hold it: such a network takes gigabytes."""
    card = open_card(name, "shape")
    assert card.decoder
    return TriplaneModel(Session(card, device), Session(card.decoder, device))


def load_models(settings: Settings) -> ModelSet:
    """The networks that ``settings`` name, loaded once and kept."""
    return _open_models(settings.matte_model, settings.depth_model, settings.shape_model, settings.device)


def forget_models() -> None:
    """Let go of all networks and their memory; the next run loads its own again."""
    _open_models.cache_clear()
    _open_triplane.cache_clear()

"""What the worker does with models: download, verify and import them. A network that is new is tried here first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .contracts import Camera, Pixels, Surface
from .errors import ModelError
from .inference.card import load_card
from .inference.depth import DepthModel
from .inference.foreign import open_foreign
from .inference.matte import MatteModel
from .inference.prepare import prepare_subject
from .inference.scene import frame_scene
from .inference.session import Session
from .inference.shape import ShapeModel
from .inference.triplane import TriplaneModel
from .inference.upscale import UpscaleModel
from .modelstore.get import get_model
from .modelstore.installed import check_model, find_model
from .modelstore.take import take_model
from .steps import Cancelled, Progress

__all__ = ["run_action", "try_network"]

_GRID = 64


def run_action(payload: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> str:
    """Do one thing with a model, and return what came of it, one sentence.

    Parameters
    ----------
    payload : mapping
        ``action``: ``download`` (with the ``id`` and the ``mirror``), ``verify`` (with the ``id``) or ``import`` (with
        the ``file`` and the ``card``, which may be ""). ``folder``: where models lie.
    progress, cancelled : callable
        As everywhere.

    Raises
    ------
    CancelledError
        If it was stopped.
    ModelError
        If it failed.
    """
    folder = Path(payload["folder"])
    if payload["action"] == "download":
        return get_model(payload["id"], payload["mirror"], progress, cancelled, folder)
    if payload["action"] == "verify":
        name = payload["id"]
        check_model(find_model(name, folder), cancelled, lambda share: progress(f"Verifying {name}", share))
        return f"{name} is whole and right."
    card = Path(payload["card"]) if payload["card"] else None
    name = take_model(Path(payload["file"]), card, try_network, progress, cancelled, folder)
    return f"{name} is imported."


def try_network(path: Path) -> None:
    """Run a network once, on the CPU and on a picture of a ball, the way that it will be used.

    Raises
    ------
    ModelError
        If it cannot be used, with the reason.
    """
    card = load_card(path)
    if card.task not in _TRIALS:
        raise ModelError(f"A card's task must be one of {', '.join(_TRIALS)}, not {card.task!r}; correct it.")
    session = Session(card, "cpu")
    try:
        _TRIALS[card.task](session)
    except ModelError:
        raise
    except Exception as error:  # outputs of any name and shape
        raise ModelError(f"{card.id} is not usable as a {card.task} model; see whether its card is right.") from error


def _ball(side: int = _GRID) -> Pixels:
    """A ball with light from above, uint8 [side, side, 4]."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side * 2 - 1
    inside = x**2 + y**2 < 0.7
    return np.stack([120 - 80 * y, 120 + 40 * x, 110 - 60 * y, inside * 255], -1).astype(np.uint8)


def _disc(side: int = _GRID) -> Surface:
    """The ball's place, flat."""
    mask = _ball(side)[..., 3] > 0
    towards = np.broadcast_to(np.array([0, -1, 0], np.float32), (side, side, 3))
    return Surface(np.zeros((side, side), np.float32), towards, mask, mask.astype(np.float32), Camera(0.2, 3.0))


def _try_depth(session: Session) -> None:
    if session.card.task == "depth" and session.card.meaning == "surface":
        DepthModel(session).estimate(prepare_subject(_ball()))
    else:
        open_foreign(session).improve(frame_scene(_ball(), _ball()), _disc())


def _try_shape(session: Session) -> None:
    if session.card.decoder is None:
        ShapeModel(session).complete(_disc(session.card.input_size))
        return
    shape = TriplaneModel(session, Session(session.card.decoder, "cpu")).look(prepare_subject(_ball()))
    points = np.linspace(-0.8, 0.8, 3 * _GRID, dtype=np.float32).reshape(-1, 3)
    shape.solid(points)
    shape.colours(points)


_TRIALS: Mapping[str, Callable[[Session], object]] = {
    "depth": _try_depth,
    "pointmap": _try_depth,
    "matte": lambda session: MatteModel(session).find(_ball()[..., :3]),
    "shape": _try_shape,
    "upscale": lambda session: UpscaleModel(session).enlarge(_ball()[..., :3], 2.0),
}

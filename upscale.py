"""Picture files of more pixels than were there: read, enlarge, write. No bpy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from .contracts import Device, Pixels
from .errors import OutputError
from .inference.decode import read_picture
from .inference.session import Session
from .inference.upscale import UpscaleModel
from .inference.upscale_size import enlarged_size
from .model_set import UPSCALE_MODEL, open_card
from .steps import Cancelled, Progress

__all__ = ["enlarge_file"]

_COMPRESSION = 3
"""Of the PNG: the levels above take several times as long for a few percent."""


@lru_cache(maxsize=2)
def _open_model(name: str, device: Device) -> UpscaleModel:
    return UpscaleModel(Session(open_card(name, "upscale"), device))


def enlarge_file(
    source: Path,
    target: Path,
    factor: float,
    progress: Progress,
    cancelled: Cancelled,
    model: str = UPSCALE_MODEL,
    device: Device = "auto",
    matted: bool = True,
) -> None:
    """Write a picture enlarged.

    Parameters
    ----------
    source : Path
        A picture file as `inference.decode.read_picture` takes it.
    target : Path
        The PNG to write: with an alpha channel where the source is transparent anywhere. It appears only whole.
    factor : float
        Above 1, up to 4; no side of the result may be longer than 4096 pixels.
    progress, cancelled : callable
        As in `UpscaleModel.enlarge`.
    model : str
        ID of an embedded network of task ``upscale``, or the path of a card.
    device : Device
        What the network shall run on.
    matted : bool
        Whether alpha says what can be seen, as `UpscaleModel.enlarge` takes it.

    Raises
    ------
    MaquetteError
        PictureError, ModelError, DeviceError, CancelledError, or OutputError if the target cannot be written.
    """
    progress("Reading the picture", 0.0)
    pixels = read_picture(source)
    enlarged_size(pixels.shape[1], pixels.shape[0], factor)
    if (pixels[..., 3] == 255).all():
        pixels = pixels[..., :3]
    large = _open_model(model, device).enlarge(pixels, factor, progress, cancelled, matted)
    progress("Writing the picture", 1.0)
    _write(target, large)


def _write(target: Path, pixels: Pixels) -> None:
    part = target.with_name(target.name + ".part")
    try:
        Image.fromarray(np.ascontiguousarray(pixels)).save(part, "PNG", compress_level=_COMPRESSION)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{target.name} cannot be written ({error.strerror}); choose another place.") from error

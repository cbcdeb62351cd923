"""The pictures of one object, enlarged one after the other by the worker process; materials change at the end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

from .. import remote
from ..blender.enlarge_image import base_images, check_image, show_instead
from ..blender.images import image_pixels
from ..contracts import Device, Pixels
from ..errors import CancelledError, MaquetteError, OutputError, PictureError, WorkerError
from ..events import Cancelled, Done, Progress
from ..inference.upscale_size import LARGEST, LARGEST_FACTOR
from ..jobs import Job
from .generation import shared_worker

__all__ = ["Enlarging"]

_SOURCE, _TARGET = "small.png", "large.png"
_STOPPED = "Stopped: nothing was changed."


@dataclass
class _Piece:
    """One picture on its way. It is looked up again at the end: undo and the user may replace it meanwhile."""

    uid: int
    name: str
    pixels: Pixels
    options: dict[str, Any]
    job: Job | None = None
    share: float = 0.0


@dataclass
class Enlarging:
    """Make it with `begin`, call `tick` until it returns True, then `conclude`; `close` in any case.

    ``failed`` says of which pictures nothing came, and why.
    """

    pieces: list[_Piece]
    failed: list[str] = field(default_factory=list[str])
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, item: bpy.types.Object, size: str, model: str, device: Device) -> Enlarging:
        """Read the pictures and send them to the worker, which takes them one after the other.

        Raises
        ------
        MaquetteError
            If there is no picture that can be enlarged, or the worker cannot be used.
        """
        made, errors = cls([]), list[MaquetteError]()
        options = {"model": model, "device": device}
        for image in base_images(item):
            try:
                check_image(image)
                matted = image.alpha_mode not in {"CHANNEL_PACKED", "NONE"}
                factor = _factor(image, size)
                pixels = image_pixels(image)
            except MaquetteError as error:
                errors.append(error)
                continue
            made.pieces.append(
                _Piece(image.session_uid, image.name, pixels, {"factor": factor, "matted": matted, **options})
            )
        if not made.pieces:
            raise errors[0]
        made.failed += [str(error) for error in errors]
        try:
            for piece in made.pieces:
                payload = {"source": _SOURCE, "target": _TARGET, "options": piece.options}
                piece.job = shared_worker().submit(
                    "upscale", payload, lambda folder, pixels=piece.pixels: _save(folder / _SOURCE, pixels)
                )
        except BaseException:
            made.close()
            raise
        return made

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return sum(piece.share for piece in self.pieces) / len(self.pieces)

    def tick(self) -> bool:
        """Take note of what the worker did; whether all is over.

        Raises
        ------
        CancelledError
            If somebody else stopped the worker.
        WorkerError
            If it takes too long.
        """
        if time.monotonic() - self.started > remote.LIMIT:
            raise WorkerError(f"Stopped after {remote.LIMIT:g} seconds: choose a smaller size.")
        for piece in [piece for piece in self.pieces if piece.share < 1.0]:
            for event in piece.job.poll() if piece.job is not None else []:
                if isinstance(event, Progress):
                    piece.share = min(event.fraction, 0.99)
                elif isinstance(event, Cancelled):
                    raise CancelledError(_STOPPED)
                else:
                    piece.share = 1.0
                    if not isinstance(event, Done):
                        self._drop(piece, event.message)
        return all(piece.share == 1.0 for piece in self.pieces)

    def conclude(self) -> list[str]:
        """Show the larger pictures in the materials; a line for each."""
        lines: list[str] = []
        for piece in self.pieces:
            if piece.job is None:
                continue
            try:
                lines.append(_finish(piece, piece.job.folder / _TARGET))
            except MaquetteError as error:
                self.failed.append(str(error))
        return lines

    def close(self) -> None:
        """Let go of the jobs with their files; those under way are stopped."""
        for piece in self.pieces:
            if piece.job is not None:
                piece.job.close()
                piece.job = None

    def _drop(self, piece: _Piece, message: str) -> None:
        self.failed.append(message)
        if piece.job is not None:
            piece.job.close()
            piece.job = None


def _factor(image: bpy.types.Image, size: str) -> float:
    """How many times as wide: ``size`` is 2x, 4x or the pixels of the longest side."""
    longest = max(image.size)
    factor = float(size[:-1]) if size.endswith("x") else int(size) / longest
    if longest >= LARGEST or factor <= 1:
        raise PictureError(f"{image.name} has {longest} pixels a side already: there is nothing to enlarge.")
    if factor > LARGEST_FACTOR:
        raise PictureError(f"{image.name} has {longest} pixels a side: four times as many is the most, so choose 4x.")
    if round(longest * factor) > LARGEST:
        raise PictureError(f"{image.name} would have more than {LARGEST} pixels a side: choose {LARGEST} instead.")
    return factor


def _save(path: Path, pixels: Pixels) -> None:
    """Write the picture for the worker, uncompressed: it is read once, and Blender waits."""
    try:
        Image.fromarray(pixels).save(path, "PNG", compress_level=0)
    except OSError as error:
        raise OutputError(
            "The picture cannot be written for the worker: free some disk space and try again."
        ) from error


def _finish(piece: _Piece, path: Path) -> str:
    """Show the larger picture, unless somebody has changed the one that it was made from."""
    image = next((image for image in bpy.data.images if image.session_uid == piece.uid), None)
    if image is None:
        raise PictureError(f"{piece.name} was deleted while it was being enlarged: nothing was changed.")
    if not np.array_equal(image_pixels(image), piece.pixels):
        raise PictureError(f"{piece.name} was changed while it was being enlarged: nothing was done, so try again.")
    large = show_instead(image, path)
    return f"{piece.name} from {' x '.join(map(str, image.size))} to {' x '.join(map(str, large.size))} pixels"

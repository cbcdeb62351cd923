"""Networks that make the whole shape from the picture: a scene code, and a decoder that is asked for points of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..contracts import Camera, Float, Pixels, Subject
from ..errors import ModelError
from .card import Card
from .prepare import FILL
from .session import Session

__all__ = ["CUBE", "VIEWED_FROM", "Triplane", "TriplaneModel", "frame_subject"]

# What TripoSR was trained on: the subject's longest side fills this share of the picture, before this grey, seen by a
# camera this far from the middle of a cube of this half side.
PICTURE_FILL, GREY = 0.85, 127.5
_FIELD_OF_VIEW, _DISTANCE, _HALF_SIDE = math.radians(40), 1.9, 0.87

VIEWED_FROM = Camera(0.0, FILL / PICTURE_FILL / math.tan(_FIELD_OF_VIEW / 2))
"""The camera that the network takes for granted, for the crop of `prepare.prepare_subject`."""
CUBE = _HALF_SIDE * VIEWED_FROM.distance / _DISTANCE
"""Half side, in the view frame, of the cube that the shape lies in."""


def frame_subject(subject: Subject, size: int) -> Pixels:
    """The subject before grey, filling `PICTURE_FILL` of a square of ``size`` pixels: uint8 [size, size, 3]."""
    picture = subject.picture.astype(np.float32)
    alpha = picture[..., 3:] / 255
    over = np.rint(picture[..., :3] * alpha + GREY * (1 - alpha)).astype(np.uint8)
    side = subject.side * FILL / PICTURE_FILL
    left, top = (start - (side - subject.side) / 2 for start in (subject.left, subject.top))
    height, width = over.shape[:2]
    # Room all around, so that the square never reaches beyond the picture.
    room = [max(0, math.ceil(-left)), max(0, math.ceil(left + side) - width)]
    above = [max(0, math.ceil(-top)), max(0, math.ceil(top + side) - height)]
    padded = np.pad(over, (above, room, (0, 0)), constant_values=round(GREY))
    x, y = left + room[0], top + above[0]
    image = Image.fromarray(padded)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side)))


@dataclass(frozen=True)
class Triplane:
    """One picture's shape. Points are float32 [N, 3] of the object frame, -1..1 in the cube it lies in."""

    code: Float
    decoder: Session

    def solid(self, points: Float) -> Float:
        """How far inside each point is, positive inside and zero at the surface: float32 [N]."""
        return self._ask(points, "solid", (len(points),))

    def colours(self, points: Float) -> Float:
        """The colour at each point, sRGB in 0..1: float32 [N, 3]."""
        return self._ask(points, "colour", (len(points), 3))

    def _ask(self, points: Float, output: str, shape: tuple[int, ...]) -> Float:
        found = self.decoder.run(points, {"code": self.code})[output]
        if found.shape != shape:
            raise _misshapen(self.decoder.card, output, found)
        return found


class TriplaneModel:
    """A network of task ``shape`` and family ``triplane``, whose card names its decoder too."""

    def __init__(self, encoder: Session, decoder: Session) -> None:
        self.encoder, self.decoder = encoder, decoder

    def look(self, subject: Subject) -> Triplane:
        """The shape that a picture shows.

        Raises
        ------
        ModelError
            If the network fails, or gives another thing than three planes.
        """
        card = self.encoder.card
        picture = frame_subject(subject, card.input_size)
        rgb: npt.NDArray[np.float64] = (picture / 255 * card.white - np.array(card.mean)) / np.array(card.std)
        code = self.encoder.run(rgb.astype(np.float32).transpose(2, 0, 1)[None])[card.outputs[0]]
        if code.ndim != 4 or len(code) != 3:
            raise _misshapen(card, card.outputs[0], code)
        return Triplane(code, self.decoder)


def _misshapen(card: Card, output: str, found: Float) -> ModelError:
    size = " x ".join(map(str, found.shape)) or "1"
    return ModelError(f"The network {card.id} gave {output} as {size} numbers; export it again.")

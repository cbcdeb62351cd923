"""Matte models: a picture to the alpha of its one subject, as fine as the network sees it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..contracts import Float, Pixels
from ..errors import ModelError
from .grid import label_pieces
from .session import Session

__all__ = ["MatteModel", "main_subject"]

CENTRALITY = 0.5
"""Share of the main piece's centrality that another piece of the subject must have."""

DOUBT = 0.12
"""Mean alpha of a hole from which it is none: through a real hole the background is seen clearly."""


class MatteModel:
    """Wraps a network of task ``matte`` with the output ``alpha``, of the meaning that its card states.

    Raises
    ------
    ModelError
        The card names no such output.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        card = session.card
        self._output = card.roles.get("alpha", "alpha")
        if self._output not in card.outputs:
            raise ModelError(f"The card of {card.id} names no output as its alpha; add it under [roles].")

    def segment(self, rgb: Pixels) -> Float:
        """How far each pixel is the one subject's: `main_subject` of what `find` finds."""
        return main_subject(self.find(rgb))

    def find(self, rgb: Pixels) -> Float:
        """How far each pixel is of something that might be the subject.

        Parameters
        ----------
        rgb : Pixels
            uint8 [H, W, 3], sRGB.

        Returns
        -------
        Float
            float32 [h, w] in 0..1, the longest side that of the network's input; below 0.5 everywhere where there is
            no subject.

        Raises
        ------
        ModelError
            The network fails.
        """
        image, side = Image.fromarray(rgb), self.session.card.input_size
        scale = side / max(image.size)
        width, height = (max(1, round(length * scale)) for length in image.size)
        # Bilinear here averages over all pixels that a smaller one covers, as in training.
        small = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0), np.float32)
        return self._look(small)

    def _look(self, colours: Float) -> Float:
        """Alpha [h, w] of colours [h, w, 3] in 0..255, no side longer than the network's."""
        card, (height, width) = self.session.card, colours.shape[:2]
        side = card.input_size
        top, left = (side - height) // 2, (side - width) // 2
        inner = np.s_[top : top + height, left : left + width]
        array = np.zeros((3, side, side), np.float32)
        array[:, *inner] = ((colours / 255 * card.white - np.array(card.mean)) / np.array(card.std)).transpose(2, 0, 1)
        found = self.session.run(array[None])[self._output]
        if [length for length in found.shape if length != 1] != [side, side]:
            raise ModelError(
                f"The network {card.id} gave alpha as {' x '.join(map(str, found.shape))} numbers, not as {side} x "
                f"{side}; see whether its card is right."
            )
        alpha = found.reshape(side, side)[inner]
        return np.clip(alpha, 0, 1) if card.meaning == "share" else 1 / (1 + np.exp(-np.clip(alpha, -30, 30)))


def main_subject(found: Float) -> Float:
    """What `MatteModel.find` found, float32 [h, w], with pieces far off the middle beside a more central one taken for
    background."""
    return _filled(_central_pieces(found))


def _filled(alpha: Float) -> Float:
    """Alpha without holes that the network is in doubt about: spots of the background's colour on the subject."""
    labels, count = label_pieces(alpha <= 0.5)
    doubt = np.bincount(labels.ravel(), alpha.ravel(), minlength=count + 1)
    doubt /= np.maximum(np.bincount(labels.ravel(), minlength=count + 1), 1)
    fill = doubt > DOUBT
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    fill[border] = fill[0] = False
    return np.where(fill[labels], 1.0, alpha).astype(np.float32)


def _central_pieces(alpha: Float) -> Float:
    """Alpha without the pieces that lie far off the middle of the picture beside a more central one."""
    found = alpha > 0.5
    labels, count = label_pieces(found)
    if count < 2:
        return alpha
    y, x = (np.linspace(-1, 1, side) for side in alpha.shape)
    central = np.exp(-1.5 * (x**2 + y[:, None] ** 2))
    weight = np.bincount(labels.ravel(), central.ravel(), minlength=count + 1)
    weight[0] = 0.0
    main, mean = int(weight.argmax()), weight / np.bincount(labels.ravel(), minlength=count + 1)
    kept = mean >= CENTRALITY * mean[main]
    return np.where(found & ~kept[labels], 0.0, alpha).astype(np.float32)

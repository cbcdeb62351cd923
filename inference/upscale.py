"""Pictures of more pixels than were there: a network enlarges tile by tile, so that memory stays bounded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ..contracts import Float, Mask, Pixels
from ..errors import CancelledError, ModelError, PictureError
from .session import Session
from .upscale_size import enlarged_size

__all__ = ["UpscaleModel"]

_WORTH = 0.9
"""The network runs once more while this share of the root of its scale is missing; less is left to Lanczos."""

Progress: TypeAlias = Callable[[str, float], None]
Cancelled: TypeAlias = Callable[[], bool]


class UpscaleModel:
    """Wraps a network of task ``upscale``: RGB in, RGB ``scale`` times as large out, in the same numbers.

    Raises
    ------
    ModelError
        If the card does not say how much the network enlarges, or which output is the picture.
    """

    def __init__(self, session: Session) -> None:
        card = session.card
        if card.scale < 2:
            raise ModelError(f"The card of {card.id} does not say how much it enlarges; add scale = 2, say.")
        self._output = card.roles.get("picture", card.outputs[0] if len(card.outputs) == 1 else "picture")
        if self._output not in card.outputs:
            raise ModelError(f"The card of {card.id} names no output as its picture; add it under [roles].")
        self.session = session

    def enlarge(
        self,
        pixels: Pixels,
        factor: float,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
        matted: bool = True,
    ) -> Pixels:
        """Enlarge a picture.

        Parameters
        ----------
        pixels : Pixels
            uint8 [H, W, 3], or [H, W, 4] with alpha, which is enlarged without the network.
        factor : float
            Above 1, up to 4.
        progress : callable, optional
            Is told what is done and the share that is, 0..1, before each tile.
        cancelled : callable, optional
            Asked before each tile.
        matted : bool
            Whether alpha says what can be seen: colours that cannot then count for nothing, and are replaced by those
            beside them. False for textures whose alpha is a channel of its own.

        Returns
        -------
        Pixels
            uint8 [round(factor * H), round(factor * W), 3 or 4].

        Raises
        ------
        PictureError
            If there are no pixels, or the result would be larger than `upscale_size.LARGEST`.
        CancelledError
            If ``cancelled`` said so.
        ModelError
            If the network fails, or gives a picture of another size than its card says.
        """
        if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
            raise PictureError("There is no picture to enlarge: choose one with at least one pixel.")
        size = enlarged_size(pixels.shape[1], pixels.shape[0], factor)
        colour = _without_hidden(pixels) if pixels.shape[2] == 4 and matted else pixels[..., :3]
        steps = _Steps(self._tiles(colour.shape, factor), progress, cancelled)
        scale, missing = self.session.card.scale, factor
        while missing >= _WORTH * math.sqrt(scale):
            colour, missing = self._pass(colour, steps), missing / scale
        colour = _resize(colour, size)
        if pixels.shape[2] == 3:
            return colour
        return np.concatenate([colour, _enlarged_alpha(pixels[..., 3], size)[..., None]], 2)

    def _tiles(self, shape: tuple[int, ...], factor: float) -> int:
        """How many tiles all passes have together."""
        scale, step, count, missing, grown = self.session.card.scale, self._step, 0, factor, 1
        while missing >= _WORTH * math.sqrt(scale):
            count += math.prod(-(-grown * side // step) for side in shape[:2])
            missing, grown = missing / scale, grown * scale
        return count

    @property
    def _step(self) -> int:
        """Side of what one tile contributes, in pixels of its input."""
        return self.session.card.input_size - 2 * self.session.card.margin

    def _pass(self, colour: Pixels, steps: _Steps) -> Pixels:
        """Enlarge [H, W, 3] once by the network's scale.

        Tiles see ``margin`` more than they contribute. A third of that they fade into the tiles before them, for
        networks that see farther still.
        """
        card, step = self.session.card, self._step
        height, width = colour.shape[:2]
        result = np.empty((height * card.scale, width * card.scale, 3), np.uint8)
        fade = card.margin // 3
        for top in range(0, height, step):
            for left in range(0, width, step):
                steps.next()
                rows = _mirrored(top - card.margin, card.input_size, height)
                columns = _mirrored(left - card.margin, card.input_size, width)
                tile = self._run(colour[rows[:, None], columns])
                above, before = min(top, fade), min(left, fade)
                inner = tile[
                    (card.margin - above) * card.scale : (card.margin + min(step, height - top)) * card.scale,
                    (card.margin - before) * card.scale : (card.margin + min(step, width - left)) * card.scale,
                ]
                _place(
                    result, inner, (top - above) * card.scale, (left - before) * card.scale, above, before, card.scale
                )
        return result

    def _run(self, tile: Pixels) -> Float:
        """One tile [S, S, 3] through the network: float32 [scale * S, scale * S, 3] in levels, 0 to 255."""
        card = self.session.card
        mean, std = np.array(card.mean, np.float32), np.array(card.std, np.float32)
        array = (tile.astype(np.float32) * np.float32(card.white / 255) - mean) / std
        out = self.session.run(array.transpose(2, 0, 1)[None])[self._output]
        side = card.input_size * card.scale
        if out.shape != (1, 3, side, side):
            raise ModelError(
                f"The network {card.id} gave {' x '.join(map(str, out.shape))} numbers, not 1 x 3 x {side} x {side}; "
                "see whether its card is right."
            )
        return np.clip((out[0].transpose(1, 2, 0) * std + mean) * np.float32(255 / card.white), 0, 255)


class _Steps:
    """Tells how many tiles are done, and stops between two when asked to."""

    def __init__(self, count: int, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self._count, self._done, self._progress, self._cancelled = count, 0, progress, cancelled

    def next(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("Stopped; nothing was enlarged.")
        if self._progress is not None:
            self._progress("Enlarging", self._done / self._count)
        self._done += 1


def _mirrored(start: int, count: int, length: int) -> npt.NDArray[np.int64]:
    """``count`` places from ``start`` on in a row of ``length``, which is continued by its mirror image both ways."""
    places = np.arange(start, start + count) % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)


def _place(result: Pixels, tile: Float, top: int, left: int, above: int, before: int, scale: int) -> None:
    """Write a tile at ``top`` and ``left``; its first ``above * scale`` rows and ``before * scale`` columns fade in."""
    part = result[top : top + tile.shape[0], left : left + tile.shape[1]]
    share = _ramp(tile.shape[0], above * scale)[:, None] * _ramp(tile.shape[1], before * scale)
    partly = share < 1
    tile[partly] = part[partly] + (tile[partly] - part[partly]) * share[partly][:, None]
    part[:] = tile + 0.5


def _ramp(length: int, rise: int) -> Float:
    """From above 0 to 1 within the first ``rise`` places, and 1 from there on."""
    return np.minimum((np.arange(length, dtype=np.float32) + 0.5) / max(rise, 0.5), 1.0)


def _resize(plane: Pixels, size: tuple[int, int]) -> Pixels:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, Image.Resampling.LANCZOS))


def _enlarged_alpha(alpha: Pixels, size: tuple[int, int]) -> Pixels:
    """Alpha [H, W] enlarged within the range of the pixels around, so that its edges do not ring."""
    image = Image.fromarray(np.ascontiguousarray(alpha))
    low, high = (
        np.asarray(image.filter(f(3)).resize(size, Image.Resampling.NEAREST))
        for f in (ImageFilter.MinFilter, ImageFilter.MaxFilter)
    )
    return np.clip(_resize(alpha, size), low, high)


def _without_hidden(pixels: Pixels) -> Pixels:
    """The colours [H, W, 3], those of fully transparent pixels replaced by visible ones near by."""
    seen = pixels[..., 3] > 0
    if seen.all() or not seen.any():
        return pixels[..., :3]
    return (_spread(pixels[..., :3].astype(np.float32), seen) + 0.5).astype(np.uint8)


def _spread(colour: Float, known: Mask) -> Float:
    """Fill what is not known with means of what is: over 2 x 2 pixels, where that has none over 4 x 4, and so on."""
    if known.all():
        return colour
    height, width = known.shape
    rows, columns = -(-height // 2), -(-width // 2)
    padding = ((0, 2 * rows - height), (0, 2 * columns - width))
    weight = np.pad(known, padding).reshape(rows, 2, columns, 2).astype(np.float32)
    total = np.pad(colour * known[..., None], (*padding, (0, 0))).reshape(rows, 2, columns, 2, 3).sum((1, 3))
    count = weight.sum((1, 3))
    small = _spread(total / np.maximum(count, 1)[..., None], count > 0)
    large = small.repeat(2, 0).repeat(2, 1)[:height, :width]
    return np.where(known[..., None], colour, large)

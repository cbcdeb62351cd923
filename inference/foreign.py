"""Depth networks that others have trained, on plain photographs: one class per family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ..contracts import Float, Mask, Pixels, Surface
from ..errors import ModelError
from .join import Joined, Sight, join_sights
from .pointmap import recover_camera
from .scene import SCENE
from .session import Session

__all__ = ["ForeignDepth", "PointMap", "RelativeDepth", "open_foreign"]

# Each look takes in so many sides of the subject's crop; the second is mirrored too. What a network makes of the
# surroundings differs between them and the subject does not, so their mean is better than either, and their agreement
# tells whether the network sees the subject at all.
LOOKS = ((1.3, False), (SCENE, True))
TANGENT_LIMITS = (0.03, 0.7)  # of half the crop's field of view: what a photograph of one thing can have


class ForeignDepth(ABC):
    """A network that takes a plain picture; `improve` brings what it sees to the embedded network's surface."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def improve(self, scene: Pixels, surface: Surface) -> Joined:
        """Join what the network sees in ``scene`` (of `scene.frame_scene`) to the embedded estimate ``surface``.

        Raises
        ------
        ModelError
            If the network fails, or gives arrays of other shapes than its task has.
        """
        sights = [self._look(scene, *look, len(surface.mask)) for look in LOOKS]
        return join_sights(sights, self.session.card.meaning, surface)

    def _look(self, scene: Pixels, width: float, mirrored: bool, grid: int) -> Sight:
        """One run over the part of the scene that is ``width`` times the crop, on ``grid`` x ``grid`` cells of it."""
        card = self.session.card
        side = len(scene)
        edge = side * (1 - width / SCENE) / 2
        part = Image.fromarray(scene).resize(
            (card.input_size, card.input_size), Image.Resampling.BICUBIC, box=(edge, edge, side - edge, side - edge)
        )
        pixels = np.asarray(part)[:, :: -1 if mirrored else 1]
        rgb = (pixels[..., :3] / 255 * card.white - np.array(card.mean)) / np.array(card.std)
        out = self.session.run(rgb.astype(np.float32).transpose(2, 0, 1)[None])
        return self._read(out, _Window(pixels[..., 3], width, mirrored, grid))

    @abstractmethod
    def _read(self, out: Mapping[str, Float], window: _Window) -> Sight:
        """What the outputs say of the crop."""

    def _plane(self, out: Mapping[str, Float], role: str, channels: int) -> Float:
        """One output as [N, N], or [N, N, channels] for more than one channel, N the side of the network's input."""
        size = self.session.card.input_size
        array = out[self.session.card.roles.get(role, role)]
        wanted = [size, size, channels] if channels > 1 else [size, size]
        if [n for n in array.shape if n != 1] != wanted:
            raise ModelError(
                f"The network {self.session.card.id} gave {role} as {' x '.join(map(str, array.shape))} numbers, not "
                f"as {' x '.join(map(str, wanted))}; see whether its card is right."
            )
        return array.reshape(wanted)

    def _has(self, out: Mapping[str, Float], role: str) -> bool:
        return self.session.card.roles.get(role, role) in out


class _Window:
    """From a look's pixels to the crop's grid; ``matte`` uint8 [N, N] is the subject's, as the network saw it."""

    def __init__(self, matte: npt.NDArray[np.uint8], width: float, mirrored: bool, grid: int) -> None:
        self.width, self.mirrored, self.grid = width, mirrored, grid
        image = Image.fromarray(np.ascontiguousarray(matte))
        inner = np.asarray(image.filter(ImageFilter.MinFilter(3)), np.float32) / 255
        # The outermost pixels of a thing are smeared with what lies behind it; they count where there are no others.
        self.weight = inner + 0.01 * np.asarray(image, np.float32) / 255

    def gather(self, values: Float, mask: Mask) -> tuple[Float, Mask]:
        """Means of ``values`` [N, N] or [N, N, C] over the subject's pixels of each cell within ``mask`` [N, N], and
        where there are any."""
        weight = np.where(mask, self.weight, 0).astype(np.float32)
        total = self._shrink(weight)
        planes = values.reshape(*values.shape[:2], -1)
        sums = np.stack([self._shrink(planes[..., c] * weight) for c in range(planes.shape[-1])], -1)
        seen = total > 1e-3
        means = np.where(seen[..., None], sums / np.maximum(total, 1e-6)[..., None], 0).astype(np.float32)
        return means.reshape(*seen.shape, *values.shape[2:]), seen

    def _shrink(self, plane: Float) -> Float:
        size = len(plane)
        edge = size * (1 - 1 / self.width) / 2
        image = Image.fromarray(np.ascontiguousarray(plane[:, :: -1 if self.mirrored else 1], np.float32))
        box = (edge, edge, size - edge, size - edge)
        return np.asarray(image.resize((self.grid, self.grid), Image.Resampling.BILINEAR, box=box))


class RelativeDepth(ForeignDepth):
    """A depth, or one over it, up to scale and shift: task ``depth`` with the output ``depth``."""

    def _read(self, out: Mapping[str, Float], window: _Window) -> Sight:
        depth = self._plane(out, "depth", 1)
        return Sight(*window.gather(depth, np.ones(depth.shape, bool)))


class PointMap(ForeignDepth):
    """Points in OpenCV's axes: task ``pointmap`` with the output ``points``, and perhaps ``mask`` and ``normal``."""

    def _read(self, out: Mapping[str, Float], window: _Window) -> Sight:
        points = self._plane(out, "points", 3)
        mask = self._plane(out, "mask", 1) > 0.5 if self._has(out, "mask") else np.ones(points.shape[:2], bool)
        if not mask.any():
            return Sight(np.zeros((window.grid,) * 2, np.float32), np.zeros((window.grid,) * 2, bool), 1.0)
        side = -1.0 if window.mirrored else 1.0
        focal, shift = recover_camera(points, mask)
        # Half the crop's field of view, a part of the look's.
        tangent = float(np.clip(1 / max(focal * window.width, 1e-6), *TANGENT_LIMITS))
        depth, seen = window.gather(points[..., 2] + np.float32(shift), mask)
        if not self._has(out, "normal"):
            return Sight(depth, seen, tangent)
        n = self._plane(out, "normal", 3)
        n = np.stack([side * n[..., 0], n[..., 2], -n[..., 1]], -1)
        n = np.where(n[..., 1:2] > 0, -n, n)
        normals, _ = window.gather(n, mask)
        return Sight(depth, seen, tangent, normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6))


def open_foreign(session: Session) -> ForeignDepth:
    """The class for a network's card.

    Raises
    ------
    ModelError
        If the card lacks the output that its task needs.
    """
    card = session.card
    role = "points" if card.task == "pointmap" else "depth"
    if card.roles.get(role, role) not in card.outputs:
        raise ModelError(f"The card of {card.id} names no output as its {role}; add it under [roles].")
    return PointMap(session) if card.task == "pointmap" else RelativeDepth(session)

"""How training shapes are varied: linear maps, twists, bends and tapers, each with its inverse.

The inverse carries points of a camera's frustum back to the mesh's own frame, where its solid grid is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Deformation", "choose_deformation"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Deformation:
    """``forward`` is: ``matrix``, box to the unit cube, twist, bend and taper about Z, box to the unit cube again."""

    matrix: Array
    first: tuple[Array, float]
    twist: float
    bend: tuple[float, float]
    taper: float
    second: tuple[Array, float]

    @property
    def _straight(self) -> bool:
        return self.twist == 0 and self.bend == (0.0, 0.0) and self.taper == 0

    def _curve(self, p: Array) -> Array:
        if self._straight:
            return p
        x, y, z = p[..., 0], p[..., 1], p[..., 2]
        c, s = np.cos(self.twist * z), np.sin(self.twist * z)
        wide = 1 + self.taper * z
        x, y = (c * x - s * y + self.bend[0] * z**2) * wide, (s * x + c * y + self.bend[1] * z**2) * wide
        return np.stack([x, y, z], -1)

    def forward(self, points: Array) -> Array:
        """Points [..., 3] of the mesh's own frame to the varied object's."""
        p = (points @ self.matrix.T - self.first[0]) * self.first[1]
        return (self._curve(p) - self.second[0]) * self.second[1]

    def inverse(self, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Points [..., 3] of the varied object's frame back to the mesh's own, in single precision."""
        back = np.linalg.inv(self.matrix).T
        if self._straight:
            scale = 1 / (self.second[1] * self.first[1])
            shift = (self.second[0] / self.first[1] + self.first[0]) @ back
            return points @ (back * scale).astype(np.float32) + shift.astype(np.float32)
        p = points / np.float32(self.second[1]) + self.second[0].astype(np.float32)
        z = np.clip(p[..., 2], -1, 1)  # beyond the object's own box the taper could turn inside out
        wide, square = 1 + np.float32(self.taper) * z, z * z
        x = p[..., 0] / wide - np.float32(self.bend[0]) * square
        y = p[..., 1] / wide - np.float32(self.bend[1]) * square
        if self.twist:
            c, s = np.cos(np.float32(self.twist) * z), np.sin(np.float32(self.twist) * z)
            x, y = c * x + s * y, c * y - s * x
        p = np.stack([x, y, p[..., 2]], -1) / np.float32(self.first[1]) + self.first[0].astype(np.float32)
        return p @ back.astype(np.float32)


def _box(points: Array) -> tuple[Array, float]:
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, 1 / max(float((high - low).max()), 1e-9)


def _linear(rng: np.random.Generator) -> Array:
    """Stretch always; at times much flatter or longer, mirrored, lying on a side or turned anyhow."""
    matrix = np.diag(rng.uniform(0.7, 1.3, 3))
    if rng.random() < 0.15:
        matrix = matrix @ np.diag(np.where(rng.permutation(3) == 0, rng.uniform(0.3, 2.0), 1.0))
    if rng.random() < 0.5:
        matrix = matrix @ np.diag([-1.0, 1, 1])
    kind = rng.random()
    if kind < 0.08:  # lying on a side
        axis, turn = int(rng.integers(2)), rng.choice([-1.0, 1.0])
        quarter = np.eye(3)
        quarter[[axis, 2]] = quarter[[2, axis]]
        quarter[axis] *= turn
        matrix = quarter @ matrix
    elif kind < 0.12:
        matrix = np.linalg.qr(rng.normal(size=(3, 3)))[0] @ matrix
    return matrix


def choose_deformation(vertices: Array, rng: np.random.Generator) -> Deformation:
    """A random variation of a mesh with ``vertices`` [V, 3]; the result's box is centred, its longest side 1."""
    matrix, kind = _linear(rng), rng.random()
    twist = float(rng.normal(0, 0.7)) if kind < 0.1 else 0.0
    bend = (float(rng.normal(0, 0.5)), float(rng.normal(0, 0.3))) if 0.1 <= kind < 0.2 else (0.0, 0.0)
    taper = float(rng.uniform(-0.7, 0.7)) if 0.2 <= kind < 0.3 else 0.0
    turned = vertices @ matrix.T
    first = _box(turned)
    halfway = Deformation(np.eye(3), first, twist, bend, taper, (np.zeros(3), 1.0)).forward(turned)
    return Deformation(matrix, first, twist, bend, taper, _box(halfway))

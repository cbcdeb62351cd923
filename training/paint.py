"""Colours for training surfaces: their own where they have some, and solid procedural textures.

A depth network must learn that paint is not shape, so half of all pictures carry patterns that have nothing to do
with it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .meshes import TrainingMesh

__all__ = ["own_colour", "surface_colour"]

Array = npt.NDArray[np.float64]


def own_colour(mesh: TrainingMesh, triangle: npt.NDArray[np.int64], weights: Array) -> Array | None:
    """The mesh's own colour at the hits (barycentric ``weights`` in ``triangle``), sRGB in 0..1 [N, 3], or None."""
    corners = mesh.faces[triangle]
    if mesh.vertex_colour is not None:
        srgb = (mesh.vertex_colour[corners] * weights[..., None]).sum(1)
    elif mesh.texture is not None and mesh.uv is not None:
        uv = (mesh.uv[corners] * weights[..., None]).sum(1) % 1
        h, w = mesh.texture.shape[:2]
        row = np.clip(((1 - uv[:, 1]) * h).astype(int), 0, h - 1)
        srgb = mesh.texture[row, np.clip((uv[:, 0] * w).astype(int), 0, w - 1)]
    else:
        return None
    return np.asarray(srgb, np.float64)


def _noise(points: Array, frequency: float, octaves: int, rng: np.random.Generator) -> Array:
    """Fractal value noise in 0..1 at points [N, 3]."""
    lattice, total, norm, amplitude = rng.random((24, 24, 24)), np.zeros(len(points)), 0.0, 1.0
    for octave in range(octaves):
        at = ((points + 7.3 * octave) * frequency * 2.0**octave).T
        total += amplitude * ndimage.map_coordinates(lattice, at, order=1, mode="grid-wrap")
        norm += amplitude
        amplitude *= 0.55
    return total / norm


def _pattern(points: Array, rng: np.random.Generator) -> Array:
    """A solid pattern in 0..1: clouds, stripes, checks, rings or spots."""
    kind, scale = rng.integers(5), float(np.exp(rng.uniform(np.log(2), np.log(16))))
    turned = points @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    warp = _noise(points, scale / 2, 2, rng) - 0.5
    if kind == 0:
        value = np.clip((_noise(points, scale, 4, rng) - 0.5) * rng.uniform(1.5, 6) + 0.5, 0, 1)
    elif kind == 1:
        value = 0.5 + 0.5 * np.sign(np.sin(turned[:, 0] * scale * 3 + warp * rng.uniform(0, 6)))
    elif kind == 2:
        value = (np.floor(turned * scale + warp[:, None] * rng.uniform(0, 1)).sum(1) % 2).astype(float)
    elif kind == 3:
        value = 0.5 + 0.5 * np.sin(np.linalg.norm(turned[:, :2], axis=1) * scale * 4 + warp * 5)
    else:
        cell = turned * scale
        value = (np.linalg.norm(cell - np.round(cell), axis=1) < rng.uniform(0.2, 0.5)).astype(float)
    return value


def surface_colour(
    mesh: TrainingMesh, triangle: npt.NDArray[np.int64], weights: Array, points: Array, rng: np.random.Generator
) -> Array:
    """Linear base colour [N, 3] at the hits ``points`` (barycentric ``weights`` in ``triangle``)."""
    own = own_colour(mesh, triangle, weights)
    own = None if own is None else own**2.2
    if own is None or rng.random() < 0.2:
        plain = rng.uniform(0.02, 0.95, 3) if rng.random() < 0.6 else np.full(3, rng.uniform(0.03, 0.95))
        own = np.broadcast_to(plain, points.shape)
    colour = np.array(own)
    for _ in range(rng.integers(0, 3)):
        value = _pattern(points, rng)[:, None] * rng.uniform(0.3, 1)
        colour = colour * (1 - value) + rng.uniform(0, 1, 3) ** 1.5 * value
    grain = _noise(points, rng.uniform(10, 40), 2, rng)[:, None]
    return np.clip(colour * (1 + (grain - 0.5) * rng.uniform(0, 0.5)), 0.005, 1)

"""Depth that takes its fine relief from the normals."""

from __future__ import annotations

import numpy as np
from maquette.contracts import Camera, Float, Surface
from maquette.geometry.relief import sharpen

SIZE, CAMERA = 128, Camera(0.3, 3.5)


def _surface(depth: Float, shown: Float) -> Surface:
    """``shown`` is the depth that the normals are taken from."""
    at = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    u, v = np.meshgrid(at, -at)
    reach = 1 + shown / CAMERA.distance
    points = np.stack([u * reach, shown, v * reach], -1)
    normals = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals *= -np.sign(normals[..., 1:2])
    mask = u**2 + v**2 < 0.7**2
    return Surface(
        np.where(mask, depth, 0).astype(np.float32),
        normals.astype(np.float32),
        mask,
        mask.astype(np.float32),
        CAMERA,
    )


def _ripples() -> tuple[Float, Float]:
    at = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    u, v = np.meshgrid(at, -at)
    broad = (0.4 * (u**2 + v**2) + 0.2 * u).astype(np.float32)
    return broad, (broad + 0.01 * np.sin(u * 40)).astype(np.float32)


def _error(depth: Float, truth: Float, mask: np.ndarray) -> float:
    gap = (depth - truth)[mask]
    return float(np.abs(gap - gap.mean()).mean())


def test_relief_that_only_the_normals_show_comes_back() -> None:
    broad, truth = _ripples()
    surface = _surface(broad, truth)
    before, after = _error(surface.depth, truth, surface.mask), _error(sharpen(surface), truth, surface.mask)
    assert after < 0.35 * before


def test_a_surface_that_agrees_with_itself_stays() -> None:
    _, truth = _ripples()
    surface = _surface(truth, truth)
    assert np.abs((sharpen(surface) - truth)[surface.mask]).max() < 2e-3
    assert (sharpen(surface)[~surface.mask] == 0).all()


def test_a_step_between_near_and_far_parts_stays_sharp() -> None:
    flat = np.zeros((SIZE, SIZE), np.float32)
    step = flat.copy()
    step[:, SIZE // 2 :] = 0.5
    surface = _surface(step, flat)
    sharpened = sharpen(surface)
    assert np.abs(sharpened - surface.depth)[surface.mask].max() < 0.01

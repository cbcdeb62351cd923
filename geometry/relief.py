"""Depth made to agree with its own normals: fine relief from the normals, everything coarser from the depth.

After Nehab et al. 2005, "Efficiently combining positions and normals for precise 3D geometry": the depth whose slopes
are those of the normals and which stays near the depth given, as one sparse least-squares problem.
"""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Mask, Surface

__all__ = ["sharpen"]

STEPS = 60  # of conjugate gradients; the correction is local and settles sooner
HOLD = 0.06  # how strongly the depth itself is kept: relief finer than about 1 / sqrt(HOLD) pixels is the normals'
GRAZING = 0.2  # cosine between view ray and surface below which a normal says little of the slope
JUMP = 0.06  # difference between both slopes, in half crop sides per pixel, that tells a step from a slope


def _slopes(surface: Surface) -> tuple[Float, Float, Float]:
    """Change of depth per pixel to the right and down that the normals ask for, and how far to trust it: [S, S]."""
    size, tangent = len(surface.depth), 1 / surface.camera.distance
    at = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    u, v = at[None, :] * tangent, -at[:, None] * tangent
    nx, ny, nz = np.moveaxis(surface.normals, -1, 0)
    facing = -(nx * u + ny + nz * v) / np.sqrt(1 + u * u + v * v)
    reach = (1 + surface.depth * tangent) / np.maximum(facing * np.sqrt(1 + u * u + v * v), 1e-3)
    trust = np.where(surface.mask, np.clip((facing - GRAZING) / GRAZING, 0, 1), 0)
    return nx * reach * (2 / size), -nz * reach * (2 / size), trust.astype(np.float32)


def _links(depth: Float, slope: Float, trust: Float, mask: Mask, axis: int) -> tuple[Float, Float]:
    """Between neighbours along ``axis``: the difference asked for and its weight, [S, S] with a last row of zeros."""
    after = -1
    asked = (slope + np.roll(slope, after, axis)) / 2
    found = np.roll(depth, after, axis) - depth
    both = mask & np.roll(mask, after, axis)
    # At an occlusion depth jumps and the normals know nothing of it.
    weight = np.minimum(trust, np.roll(trust, after, axis)) * np.exp(-(((found - asked) / JUMP) ** 2)) * both
    weight[(-1, slice(None)) if axis == 0 else (slice(None), -1)] = 0
    return asked.astype(np.float32), weight.astype(np.float32)


def sharpen(surface: Surface) -> Float:
    """Depth [S, S] of ``surface`` with the relief that its normals show; 0 outside the mask."""
    right, down, trust = _slopes(surface)
    depth, mask = surface.depth, surface.mask
    links = [(axis, *_links(depth, slope, trust, mask, axis)) for axis, slope in ((1, right), (0, down))]

    def pull(values: Float) -> Float:
        """Transposed weighted differences of differences [S, S] per axis, summed: the problem's left side."""
        total = HOLD * values
        for axis, _, weight in links:
            edge = weight * (np.roll(values, -1, axis) - values)
            total += np.roll(edge, 1, axis) - edge
        return total * mask

    # Solve for the correction, which is small and zero where nothing is asked.
    residual = np.zeros_like(depth)
    for axis, asked, weight in links:
        edge = weight * (asked - (np.roll(depth, -1, axis) - depth))
        residual += np.roll(edge, 1, axis) - edge
    residual *= mask
    change, way = np.zeros_like(depth), residual.copy()
    energy = float((residual * residual).sum())
    for _ in range(STEPS):
        if energy < 1e-12:
            break
        pulled = pull(way)
        share = energy / float((way * pulled).sum())
        change += share * way
        residual -= share * pulled
        before, energy = energy, float((residual * residual).sum())
        way = residual + (energy / before) * way
    return ((depth + change) * mask).astype(np.float32)
